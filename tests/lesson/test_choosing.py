"""Sentences under letters: never changed by a learner, and reading is faster than guessing."""

from __future__ import annotations

import random
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest

from dialtone_kit.lesson.exercises.checking import check
from dialtone_kit.lesson.exercises.choosing import (
    FREE,
    LETTERS,
    PAUSE,
    Lock,
    Sentences,
    judge_letters,
    letters,
)
from dialtone_kit.lesson.exercises.definition import Exercise
from dialtone_kit.lesson.exercises.verdict import NotCounted, NotTried, Verdict, Wrong

RIGHT, OTHER = [f"right {n}" for n in range(5)], [f"other {n}" for n in range(5)]


def test_six_are_drawn_with_as_many_right_ones_as_asked() -> None:
    drawn = Sentences(RIGHT, OTHER, 2)
    assert list(drawn) == list(LETTERS)
    assert len(set(drawn.values())) == 6
    assert sum(text in RIGHT for text in drawn.values()) == 2
    assert len({tuple(Sentences(RIGHT, OTHER, 2).values()) for _ in range(20)}) > 1


@pytest.mark.parametrize("answer", [{"A", "C"}, ["A", "C"], "AC", "A, C", "C A", ("C", "A", "A")])
def test_the_letters_of_any_plain_answer_are_read(answer: Collection[str]) -> None:
    assert letters(answer, Sentences(RIGHT, OTHER, 3)) == {"A", "C"}


@pytest.mark.parametrize("answer", [3, None, {"Z"}, {1}, "what?", ["A", None]])
def test_anything_else_is_told_what_an_answer_is(answer: Any) -> None:
    with pytest.raises(Wrong, match="letters"):
        letters(answer, Sentences(RIGHT, OTHER, 3))


def test_the_dots_of_the_notebook_are_not_tried() -> None:
    with pytest.raises(NotTried):
        letters({...}, Sentences(RIGHT, OTHER, 3))


def test_nobody_can_make_the_question_easier() -> None:
    drawn: Any = Sentences(RIGHT, OTHER, 2)
    with pytest.raises(TypeError):
        drawn["A"] = "two"
    with pytest.raises(AttributeError):
        drawn.clear()
    assert repr(drawn).startswith(f"A  {drawn['A']}\nB  ")


class Clock:
    time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lock(clock: Clock) -> Lock:
    return Lock(clock)


def right(sentences: Sentences) -> set[str]:
    return {letter for letter, text in sentences.items() if text in RIGHT}


def give(answer: set[str], sentences: Sentences, lock: Lock) -> None:
    def judge(chosen: set[str]) -> None:
        if chosen != right(sentences):
            raise Wrong("Not these.", "M22")

    judge_letters(answer, sentences, lock, judge)


def give_a_wrong_one(sentences: Sentences, lock: Lock) -> None:
    with pytest.raises(Wrong, match=r"^Not these\. Run the cell above again") as refused:
        give(set(LETTERS) - right(sentences), sentences, lock)
    assert refused.value.code == "M22"


def test_a_wrong_answer_brings_new_sentences(lock: Lock) -> None:
    random.seed(8)
    sentences = Sentences(RIGHT, OTHER, 2)
    before = dict(sentences)
    give_a_wrong_one(sentences, lock)
    assert dict(sentences) != before
    assert len(right(sentences)) == 2


def test_letters_chosen_before_the_new_sentences_were_seen_do_not_count(lock: Lock) -> None:
    sentences = Sentences(RIGHT, OTHER, 2)
    give_a_wrong_one(sentences, lock)
    for _ in range(FREE):
        with pytest.raises(NotCounted, match="you haven't seen them yet"):
            give({"A", "B"}, sentences, lock)
    repr(sentences)
    give(right(sentences), sentences, lock)


def test_after_five_guesses_an_answer_counts_once_in_half_a_minute(
    clock: Clock, lock: Lock
) -> None:
    sentences = Sentences(RIGHT, OTHER, 2)
    for _ in range(FREE):
        give_a_wrong_one(sentences, lock)
    with pytest.raises(NotCounted, match="doesn't count: answer again in 30 s"):
        give(right(sentences), sentences, lock)
    clock.time += PAUSE
    give_a_wrong_one(sentences, lock)
    with pytest.raises(NotCounted, match="doesn't count"):
        give(right(sentences), sentences, lock)
    clock.time += PAUSE
    give(right(sentences), sentences, lock)


def test_what_is_no_answer_is_no_guess(lock: Lock) -> None:
    sentences = Sentences(RIGHT, OTHER, 2)
    for _ in range(FREE + 1):
        with pytest.raises(Wrong, match="none of the letters"):
            give({"Z"}, sentences, lock)
    give(right(sentences), sentences, lock)


def test_a_right_answer_forgets_the_guesses(lock: Lock) -> None:
    sentences = Sentences(RIGHT, OTHER, 2)
    for _ in range(FREE - 1):
        give_a_wrong_one(sentences, lock)
    give(right(sentences), sentences, lock)
    give_a_wrong_one(sentences, lock)
    give(right(sentences), sentences, lock)


def test_an_answer_that_does_not_count_is_no_try() -> None:
    def closed(answer: object, lesson: object) -> None:
        del answer, lesson
        raise NotCounted("Later.")

    exercise = Exercise("08.x", "X", ("",), "", "core", closed)
    assert check(exercise, "AB", SimpleNamespace()) == Verdict("can't tell", "Later.")
