"""Lessons to check exercises with: real ones, against this session's service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dialtone_kit import start
from dialtone_kit.lesson.content.lesson_08 import sentences
from dialtone_kit.lesson.content.lesson_11 import words
from dialtone_kit.lesson.lesson import Lesson


@pytest.fixture(autouse=True)
def fresh_locks() -> None:
    """Each test has its five guesses."""
    for lock in (sentences.LOCK, words.LOCK):
        lock.clear()


@pytest.fixture(scope="session")
def lesson_of() -> Iterator[Callable[[str], Lesson]]:
    """The lesson with this number, started once in this test process."""
    started: dict[str, Lesson] = {}

    def find(number: str) -> Lesson:
        if number not in started:
            started[number] = start(number, interactive=False)
        return started[number]

    yield find
    for lesson in started.values():
        lesson.done()
