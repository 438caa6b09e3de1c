"""A token's parts as on the wire, with whatever no view may show covered letter by letter.

Base64url hides nothing: anyone who sees the payload can read an address in it. So the letters that
spell one are covered, and the rest stays as it was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dialtone_kit.base.jws import b64url_decode
from dialtone_kit.base.masking import mask_text
from dialtone_kit.wire.redaction import Redactor

COVER = "•"


def without_secrets(members: Any) -> Any:
    """JSON `members` without secrets, private halves of keys and email addresses."""
    return _Cover().json(members)


def covered(segment: str, members: Mapping[str, Any]) -> str:
    """`segment`, which is `members` in base64url, with the letters covered that spell a secret.

    If one can't be found in the text, such as a value that isn't a string, all letters are covered.
    """
    data = bytearray(b64url_decode(segment))
    letters = list(segment)
    for value in _hidden(dict(members), without_secrets(dict(members))):
        spans = list(_spans(bytes(data), value))
        if not spans:
            return COVER * len(segment)
        for start, end in spans:  # a letter holds six bits
            first, behind = start * 8 // 6, -(-end * 8 // 6)
            letters[first:behind] = COVER * (behind - first)
    return "".join(letters)


class _Cover(Redactor):
    def text(self, text: str) -> str:
        return super().text(mask_text(text))


def _hidden(before: Any, after: Any) -> Iterator[Any]:
    """The names and values of `before` that are not in `after` any more."""
    alike = type(before) is type(after) and isinstance(before, dict | list)
    if alike and len(before) != len(after):  # two addresses that look the same when masked
        yield None
    elif alike and isinstance(before, dict):
        for (name, value), (shown, rest) in zip(before.items(), after.items(), strict=True):
            if name != shown:
                yield name
            yield from _hidden(value, rest)
    elif alike:
        for value, rest in zip(before, after, strict=True):
            yield from _hidden(value, rest)
    elif before != after:
        yield before


def _spans(data: bytes, value: Any) -> Iterator[tuple[int, int]]:
    """Where `value` is in JSON text: bytes from and to, in both of JSON's usual spellings."""
    if not isinstance(value, str):
        return
    for plain in (True, False):
        spelled = json.dumps(value, ensure_ascii=plain)[1:-1].encode("utf-8", "replace")
        start = data.find(spelled)
        while start >= 0:
            yield start, start + len(spelled)
            start = data.find(spelled, start + len(spelled))
