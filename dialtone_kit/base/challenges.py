"""What a `WWW-Authenticate` field says: its challenges, one for each scheme (RFC 9110 §11.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"  # RFC 9110 §5.6.2
_PARTS = re.compile(
    rf"(?P<name>{_WORD})[ \t]*+=[ \t]*+"
    rf'(?:(?P<token>{_WORD})|"(?P<quoted>(?:[^"\\]|\\.)*+)")'
    rf"|(?P<scheme>{_WORD})(?=[ \t,]|$)"
)
_QUOTED_PAIR = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Challenge:
    """A scheme as it was written, and its parameters by their names in lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def challenges(text: str) -> list[Challenge]:
    """The challenges in `text`, in order; junk between them is passed over.

    A value may be a token or quoted, spaces may be around `=`, and names come in any case
    (RFC 9110 §11.2).
    """
    read: list[Challenge] = []
    for match in _PARTS.finditer(text):
        if match["scheme"]:
            read.append(Challenge(match["scheme"]))
        elif read:
            value = match["token"] or _QUOTED_PAIR.sub(r"\1", match["quoted"] or "")
            read[-1].parameters.setdefault(match["name"].lower(), value)
    return read
