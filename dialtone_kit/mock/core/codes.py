"""Codes that people type, and the hashes that are stored in place of codes and secrets."""

from __future__ import annotations

import secrets
from hashlib import sha256

from dialtone_kit.base.typed_code import ALPHABET, NotACode, find_code
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.service import Service


def secret_hash(secret: str) -> bytes:
    """A plain SHA-256 is enough here: no one can guess 256 random bits."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_code() -> str:
    """XXXX-XXXX, 40 random bits: easy for a person to read and type."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def unreadable(typed: str) -> Refusal | None:
    """400 for what can't be a code. It is not checked, so it costs no try. None for a code."""
    try:
        find_code(typed)
    except NotACode as problem:
        return Refusal(400, "invalid_request", f"{problem} This does not count as a try.")
    return None


def code_hash(service: Service, place: str, code: str, purpose: str = "code") -> bytes:
    """A keyed hash, since 40 bits could be tried out. `code` is read as people type it.

    `place`: the enrollment, or the visit to the device page, that the code belongs to.
    Raises NotACode for what `unreadable` refuses.
    """
    plain = find_code(code).replace("-", "")
    return service.keyed_hash(purpose, f"{place}|{plain}")
