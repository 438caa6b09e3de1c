"""08.not-proved has fifteen pairs to try: guessing takes longer than reading."""

from __future__ import annotations

import random

import pytest

from dialtone_kit.lesson.content.lesson_08.sentences import (
    FREE,
    PAUSE,
    TRUE,
    Lock,
    Sentences,
    judge_choice,
)
from dialtone_kit.lesson.exercises import Wrong


class Clock:
    time = 1000.0

    def __call__(self) -> float:
        return self.time


def right(sentences: Sentences) -> set[str]:
    return {letter for letter, text in sentences.items() if text in TRUE}


def wrong_answer(sentences: Sentences, lock: Lock) -> str:
    with pytest.raises(Wrong) as refused:
        judge_choice(set("ABCDEF") - right(sentences), sentences, lock)
    return str(refused.value)


def test_a_wrong_answer_quotes_the_sentence_and_brings_new_ones() -> None:
    random.seed(8)
    sentences = Sentences()
    before = dict(sentences)
    said = wrong_answer(sentences, Lock())
    assert any(f"“{text}”" in said for text in before.values())
    assert said.endswith("Run the cell above again: there are new sentences.")
    assert sentences != before
    assert len(right(sentences)) == 2


def test_after_five_guesses_an_answer_counts_once_in_half_a_minute() -> None:
    clock, sentences = Clock(), Sentences()
    lock = Lock(clock)
    for _ in range(FREE):
        wrong_answer(sentences, lock)
    with pytest.raises(Wrong, match="doesn't count: answer again in 30 s"):
        judge_choice(right(sentences), sentences, lock)
    clock.time += PAUSE
    wrong_answer(sentences, lock)
    with pytest.raises(Wrong, match="doesn't count"):
        judge_choice(right(sentences), sentences, lock)
    clock.time += PAUSE
    judge_choice(right(sentences), sentences, lock)


def test_what_is_no_answer_is_no_guess() -> None:
    sentences, lock = Sentences(), Lock(Clock())
    for _ in range(FREE + 1):
        with pytest.raises(Wrong, match="none of the letters"):
            judge_choice({"Z"}, sentences, lock)
    judge_choice(right(sentences), sentences, lock)
