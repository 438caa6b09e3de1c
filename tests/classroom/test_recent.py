"""Who is where and stuck, and what fails now: by the clock that is handed in."""

from __future__ import annotations

import pytest

from dialtone_kit.classroom.class_events import Seat
from dialtone_kit.classroom.happened import happened
from dialtone_kit.classroom.recent import (
    AWAY,
    MANY_TRIES,
    SILENT,
    WINDOW,
    Share,
    failing_codes,
    failing_exercises,
    most_urgent,
    state,
    stuck,
    sure_and_wrong,
)
from dialtone_kit.classroom.session import Learner
from dialtone_kit.lesson.events import Event
from tests.support.class_of import NOON, event, quizzed, tried

SIGNATURE = "03.signature"
OPENED = event(NOON, "03", "opened")


def seat(*events: Event, number: int = 1) -> Seat:
    checked = tuple(one for event in events if (one := happened(event)) is not None)
    return Seat(Learner(number, "", ""), checked)


def tries(*outcomes: str) -> list[Event]:
    return [tried(NOON + n, SIGNATURE, outcome, "M13") for n, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("after", "expected"), [(SILENT - 1, "working"), (SILENT, "stuck"), (AWAY + 1, "away")]
)
def test_a_learner_who_is_silent_before_a_lessons_end(after: float, expected: str) -> None:
    assert state(seat(OPENED), ["03", "04"], NOON + after) == expected


def test_a_learner_who_is_silent_after_a_lessons_end_takes_a_break() -> None:
    done = event(NOON + 1, "03", "done")
    assert state(seat(OPENED, done), ["03", "04"], NOON + 2) == "between"
    assert state(seat(OPENED, done), ["03", "04"], NOON + SILENT + 1) == "between"
    assert state(seat(OPENED, done), ["03"], NOON + AWAY + 2) == "done"


def test_a_finished_lesson_that_is_opened_again_can_be_one_to_be_stuck_in() -> None:
    again = [event(NOON - 9, "03", "done"), event(NOON - 5, "03", "opened")]
    assert state(seat(*again), ["03", "04"], NOON + 1) == "working"
    assert state(seat(*again), ["03", "04"], NOON + SILENT) == "between"  # it's only read
    few, many = (tries(*["wrong"] * count) for count in (MANY_TRIES - 1, MANY_TRIES))
    assert state(seat(*again, *few), ["03", "04"], NOON + 60) == "working"
    assert state(seat(*again, *many), ["03", "04"], NOON + 60) == "stuck"
    ended = event(NOON + 30, "03", "done")
    assert state(seat(*again, *many, ended), ["03", "04"], NOON + 60) == "between"


def test_a_learner_without_events_has_not_begun() -> None:
    assert state(seat(), ["03"], NOON) == "not begun"


def test_a_learner_whose_clock_is_ahead_is_not_stuck() -> None:
    assert stuck(seat(event(NOON + 3600, "03", "opened")), NOON) is None


def test_many_tries_at_one_exercise_and_one_fewer() -> None:
    many = stuck(seat(*tries(*["wrong"] * MANY_TRIES)), NOON + 60)
    assert many is not None
    assert (many.exercise, many.tries) == (SIGNATURE, MANY_TRIES)
    assert stuck(seat(*tries(*["wrong"] * (MANY_TRIES - 1))), NOON + 60) is None
    assert stuck(seat(*tries(*["wrong"] * MANY_TRIES, "right")), NOON + 60) is None


def test_whoever_went_on_to_the_next_lesson_is_not_stuck_in_the_last() -> None:
    went_on = event(NOON + 30, "04", "opened")
    assert stuck(seat(*tries(*["wrong"] * MANY_TRIES), went_on), NOON + 60) is None


def test_many_tries_are_more_urgent_than_silence() -> None:
    silent, longer = seat(OPENED), seat(event(NOON - 60, "03", "opened"), number=2)
    trying = seat(*tries(*["wrong"] * 6), number=3)
    found = [stuck(one, NOON + SILENT + 1) for one in (silent, longer, trying)]
    assert [one.seat.learner.seat for one in most_urgent([*found, None])] == [3, 2, 1]


def test_the_exercise_that_fails_most_counts_last_tries_in_the_window() -> None:
    now = NOON + WINDOW
    room = [
        seat(*tries("wrong", "wrong"), number=1),
        seat(*tries("wrong", "right"), number=2),
        seat(tried(NOON - 1, SIGNATURE, "wrong"), number=3),  # too long ago
        seat(tried(NOON, "03.six-proofs", "wrong"), number=4),
    ]
    assert failing_exercises(room, now) == [
        Share("03.six-proofs", 1, 1),
        Share(SIGNATURE, 1, 2),
    ]


def test_the_misconception_that_fails_most_counts_learners_not_tries() -> None:
    room = [
        seat(*tries("wrong", "wrong", "wrong"), number=1),
        seat(OPENED, number=2),
        seat(event(NOON - WINDOW, "03", "opened"), number=3),  # silent for too long
        seat(number=4),
    ]
    assert failing_codes(room, NOON + 3) == [Share("M13", 1, 2)]


def test_sure_and_wrong_leaves_out_who_was_unsure() -> None:
    room = [
        seat(quizzed(NOON, "pre", "stolen", right=False), number=1),
        seat(quizzed(NOON, "pre", "stolen", right=False, confidence="unsure"), number=2),
        seat(number=3),
    ]
    assert sure_and_wrong(room) == [Share("M08", 2, 2, sure=1)]
    assert sure_and_wrong(room[1:]) == []
