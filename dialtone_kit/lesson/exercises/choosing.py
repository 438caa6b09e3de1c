"""Sentences under letters: draws them, and judges which of them a learner chose.

Few combinations are possible, so a wrong answer draws other sentences, and after a few of them an
answer counts only now and then: reading is faster than trying them all.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from typing import Any

from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import NotCounted, NotTried, Wrong

LETTERS = "ABCDEF"
FREE = 5  # wrong answers; after them an answer counts only once in PAUSE seconds
PAUSE = 30.0
UNSEEN = (
    "The six sentences are new, and you haven't seen them yet, so this answer doesn't count. Run "
    "the cell above, then choose."
)


class Sentences(Mapping[str, str]):
    """Six sentences by letter, in random order: `count` from `right`, the rest from `other`.

    A learner can't change them.
    """

    __slots__ = ("_draw", "_seen", "_texts")

    def __init__(self, right: Collection[str], other: Collection[str], count: int) -> None:
        def draw() -> tuple[str, ...]:
            drawn = random.sample(sorted(right), count)
            drawn += random.sample(sorted(other), len(LETTERS) - count)
            return tuple(random.sample(drawn, len(drawn)))

        self._draw, self._texts, self._seen = draw, draw(), True

    def draw(self) -> None:
        """Six others instead of these, which nobody has seen yet."""
        self._texts, self._seen = self._draw(), False

    def must_be_seen(self) -> None:
        """Raise NotCounted if nobody has looked at the sentences since they were drawn."""
        if not self._seen:
            raise NotCounted(UNSEEN)

    def __getitem__(self, letter: str) -> str:
        self._seen = True
        return dict(zip(LETTERS, self._texts, strict=True))[letter]

    def __contains__(self, letter: object) -> bool:
        return letter in tuple(LETTERS)  # without looking at a sentence

    def __iter__(self) -> Iterator[str]:
        return iter(LETTERS)

    def __len__(self) -> int:
        return len(LETTERS)

    def __repr__(self) -> str:
        return "\n".join(f"{letter}  {text}" for letter, text in self.items())


class Lock:
    """Counts wrong answers. `now` is in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._wrong, self._last = now, 0, 0.0

    def must_be_open(self) -> None:
        """Raise NotCounted while an answer doesn't count."""
        left = self._last + PAUSE - self._now()
        if self._wrong >= FREE and left > 0:
            raise NotCounted(
                f"You've guessed {FREE} times or more, so this answer doesn't count: answer again "
                f"in {left:.0f} s. Until then, `lesson.hint` says what to look for."
            )

    def note(self) -> None:
        """One more wrong answer."""
        self._wrong, self._last = self._wrong + 1, self._now()

    def clear(self) -> None:
        """The answer was right."""
        self._wrong = 0


def judge_letters(
    answer: object, sentences: Sentences, lock: Lock, judge: Callable[[set[str]], None]
) -> None:
    """Raise the Wrong of `judge` for the letters that were chosen, and draw new sentences then.

    Raises NotCounted while `lock` is closed.
    """
    chosen = letters(answer, sentences)
    sentences.must_be_seen()
    lock.must_be_open()
    try:
        judge(chosen)
    except Wrong as wrong:
        lock.note()
        sentences.draw()
        again = "Run the cell above again: there are new sentences."
        raise Wrong(f"{wrong} {again}", wrong.code) from None
    lock.clear()


def letters(answer: Any, among: Collection[str], of: str = "sentences") -> set[str]:
    """The letters in an answer: a set, a list, or a string. Raises Wrong or NotTried."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split() if not answer.isalpha() else list(answer)
    if not isinstance(answer, Set | list | tuple):
        raise Wrong(f'Give the letters of the {of}, such as {{"A", "C"}}; got {show(answer)}.')
    chosen = list(answer)
    if ... in chosen:
        raise NotTried
    unknown = [one for one in chosen if not isinstance(one, str) or str(one) not in among]
    if unknown:
        raise Wrong(f"{show(unknown[0])} is none of the letters A to {max(among)}.")
    return {str.__str__(one) for one in chosen}
