"""Secrets that can't slip out: a wrapper that never shows its value, and one masking function."""

from __future__ import annotations

import hmac
import html
import re
import unicodedata
from typing import NoReturn

# A secret may stand behind anything, so long as it is long: `\n` in a JSON text, `%3D` in a form.
_PREFIX, _REST = r"(?:sec|pt|rt|dc)(?:_|%5F)", r"[A-Za-z0-9_%-]"
_SECRET = re.compile(rf"(?<![A-Za-z0-9]){_PREFIX}{_REST}{{16,}}|{_PREFIX}{_REST}{{32,}}", re.I)
# A whole run of base64url and dots at a time, never backtracking: the text may be a hostile one.
_DOTTED = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){1,4}+")
_JSON_IN_BASE64 = re.compile(r"eyJ|(?:^|\.)(?:ey[AI]|ew[0o])")  # {" anywhere, {␣ or {↵ in front
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)", re.S)
_CREDENTIALS = re.compile(
    r"\b(?:(Basic)\s+[A-Za-z0-9+/=_-]{16,}|(Bearer|DPoP)\s+[A-Za-z0-9+/=._~-]{32,})", re.I
)
POSTGRES_URL = re.compile(  # what could end a user or a host is percent-encoded in it
    r"(postgres(?:ql)?://)(?:[^@/?#\s]*@)?([^@/?#\s]+/[^@/?#\s]+)(?:\?[^#\s]*)?"
)
_QUOTE = r"""(?:\\?["']|&quot;|&#34;|&#x27;|&#39;)"""
_PRIVATE_JWK = re.compile(  # only the value goes: which member it was is the lesson (M14)
    rf"({_QUOTE}(?:d|p|q|dp|dq|qi|k){_QUOTE}\s*:\s*{_QUOTE})[A-Za-z0-9_-]{{16,}}"
)


def mask(value: str) -> str:
    """What stands in for `value`: its length and nothing of it, not even the first characters."""
    return f"•••••• ({len(value)} characters)"


def mask_text(text: str) -> str:
    """`text` without its secrets: client secrets, poll tokens, JWTs, credentials, private keys.

    Every view of the kit passes through here, also the views of error texts from a service.
    """
    text = _PEM.sub("•••••• (private key)", text)
    text = _PRIVATE_JWK.sub(r"\1•••••• (private)", text)
    text = _CREDENTIALS.sub(lambda found: f"{found[1] or found[2]} ••••••", text)
    text = _DOTTED.sub(_without_jwt, text)
    return _SECRET.sub(lambda found: mask(found[0]), text)


def _without_jwt(found: re.Match[str]) -> str:
    if not _JSON_IN_BASE64.search(found[0]):
        return found[0]
    return f"•••••• (JWT, {len(found[0])} characters)"


def without_password(url: str) -> str:
    """The URL of a PostgreSQL as it may be shown: where it is, not who may enter."""
    found = POSTGRES_URL.fullmatch(url)
    return found[1] + found[2] if found else "•••••• (no URL of a PostgreSQL)"


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


# Cc control (ANSI), Cf format (right-to-left marks, zero width), Cs lone surrogates, Co private
# use, Zl and Zp line breaks that terminals don't know.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def visible(text: str) -> str:
    """`text` with every character that acts instead of showing written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def masked(text: str) -> str:
    """`text` for a plain text view: no secret in it, and nothing that acts."""
    return visible(mask_text(text))


def escaped(text: str) -> str:
    """`text` for an HTML view, in an element or in a quoted attribute: masked, visible, inert."""
    return html.escape(masked(text), quote=True)


def _visible_character(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _ACTING:
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
