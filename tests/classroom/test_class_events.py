"""The events of a class: from two files a seat, with what can't be used counted and left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialtone_kit.classroom.class_events import RUNS, SHARED, ClassEvents, Seat, remarks
from dialtone_kit.classroom.session import open_session
from dialtone_kit.lesson.events import Event
from tests.support.class_of import NOON, event, give, make_class, tried


def seats(folder: Path) -> list[Seat]:
    return ClassEvents().seats(open_session(folder))


def shared(made: Event, received: float) -> Event:
    return made | {"received_at": event(received, "00", "opened")["at"]}


def test_everyone_has_a_seat_with_the_events_of_both_files_in_order(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    give(folder, 1, [event(NOON, "01", "opened"), event(NOON + 60, "01", "done")])
    give(folder, 1, [event(NOON + 30, "02", "opened")], SHARED)
    one, two = seats(folder)
    assert [(e.lesson, e.kind) for e in one.events] == [
        ("01", "opened"),
        ("02", "opened"),
        ("01", "done"),
    ]
    assert two.events == ()
    assert list(remarks([one, two])) == []


def test_what_was_run_for_a_learner_is_apart_from_what_they_did(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    give(folder, 1, [event(NOON, "01", "opened"), event(NOON + 60, "01", "done")], RUNS)
    assert seats(folder)[0].events == ()
    runs = ClassEvents(runs=True).seats(open_session(folder))
    assert [e.kind for e in runs[0].events] == ["opened", "done"]
    give(folder, 1, [event(NOON, "02", "opened")], SHARED)
    assert [e.lesson for e in seats(folder)[0].events] == ["02"]
    assert ClassEvents(runs=True).seats(open_session(folder))[0].events == runs[0].events
    assert list(remarks(runs, runs=True)) == [
        "This is what `dialtone class run` did, unattended. It is not what learners did."
    ]


def test_the_outcome_of_an_exercise_is_unknown_only_without_events(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    give(folder, 1, [tried(NOON, "03.signature", "right")], SHARED)
    one, two = seats(folder)
    assert [one.outcome_of(name) for name in ("03.signature", "01.facts")] == ["right", "not tried"]
    assert two.outcome_of("03.signature") is None


def test_an_event_that_is_in_both_files_counts_once_and_two_tries_count_twice(
    tmp_path: Path,
) -> None:
    folder = make_class(tmp_path / "class", 1)
    twice = [tried(NOON, "03.signature", "wrong", "M13")] * 2
    give(folder, 1, twice)
    give(folder, 1, [shared(twice[0], NOON + 1)], SHARED)
    assert len(seats(folder)[0].events) == 2


@pytest.mark.parametrize(
    "line",
    [
        '{"v": 1, "at": "2026-11-26T12:0',
        "[]",
        '{"v": 2, "at": "2026-11-26T12:00:00+00:00", "lesson": "01", "kind": "opened"}',
        '{"v": 1, "at": "yesterday", "lesson": "01", "kind": "opened"}',
        '{"v": 1, "at": "2026-11-26T12:00:00", "lesson": "01", "kind": "opened"}',
        '{"v": 1, "at": "2026-11-26T12:00:00+00:00", "lesson": "<b>", "kind": "opened"}',
        '{"v": 1, "at": "2026-11-26T12:00:00+00:00", "lesson": "01", "kind": "tried", "id": "=x"}',
        '{"v": 1, "at": "2026-11-26T12:00:00+00:00", "lesson": "01", "kind": "tried", "id": "01.x",'
        ' "outcome": ["right"]}',
        '{"v": 1, "at": "2026-11-26T12:00:00+00:00", "lesson": "01", "kind": "quizzed", "id": "x",'
        ' "right": 1}',
    ],
)
def test_a_line_that_cant_be_used_is_counted_and_the_others_are_read(
    tmp_path: Path, line: str
) -> None:
    folder = make_class(tmp_path / "class", 1)
    path = give(folder, 1, [event(NOON, "01", "opened")])
    with path.open("a") as file:
        file.write(line + "\n")
    give(folder, 1, [event(NOON + 5, "01", "done")])
    (seat,) = seats(folder)
    assert (len(seat.events), seat.damaged) == (2, 1)
    assert list(remarks([seat])) == [
        "1 line in the event files of seat 1 can't be read: damaged, or from a newer kit. The rest "
        "counts."
    ]


def test_a_file_that_is_no_file_counts_as_one_damaged_line(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    (folder / "learners" / "0001" / "progress.jsonl").mkdir(parents=True)
    assert seats(folder)[0].damaged == 1


def test_what_a_learner_wrote_is_not_read(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    give(folder, 1, [event(NOON, "13", "wrote", id="13.teach", text="my own words")])
    (seat,) = seats(folder)
    assert [e.kind for e in seat.events] == ["wrote"]
    assert "own words" not in repr(seat)


def test_no_events_yet_is_said(tmp_path: Path) -> None:
    (line,) = remarks(seats(make_class(tmp_path / "class", 1)))
    assert line.startswith("There are no events yet.")
    *_, line = remarks(seats(tmp_path / "class"), runs=True)
    assert line.startswith("Nothing has been run yet.")


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    give(folder, 1, [event(NOON, "01", "opened")])
    give(folder, 2, [event(NOON, "01", "opened")])
    events, session = ClassEvents(), open_session(folder)
    before = events.seats(session)
    give(folder, 2, [event(NOON + 5, "01", "done")])
    after = events.seats(session)
    assert after[0] is before[0]
    assert len(after[1].events) == 2


@pytest.mark.parametrize(("ahead", "shift"), [(3600, -3595), (-3600, 3605), (0, 0)])
def test_a_learners_clock_that_is_wrong_is_set_right_by_the_services(
    tmp_path: Path, ahead: float, shift: float
) -> None:
    folder = make_class(tmp_path / "class", 1)
    made = [event(NOON + ahead + n, "01", kind) for n, kind in ((0, "opened"), (600, "done"))]
    give(
        folder,
        1,
        [shared(one, NOON + n + 5) for one, n in zip(made, (0, 600), strict=True)],
        SHARED,
    )
    at = [e.at for e in seats(folder)[0].events]
    assert at == [NOON + ahead + shift, NOON + ahead + shift + 600]


def test_a_late_learner_is_there_as_soon_as_they_are_in_the_list(tmp_path: Path) -> None:
    folder, events = make_class(tmp_path / "class", 1), ClassEvents()
    assert len(events.seats(open_session(folder))) == 1
    make_class(folder, 2)
    give(folder, 2, [event(NOON, "01", "opened")])
    assert [len(seat.events) for seat in events.seats(open_session(folder))] == [0, 1]


def test_a_newer_member_does_no_harm(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    give(folder, 1, [json.loads(json.dumps(event(NOON, "01", "opened", mood={"x": [1]})))])
    assert [(len(s.events), s.damaged) for s in seats(folder)] == [(1, 0)]
