"""Sentences under letters: draws them, and reads which of them a learner chose."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import Any

from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

LETTERS = "ABCDEF"


class Sentences(Mapping[str, str]):
    """Sentences by letter. They can't be changed, so the question stays as it was asked."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)

    def __getitem__(self, letter: str) -> str:
        return dict(zip(LETTERS, self._texts, strict=False))[letter]

    def __iter__(self) -> Iterator[str]:
        return iter(LETTERS[: len(self._texts)])

    def __len__(self) -> int:
        return len(self._texts)

    def __repr__(self) -> str:
        return "\n".join(f"{letter}  {text}" for letter, text in self.items())


def six(right: Collection[str], other: Collection[str], count: int) -> Sentences:
    """Six sentences in random order, `count` of them from `right`."""
    drawn = random.sample(sorted(right), count)
    drawn += random.sample(sorted(other), len(LETTERS) - count)
    return Sentences(random.sample(drawn, len(drawn)))


def letters(answer: Any, sentences: Sentences) -> set[str]:
    """The letters in an answer: a set, a list, or a string. Raises Wrong or NotTried."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split() if not answer.isalpha() else list(answer)
    if not isinstance(answer, Set | list | tuple):
        raise Wrong(f'Give the letters of the sentences, such as {{"A", "C"}}; got {show(answer)}.')
    chosen = list(answer)
    if ... in chosen:
        raise NotTried
    unknown = [one for one in chosen if not isinstance(one, str) or str(one) not in sentences]
    if unknown:
        raise Wrong(f"{show(unknown[0])} is none of the letters A to F.")
    return {str.__str__(one) for one in chosen}
