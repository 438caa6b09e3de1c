"""Secrets that can't slip out: a wrapper that never shows its value, and one masking function."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn

_SECRET = re.compile(r"\b(?:sec|pt|rt|dc)_[A-Za-z0-9_-]{16,}")
_JWT = re.compile(r"\bey[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){2,4}")  # ey: base64url of {"
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S)
_BASIC = re.compile(r"\b(Basic)\s+[A-Za-z0-9+/=_-]{8,}", re.I)


def mask(value: str) -> str:
    """What stands in for `value`: its length and nothing of it, not even the first characters."""
    return f"•••••• ({len(value)} characters)"


def mask_text(text: str) -> str:
    """`text` without its secrets: client secrets, poll tokens, JWTs, Basic credentials, keys.

    Every view of the kit passes through here, also the views of error texts from a service.
    """
    text = _PEM.sub("•••••• (private key)", text)
    text = _BASIC.sub(r"\1 ••••••", text)
    text = _JWT.sub(lambda found: f"•••••• (JWT, {len(found[0])} characters)", text)
    return _SECRET.sub(lambda found: mask(found[0]), text)


class Secret:
    """A value for the wire, not for the eye: `.reveal()` is the only way to read it.

    It can't be pickled or printed, so it is not saved in a notebook, a log or a traceback.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Pass it straight to the call that needs it; don't name it."""
        return self._value

    def __repr__(self) -> str:
        return mask(self._value)

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "A Secret can't be pickled or copied to disk; reveal() it where it is used."
        )
