"""A check ends in time and never raises; unusual right answers are right."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialtone_kit import ServiceError
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.exercises import patience
from dialtone_kit.lesson.exercises.checking import TOO_SLOW, check
from dialtone_kit.lesson.exercises.time_limit import AGAIN, GRACE
from dialtone_kit.lesson.lesson import Lesson

LessonOf = Callable[[str], Lesson]
ALL = [entry.id for book in catalog.notebooks() for entry in catalog.exercises(book.number)]


def spins(*_: object) -> None:
    while True:
        pass


def spins_and_swallows(*_: object) -> None:
    while True:
        try:  # noqa: SIM105  (a loop as learners write it)
            len("")
        except:  # noqa: E722
            pass


def sleeps(*_: object) -> None:
    time.sleep(60)


def leaves(*_: object) -> None:
    raise SystemExit


class Unshowable:
    def __repr__(self) -> str:
        raise AttributeError("no repr")

    def __eq__(self, other: object) -> bool:
        raise AttributeError("no comparison")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.sample(60)
@pytest.mark.parametrize("exercise_id", ALL)
@pytest.mark.parametrize(
    "answer",
    [spins, spins_and_swallows, sleeps, leaves, lambda *_: Unshowable(), {"A": [1], "B": {1: 1}}],
    ids=["spins", "swallows", "sleeps", "leaves", "unshowable", "lists"],
)
def test_a_check_ends_and_does_not_raise(
    exercise_id: str, answer: Any, lesson_of: LessonOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = lesson_of(exercise_id[:2])  # started before the time is taken
    for seconds in (0.3, 1.5, 5.0):
        monkeypatch.setattr(patience, "PATIENCE", seconds)
        began = time.monotonic()
        verdict = check(catalog.exercise(exercise_id), answer, lesson)
        assert time.monotonic() - began < seconds + 3
        if verdict.sentence != TOO_SLOW:  # the check's own work took the time: give it more
            break
    assert verdict.outcome == "wrong", verdict


def test_the_limit_leaves_room_below_ten_seconds() -> None:
    assert patience.PATIENCE + 2 * GRACE + AGAIN < 10


def resolved_path(folder, client_id):
    if not re.fullmatch("cli_[a-z0-9_]{1,64}", client_id):
        raise ValueError
    return (folder / client_id / "client.json").resolve()


def passes_on_a_409_without_credentials(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        stored = load() if refused.status == 409 else None
        if stored is None:
            raise
        return stored


def passes_on_what_is_neither_401_nor_410(confirm):
    sent = 0
    while True:
        sent += 1
        try:
            confirm("AAAA-AAAA")
        except ServiceError as refused:
            if refused.status == 410:
                return sent
            if refused.status != 401:
                raise


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("02.safe-path", resolved_path),
        ("02.second-confirm", passes_on_a_409_without_credentials),
        ("02.tries", passes_on_what_is_neither_401_nor_410),
    ],
)
def test_an_unusual_answer_is_right(
    exercise_id: str,
    answer: Any,
    lesson_of: LessonOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lesson, linked = lesson_of(exercise_id[:2]), tmp_path / "linked"
    linked.symlink_to(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(linked))  # as on macOS
    verdict = check(catalog.exercise(exercise_id), answer, lesson)
    assert verdict.outcome == "right", verdict


def returns(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


def raises(error: type[BaseException]) -> Callable[..., Any]:
    def answer(*_: Any, **__: Any) -> None:
        raise error("on purpose")

    return answer


def yields(value: Any) -> Callable[..., Any]:
    def answer(*_: Any, **__: Any) -> Any:
        yield value

    return answer


def later(value: Any) -> Callable[..., Any]:
    async def answer(*_: Any, **__: Any) -> Any:
        return value

    return answer


def recurses(*arguments: Any) -> Any:
    return recurses(*arguments)


def calls_what_it_gets(*arguments: Any) -> Any:
    return [one() for one in arguments if callable(one)]


PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.binary()
)
VALUES = st.recursive(
    PLAIN | st.builds(Unshowable),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
ERRORS = (ValueError, KeyError, SystemExit, KeyboardInterrupt, ServiceError, GeneratorExit)
ANSWERS = st.one_of(
    VALUES,
    VALUES.map(returns),
    VALUES.map(yields),
    VALUES.map(later),
    st.sampled_from(ERRORS).map(raises),
    st.sampled_from([recurses, calls_what_it_gets, object, int, dict, print, len, iter, ""]),
)


@pytest.mark.parametrize("exercise_id", ALL)
def test_a_coroutine_function_is_named_as_such(exercise_id: str, lesson_of: LessonOf) -> None:
    verdict = check(catalog.exercise(exercise_id), later(1), lesson_of(exercise_id[:2]))
    assert verdict.outcome == "wrong"
    assert "async def" in verdict.sentence


# The alarm may ring inside a callback of the collector, which swallows it: it rings again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("exercise_id", ALL)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(answer=ANSWERS)
def test_whatever_an_answer_is_a_check_says_what_about_it_in_words(
    exercise_id: str, answer: Any, lesson_of: LessonOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = lesson_of(exercise_id[:2])
    monkeypatch.setattr(patience, "PATIENCE", 0.5)
    began = time.monotonic()
    verdict = check(catalog.exercise(exercise_id), answer, lesson)
    assert verdict.outcome in ("wrong", "not tried", "can't tell"), verdict
    assert len(verdict.sentence) > 10
    assert time.monotonic() - began < 10
