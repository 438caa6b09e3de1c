"""Nothing secret and nothing hostile is shown: masked text, secret members, and `Secret` itself.

`masked` is for plain text and `escaped` for HTML: whatever someone else wrote goes through one of
the two before the kit shows it.
"""

from __future__ import annotations

import hmac
import html
import re
import unicodedata
from collections.abc import Callable
from typing import Any, NoReturn

# The members of JSON bodies, forms and queries that hold a secret, whatever it looks like.
SECRET_MEMBERS = frozenset(
    {
        "access_token",
        "actor_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "device_code",
        "id_token",
        "password",
        "poll_token",
        "refresh_token",
        "subject_token",
        "svid",
        "token",
        "user_code",
        "verification_code",
        "verification_uri_complete",
    }
)
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # of a JWK (RFC 7518 §6)

# 256 random bits in base64url, as the service makes them; some clients percent-encode - and _.
# A secret may follow anything: `\n` in a JSON string, `%3D` in a form. Shorter ones are names, such
# as sec_team-agent, so mask a text before you cut it. An id is shown, whatever name is in it.
_ID = r"(?-i:cli_[a-z0-9_]{1,64}+|enroll_[0-9a-f-]{36})(?![A-Z0-9_%-])"
_SECRET = re.compile(
    rf"((?<![A-Z0-9]){_ID})|(?:sec|seat|pt|rt|dc)(?:_|%5F)(?:[A-Z0-9_-]|%2D|%5F){{43,}}+", re.I
)
# A whole run of base64url and dots at a time, never backtracking: the text may be a hostile one.
_DOTTED = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){1,4}+")
_JSON_IN_BASE64 = re.compile(r"eyJ|(?:^|\.)(?:ey[AI]|ew[0o])")  # {" anywhere, {␣ or {↵ in front
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)", re.S)
_CREDENTIALS = re.compile(
    r"\b(?:(Basic)\s+[A-Za-z0-9+/=_-]{16,}|(Bearer|DPoP)\s+[A-Za-z0-9+/=._~-]{32,})", re.I
)
_QUOTE = r"""(?:\\?["']|&quot;|&#34;|&#x27;|&#39;)"""
_PRIVATE_JWK = re.compile(  # only the value goes: which member it was is the lesson (M14)
    rf"({_QUOTE}(?:d|p|q|dp|dq|qi|k){_QUOTE}\s*:\s*{_QUOTE})[A-Za-z0-9_-]{{16,}}"
)
# Cc control (ANSI), Cf format (right-to-left marks, zero width), Cs lone surrogates, Co private
# use, Zl and Zp line breaks that terminals don't know.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def masked(text: str) -> str:
    """`text` for a plain text view: no secret in it, and no character that acts."""
    return visible(mask_text(text))


def escaped(text: str) -> str:
    """`text` for an HTML view, in an element or in a quoted attribute: masked, visible, inert."""
    return html.escape(masked(text), quote=True)


def mask(value: str) -> str:
    """What is shown instead of `value`: its length and none of its text, not even the start."""
    return f"•••••• ({len(value)} characters)"


def mask_text(text: str) -> str:
    """`text` without its secrets: client secrets, poll tokens, JWTs, credentials, private keys.

    Every view of the kit passes through here, and so do error texts that quote a service.
    """
    text = _PEM.sub("•••••• (private key)", text)
    text = _PRIVATE_JWK.sub(r"\1•••••• (private)", text)
    text = _CREDENTIALS.sub(lambda match: f"{match[1] or match[2]} ••••••", text)
    text = _DOTTED.sub(_without_jwt, text)
    return _SECRET.sub(lambda match: match[1] or mask(match[0]), text)


def _without_jwt(match: re.Match[str]) -> str:
    if not _JSON_IN_BASE64.search(match[0]):
        return match[0]
    return f"•••••• (JWT, {len(match[0])} characters)"


def mask_member(name: str, value: str) -> str:
    """What is shown instead of the secret member `name`: its length, and whether it was a JWT."""
    del name
    return f"•••••• (JWT, {len(value)} characters)" if value.count(".") == 2 else mask(value)


def mask_members(value: Any, hide: Callable[[str, str], str] = mask_member) -> Any:
    """JSON `value` with its secret members hidden, the private half of a JWK among them."""
    if isinstance(value, list):
        return [mask_members(item, hide) for item in value]
    if not isinstance(value, dict):
        return value
    private = PRIVATE_MEMBERS if "kty" in value else frozenset()
    shown = {}
    for name, member in value.items():
        if isinstance(member, str) and (name in SECRET_MEMBERS or name in private):
            shown[name] = hide(name, member)
        elif name in private:
            shown[name] = "•••••• (private)"
        else:
            shown[name] = mask_members(member, hide)
    return shown


def visible(text: str, keep: str = "\n\t") -> str:
    """`text` with each character that acts, but for those in `keep`, written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep else _visible_character(c) for c in text)


def _visible_character(character: str) -> str:
    if unicodedata.category(character) not in _ACTING:
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


POSTGRES_URL = re.compile(  # what could end a user or a host is percent-encoded in it
    r"(postgres(?:ql)?://)(?:[^@/?#\s]*@)?([^@/?#\s]+/[^@/?#\s]+)(?:\?[^#\s]*)?"
)


def without_password(url: str) -> str:
    """The URL of a PostgreSQL server as it may be shown: where it is, not who may log in."""
    match = POSTGRES_URL.fullmatch(url)
    return match[1] + match[2] if match else "•••••• (not the URL of a PostgreSQL server)"


class Secret:
    """A value to be sent, not seen: `.reveal()` is the only way to read it.

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
        raise TypeError("A Secret can't be pickled or copied; reveal() it where it is used.")
