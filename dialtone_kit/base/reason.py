"""Why a proof was refused, as a line of text: written for the wire, and read from it again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialtone_kit.base.masking import mask_text

LONGEST = 4000  # characters that are read: someone else's text may have any length
_CODE = re.compile(r"(?:\[(M\d\d)\]|\b(M\d\d))\.?\Z")
_RULE = re.compile(r"([a-z0-9]+(?:_[a-z0-9]+)*): ")
# What may stand in an error_description, in a body and in a header alike (RFC 6749 §5.2, 6750 §3).
_OTHER_CHARACTER = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_SPELLED = str.maketrans(
    {'"': "'", "\\": "/", "\n": " ", "§": "section ", "…": "...", "‖": "||", "•": "*"}
)
_PAIR = re.compile(r"expected (.+?), got (.+?)(?:\.+\s+(.*)|\.*)\Z", re.S)


@dataclass(frozen=True)
class Reason:
    """A rule by its name, what it expected, what it got, what to do, and the code, such as M05.

    `str()` writes `rule: expected …, got …. hint [Mxx]`; `read` takes such a line apart.
    """

    expected: str = ""
    got: str = ""
    hint: str = ""
    code: str = ""
    rule: str = ""

    def __str__(self) -> str:
        got = sentence(f"got {self.got}")
        text = f"expected {self.expected}, {got} {self.hint}".rstrip()
        named = f"{self.rule}: {text}" if self.rule else text
        return f"{named} [{self.code}]" if self.code else named

    @classmethod
    def read(cls, text: str) -> Reason:
        """The reason in `text`. What does not name an expectation is all `hint`. Never raises."""
        rest = text[:LONGEST].strip()
        coded = _CODE.search(rest)
        code = (coded[1] or coded[2]) if coded else ""
        rest = rest[: coded.start()].rstrip() if coded else rest
        named = _RULE.match(rest)
        rule, rest = (named[1], rest[named.end() :]) if named else ("", rest)
        pair = _PAIR.match(rest)
        if pair is None:
            return cls(hint=rest, code=code, rule=rule)
        return cls(pair[1], pair[2], pair[3] or "", code, rule)


def sentence(text: object) -> str:
    """`text` as a sentence of a message: with a full stop, unless it already ends in a mark.

    For what another function, a library or a learner's code wrote: some end it, others don't.
    """
    said = str(text).rstrip()
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def cause(problem: Exception) -> str:
    """What went wrong, for a message: of the system's errors its own words, without the path."""
    return getattr(problem, "strerror", None) or str(problem)


def description(text: str) -> str:
    """`text` as an error_description: no secret in it, and only the characters allowed there."""
    return _OTHER_CHARACTER.sub("?", mask_text(text).translate(_SPELLED))
