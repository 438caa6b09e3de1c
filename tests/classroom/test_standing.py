"""What a learner's events add up to."""

from __future__ import annotations

from dialtone_kit.classroom.happened import happened
from dialtone_kit.classroom.standing import PAUSE, Record, Slip, record_of
from dialtone_kit.lesson.events import Event
from tests.support.class_of import NOON, event, quizzed, tried

SIGNATURE = "03.signature"


def record(*events: Event) -> Record:
    checked = [happened(one) for one in events]
    assert None not in checked
    return record_of([one for one in checked if one is not None])


def test_nothing_happened() -> None:
    assert record() == Record()


def test_where_a_learner_is_and_what_is_done() -> None:
    known = record(
        event(NOON, "01", "opened"),
        event(NOON + 60, "01", "done"),
        event(NOON + 90, "02", "opened"),
    )
    assert (known.at, known.last, known.done) == ("02", NOON + 90, 1)
    assert known.lessons == {"01": "done", "02": "begun"}


def test_a_lesson_that_was_reset_is_not_done_any_more() -> None:
    done = (event(NOON, "01", "opened"), event(NOON + 60, "01", "done"))
    assert record(*done, event(NOON + 70, "01", "reset", id=None)).lessons == {}
    again = event(NOON + 80, "01", "opened")
    assert record(*done, event(NOON + 70, "01", "reset"), again).lessons == {"01": "begun"}


def test_tries_of_an_exercise_with_the_code_of_the_last_slip() -> None:
    known = record(
        tried(NOON, SIGNATURE, "wrong", "M13"),
        tried(NOON + 10, SIGNATURE, "can't tell"),
        tried(NOON + 20, SIGNATURE, "not tried"),
        event(NOON + 30, "03", "hinted", id=SIGNATURE),
        tried(NOON + 40, SIGNATURE, "wrong", "M11"),
    )
    one = known.exercises[SIGNATURE]
    assert (one.outcome, one.code, one.tries, one.open_tries, one.hints) == (
        "wrong",
        "M11",
        2,
        2,
        1,
    )
    assert one.seconds == 40


def test_once_right_it_stays_right_and_nothing_is_open() -> None:
    outcomes = ("wrong", "right", "wrong")
    known = record(*(tried(NOON + n, SIGNATURE, o) for n, o in enumerate(outcomes)))
    one = known.exercises[SIGNATURE]
    assert (one.outcome, one.code, one.tries, one.open_tries) == ("right", "", 3, 0)
    assert not one.right_at_once
    assert record(tried(NOON, SIGNATURE, "right")).exercises[SIGNATURE].right_at_once


def test_a_reset_opens_an_exercise_again_and_erases_no_try() -> None:
    reset = event(NOON + 2, "03", "reset", id=SIGNATURE)
    one = record(
        tried(NOON, SIGNATURE, "right"), reset, tried(NOON + 3, SIGNATURE, "wrong")
    ).exercises[SIGNATURE]
    assert (one.outcome, one.tries, one.open_tries) == ("wrong", 2, 1)


def test_time_runs_from_event_to_event_and_a_pause_is_no_time() -> None:
    known = record(
        event(NOON, "03", "opened"),
        event(NOON + 100, "03", "predicted", id="03.x", right=True),
        tried(NOON + 100 + PAUSE, SIGNATURE, "wrong"),
        tried(NOON + 100 + 2 * PAUSE + 1, SIGNATURE, "right"),
        event(NOON + 100 + 2 * PAUSE + 30, "04", "opened"),
    )
    assert known.seconds == {"03": 100 + PAUSE, SIGNATURE: PAUSE}
    assert known.minutes == (100 + PAUSE) / 60


def test_slips_are_first_answers_to_questions_and_all_wrong_tries() -> None:
    first = {"id": "03.x", "right": False, "code": "M01", "confidence": "sure"}
    known = record(
        event(NOON, "03", "predicted", **first),
        event(NOON + 1, "03", "predicted", **first),
        tried(NOON + 2, SIGNATURE, "wrong", "M13"),
        tried(NOON + 3, SIGNATURE, "wrong"),
        quizzed(NOON + 4, "pre", "stolen", right=False),
        quizzed(NOON + 5, "post", "stolen", right=False, confidence="unsure"),
        quizzed(NOON + 6, "post", "again", right=True),
    )
    assert known.slips == (
        Slip(NOON, "M01", "during", sure=True),
        Slip(NOON + 2, "M13", "during", sure=False),
        Slip(NOON + 3, "", "during", sure=False),
        Slip(NOON + 4, "M08", "before", sure=True),
        Slip(NOON + 5, "M08", "after", sure=False),
    )
    assert known.sure_and_wrong == 2


def test_of_each_quiz_the_first_answers_count() -> None:
    known = record(
        quizzed(NOON, "pre", "stolen", right=False),
        quizzed(NOON + 1, "pre", "stolen", right=True),
        quizzed(NOON + 2, "post", "stolen", right=True),
    )
    assert not known.before["stolen"].right
    assert known.after["stolen"].right
