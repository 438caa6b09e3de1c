"""Compact JWS (RFC 7515), read strictly: base64url, JSON, and the three parts of a JWT."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from dialtone_kit.base.errors import brief

_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
MOST_DIGITS = 4300
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def b64url(data: bytes) -> str:
    """Base64url without padding, as every part of a JWT is written (RFC 7515 §2)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """The bytes behind `text`. Raises ValueError unless `text` is *the* way to write them:
    no padding, no `+` or `/`, no stray bits in the last character (RFC 4648 §3.5)."""
    try:
        standard = text.encode("ascii").translate(_FROM_URL)
        data = binascii.a2b_base64(standard + b"=" * (-len(standard) % 4))
    except (binascii.Error, UnicodeError):
        raise ValueError("not base64url") from None
    if b64url(data) != text:  # the decoder skips junk and ignores stray bits
        raise ValueError("not canonical base64url")
    return data


class Parts(NamedTuple):
    """The three parts of a compact JWS: two still encoded, and the signature in bytes."""

    header: str
    payload: str
    signature: bytes

    @property
    def signing_input(self) -> bytes:
        return f"{self.header}.{self.payload}".encode()


def split(compact: str) -> Parts:
    """The parts of `compact`. Raises ValueError unless it is three canonical base64url parts."""
    if not _COMPACT.fullmatch(compact):
        raise ValueError(f"{compact.count('.') + 1} part(s), or characters beyond base64url")
    header, payload, signature = compact.split(".")
    return Parts(header, payload, b64url_decode(signature))


def wrong_signature(signature: bytes, alg: str) -> tuple[str, str, str]:
    """What came instead of a good signature, what to do, and the code of the mistake."""
    if alg.startswith("ES") and signature[:1] == b"\x30":
        hint = "JWS wants r and s in full length, one after the other."
        return "DER, not raw r‖s", hint, "M13"
    return "one that does not verify", "Sign exactly header.payload, with the key in jwk.", ""


def to_segment(members: dict[str, Any]) -> str:
    """`members` as one part of a JWS."""
    return b64url(orjson.dumps(members))


def json_object(segment: str) -> dict[str, Any]:
    """The JSON object in `segment`. Raises ValueError for whatever a careful reader refuses:
    duplicate members, NaN, a byte order mark, bad UTF-8, lone surrogates, bottomless nesting."""
    members = strict_json(b64url_decode(segment))
    if not isinstance(members, dict):
        raise ValueError("JSON that is not an object")
    return members


def strict_json(data: bytes) -> Any:
    """The value that `data` holds as JSON (RFC 8259). Raises ValueError, as `json_object` does."""
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
        if "\\u" in text:  # an escape can name a lone surrogate, which no UTF-8 can hold
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise ValueError("text that is not UTF-8") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    return value


@lru_cache(maxsize=512)  # anyone can fill it, and 6 KiB of JSON can take twenty times that
def read_header(segment: str) -> Mapping[str, Any]:
    """`json_object` of a header, remembered: every proof by one key starts with the same one."""
    return MappingProxyType(json_object(segment))


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in members if names.count(name) > 1)
        raise ValueError(f"the member {brief(twice, 40)} twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name}, which is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:  # Python's own default limit: conversion time grows quadratically
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_int=_integer
)
