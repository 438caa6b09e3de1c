"""Sentences under letters: drawn anew, read from any plain answer, and never changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from dialtone_kit.lesson.exercises.choosing import LETTERS, Sentences, letters, six
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

RIGHT, OTHER = [f"right {n}" for n in range(5)], [f"other {n}" for n in range(5)]


def test_six_are_drawn_with_as_many_right_ones_as_asked() -> None:
    drawn = six(RIGHT, OTHER, 2)
    assert list(drawn) == list(LETTERS)
    assert len(set(drawn.values())) == 6
    assert sum(text in RIGHT for text in drawn.values()) == 2
    assert len({tuple(six(RIGHT, OTHER, 2).values()) for _ in range(20)}) > 1


@pytest.mark.parametrize("answer", [{"A", "C"}, ["A", "C"], "AC", "A, C", "C A", ("C", "A", "A")])
def test_the_letters_of_any_plain_answer_are_read(answer: Collection[str]) -> None:
    assert letters(answer, six(RIGHT, OTHER, 3)) == {"A", "C"}


@pytest.mark.parametrize("answer", [3, None, {"Z"}, {1}, "what?", ["A", None]])
def test_anything_else_is_told_what_an_answer_is(answer: Any) -> None:
    with pytest.raises(Wrong, match="letters"):
        letters(answer, six(RIGHT, OTHER, 3))


def test_the_dots_of_the_notebook_are_not_tried() -> None:
    with pytest.raises(NotTried):
        letters({...}, six(RIGHT, OTHER, 3))


def test_nobody_can_make_the_question_easier() -> None:
    drawn: Any = Sentences(["one", "two"])
    with pytest.raises(TypeError):
        drawn["A"] = "two"
    with pytest.raises(AttributeError):
        drawn.clear()
    assert repr(drawn) == "A  one\nB  two"
