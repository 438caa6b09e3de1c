"""Compact JWS (RFC 7515) read strictly: the ground that proofs and tokens stand on."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import orjson

from dialtone_kit.keys import b64url, b64url_decode

COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


class Parts(NamedTuple):
    """The three parts of a compact JWS: two as they stand, the signature in bytes."""

    header: str
    payload: str
    signature: bytes

    @property
    def signing_input(self) -> bytes:
        return f"{self.header}.{self.payload}".encode()


def split(compact: str) -> Parts:
    """The parts of `compact`. Raises ValueError unless it is three canonical base64url parts."""
    if not COMPACT.fullmatch(compact):
        raise ValueError(f"{compact.count('.') + 1} part(s), or characters beyond base64url")
    header, payload, signature = compact.split(".")
    return Parts(header, payload, b64url_decode(signature))


def to_segment(members: dict[str, Any]) -> str:
    """`members` as one part of a JWS."""
    return b64url(orjson.dumps(members))


def json_object(segment: str) -> dict[str, Any]:
    """The JSON object in `segment`. Raises ValueError for all that a careful reader refuses:
    duplicate members, NaN, a byte order mark, bad UTF-8, lone surrogates, bottomless nesting."""
    try:
        text = b64url_decode(segment).decode("utf-8")
        members = _DECODER.decode(text)
        if "\\u" in text:  # an escape can name half a character, which no text can hold
            json.dumps(members, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise ValueError("text that is not UTF-8") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(members, dict):
        raise ValueError("JSON that is not an object")
    return members


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member that stands there twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name}, which is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
