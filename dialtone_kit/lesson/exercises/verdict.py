"""The four outcomes of a check, and how one is shown: "wrong" reads *not quite* everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialtone_kit.base.display import BAD, FAINT, GOOD, WARN, WIDTH
from dialtone_kit.base.masking import masked
from dialtone_kit.lesson.misconceptions import link_to, linked

Outcome = Literal["right", "wrong", "not tried", "can't tell"]
WORDS: dict[Outcome, str] = {
    "right": "right",
    "wrong": "not quite",
    "can't tell": "can't tell",
    "not tried": "not tried",
}
MARKS = {"right": "✓", "wrong": "✗", "not tried": "○", "can't tell": "?"}
_COLORS = {"right": GOOD, "wrong": BAD, "not tried": FAINT, "can't tell": WARN}


def word_of(outcome: str) -> str:
    """How an outcome reads; one that isn't known reads as it is."""
    return {str(name): word for name, word in WORDS.items()}.get(outcome, outcome)


class Wrong(BaseException):
    """The answer is not right. The sentence is for the learner; `code` names the misconception.

    Not an Exception: raised inside a learner's loop, it must pass an `except Exception` there.
    """

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class NotCounted(Exception):
    """The answer can't be judged now. The text is for the learner."""


class NotTried(Exception):
    """The answer is still the stub."""


@dataclass(frozen=True)
class Verdict:
    """The result of a check. In a notebook it shows itself as one line."""

    outcome: Outcome
    sentence: str
    code: str = ""
    requests: int | None = None  # that a right answer took, where they are counted

    def __repr__(self) -> str:
        tail = f" [{self.code}]" if self.code else ""
        return masked(f"{MARKS[self.outcome]} {self._word}. {self.sentence}{tail}")

    @property
    def _word(self) -> str:
        return WORDS[self.outcome].capitalize()

    def _repr_html_(self) -> str:
        badge = f" [{link_to(self.code)}]" if self.code else ""
        color = _COLORS[self.outcome]
        return (
            f'<div style="border-left: 4px solid {color}; padding: .4em .8em; {WIDTH}">'
            f'<b style="color: {color}">{MARKS[self.outcome]} {self._word}.</b> '
            f"{linked(self.sentence)}{badge}</div>"
        )
