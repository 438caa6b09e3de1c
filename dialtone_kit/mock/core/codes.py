"""Codes that people type, and the hashes that are stored in place of codes and secrets."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

from dialtone_kit.mock.core.service import Service

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 characters: no 0 or O, no 1 or I
NOT_IN_A_CODE = re.compile(r"[\s\-‐-―]+")  # spaces and dashes of any kind, as people paste them


def secret_hash(secret: str) -> bytes:
    """A plain SHA-256 is enough here: nobody can guess 256 random bits."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_code() -> str:
    """XXXX-XXXX, 40 random bits: easy for a person to read and type."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def code_hash(service: Service, place: str, code: str, purpose: str = "code") -> bytes:
    """A keyed hash, since 40 bits could be tried out. Case, spaces and dashes don't matter.

    `place`: the enrollment, or the visit to the device page, that the code belongs to.
    """
    plain = NOT_IN_A_CODE.sub("", code).upper()
    return service.keyed_hash(purpose, f"{place}|{plain}")
