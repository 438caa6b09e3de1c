"""A question with its choices, and the one that a learner picked: plain data for the widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["sure", "unsure"]


@dataclass(frozen=True)
class Choice:
    """One possible answer, and the reason shown to somebody who picked it."""

    text: str
    why: str
    right: bool = False
    code: str | None = None


@dataclass(frozen=True)
class Question:
    """A question with its choices; `pair` is the same item in the other form of a quiz."""

    id: str
    question: str
    choices: tuple[Choice, ...]
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

    @classmethod
    def of(cls, item: Question, choice: int, confidence: Confidence | None = None) -> Pick:
        """`choice` as the answer to `item`, marked right or wrong."""
        chosen = item.choices[choice]
        return cls(item.id, choice, chosen.right, confidence, chosen.code)
