"""Codes that people type, and what is stored of codes and secrets: hashes."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

from dialtone_kit.mock.core.service import Service

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 letters: no 0 O, no 1 I
NOT_IN_A_CODE = re.compile(r"[\s\-‐-―]+")  # blanks and dashes, however they were pasted


def secret_hash(secret: str) -> bytes:
    """SHA-256: enough for 256 random bits, which nobody can guess their way to."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_code() -> str:
    """XXXX-XXXX, 40 random bits: for a person to read, and to type without a mistake."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def code_hash(service: Service, place: str, code: str, purpose: str = "code") -> bytes:
    """Keyed, since 40 bits could be tried out; case, blanks and dashes don't matter.

    `place` is what the code is good for: an enrollment, a visit to the device page.
    """
    plain = NOT_IN_A_CODE.sub("", code).upper()
    return service.keyed_hash(purpose, f"{place}|{plain}")
