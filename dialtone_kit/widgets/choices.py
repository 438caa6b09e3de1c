"""A question with its choices, and the one that a learner picked: plain data for the widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["sure", "unsure"]


@dataclass(frozen=True)
class Choice:
    """One possible answer, and the reason shown to someone who picked it."""

    text: str
    why: str
    right: bool = False
    code: str | None = None
    open: bool = False  # "I don't know yet": no misconception, and nothing to be sure of


@dataclass(frozen=True)
class Question:
    """A question with its choices.

    `outcome` is what happens, in a few words, for a prediction. An item of the quiz that is asked
    before and after the lessons has a `form`, A or B, and the name of the `pair` that it belongs
    to: the other form asks about the same thing.
    """

    id: str
    question: str
    choices: tuple[Choice, ...]
    outcome: str = ""
    form: str | None = None
    pair: str | None = None

    @property
    def right(self) -> int:
        """The position of the right choice."""
        return next(n for n, choice in enumerate(self.choices) if choice.right)


@dataclass(frozen=True)
class Pick:
    """What a learner picked in answer to question `id`; `choice` counts from 0."""

    id: str
    choice: int
    right: bool
    confidence: Confidence | None = None
    code: str | None = None
    form: str | None = None
    pair: str | None = None

    @classmethod
    def of(cls, item: Question, choice: int, confidence: Confidence | None = None) -> Pick:
        """`choice` as the answer to `item`, marked right or wrong."""
        chosen = item.choices[choice]
        sure = None if chosen.open else confidence
        return cls(item.id, choice, chosen.right, sure, chosen.code, item.form, item.pair)
