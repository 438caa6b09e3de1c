"""Events from the class service: each once, whatever was interrupted."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom import class_service, collecting
from dialtone_kit.classroom.class_events import SHARED, ClassEvents
from dialtone_kit.classroom.class_service import Row, ServiceAway
from dialtone_kit.classroom.collecting import NOTE, Collector, collect, take_over
from dialtone_kit.classroom.session import open_session
from dialtone_kit.local.record import Record, free_port
from dialtone_kit.local.seat import written
from tests.support.class_of import NOON, event, make_class, tried
from tests.support.class_room import running_room


class Service:
    """A class service that has `rows`, and gives out two at a time."""

    def __init__(self, *rows: Row) -> None:
        self.rows = list(rows)

    def __call__(self, after: int) -> list[Row]:
        return [row for row in self.rows if row.id > after][:2]


def row(number: int, seat: int = 1, lesson: str = "01", kind: str = "opened") -> Row:
    made = event(NOON + number, lesson, kind)
    del made["v"]
    return Row(number, seat, made | {"number": number}, made["at"])


def kinds(folder: Path) -> list[list[float]]:
    return [[e.at - NOON for e in s.events] for s in ClassEvents().seats(open_session(folder))]


def test_all_pages_come_and_the_next_time_only_what_is_new(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    session = open_session(folder)
    here = Service(row(1), row(2, seat=2), row(3), row(5))
    assert take_over(session, here) == 4
    here.rows.append(row(6, seat=2))
    assert take_over(session, here) == 1
    assert take_over(session, here) == 0
    assert kinds(folder) == [[1, 3, 5], [2, 6]]
    path = folder / "learners" / "0001" / SHARED
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_note_that_was_lost_or_torn_adds_nothing_twice(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    here = Service(row(1), row(2), row(3))
    take_over(open_session(folder), here)
    (folder / NOTE).write_text('{"id": 2')
    assert take_over(open_session(folder), here) == 0
    (folder / NOTE).unlink()
    assert take_over(open_session(folder), here) == 0
    assert kinds(folder) == [[1, 2, 3]]


def test_a_service_with_a_new_database_counts_anew_and_loses_nothing(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    take_over(open_session(folder), Service(row(7), row(8), row(9)))
    again = Row(2, 1, row(9).event, row(20).received_at)  # what was sent again
    anew = Service(Row(1, 1, row(11).event), again, Row(3, 1, row(12).event))
    assert take_over(open_session(folder), anew) == 2
    assert kinds(folder) == [[7, 8, 9, 11, 12]]


def test_what_nobody_has_a_seat_for_or_cant_be_used_is_left_out(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    bad = Row(2, 1, {"at": "now", "lesson": "01", "kind": "opened"})
    assert take_over(open_session(folder), Service(row(1, seat=99), bad, row(3))) == 1
    assert sorted(path.name for path in (folder / "learners").iterdir()) == ["0001"]


def test_a_class_without_a_service_has_nothing_to_collect(tmp_path: Path) -> None:
    assert collect(open_session(make_class(tmp_path / "class", 1))) == 0


def test_a_damaged_trainer_file_is_one_line(tmp_path: Path) -> None:
    session = open_session(make_class(tmp_path / "class", 1))
    PrivateFolder(session.folder).write("trainer.json", '{"base_url": "https://class.example"}')
    with pytest.raises(DialtoneError, match="is damaged"):
        collect(session)


def test_a_service_that_is_away_is_one_line(tmp_path: Path) -> None:
    session = open_session(make_class(tmp_path / "class", 1))
    port = free_port(0)
    away = Record(f"http://127.0.0.1:{port}", port, Secret("x" * 43), class_name="c")
    PrivateFolder(session.folder).write("trainer.json", written(away))
    with pytest.raises(ServiceAway, match="Is `dialtone class serve` running"):
        collect(session)


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"events": [{"id": "x"}]}, {"events": [{"id": 3, "seat": 1, "event": {}}]}],
)
def test_an_answer_that_makes_no_sense_is_one_line(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_service, "call", lambda *a, **o: answer)
    with pytest.raises(ServiceAway):
        class_service.shared_events(Record("http://127.0.0.1:1", 1, Secret("x")), 3)


def test_what_learners_share_at_the_service_gets_to_their_seats(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    with running_room(tmp_path / "state") as room:
        trainer = Record(room.base_url, room.port, Secret(room.secret), class_name="Spring class")
        PrivateFolder(folder).write("trainer.json", written(trainer))
        for n, learner in enumerate(room.learners):
            made = tried(NOON + n, "01.facts", "wrong", "M19") | {"number": n}
            del made["v"]
            sent = {"series": "0123456789abcdef", "events": [made]}
            assert learner.control("POST", "class/events", json=sent).status_code == 200
        assert [collect(open_session(folder)), collect(open_session(folder))] == [2, 0]
    found = [event for seat in ClassEvents().seats(open_session(folder)) for event in seat.events]
    assert [(event.id, event.code) for event in found] == [("01.facts", "M19")] * 2


def test_the_collector_says_what_is_wrong_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "OFTEN", 0.01)
    monkeypatch.setattr(collecting, "LATER", 0.01)
    answers, told = iter([ServiceAway("away"), None]), []
    over = threading.Event()

    def collect_next(session: object) -> int:
        told.append(collector.trouble)
        problem = next(answers, None)
        if problem:
            raise problem
        if len(told) == 3:
            over.set()
        return 0

    monkeypatch.setattr(collecting, "collect", collect_next)
    collector = Collector(make_class(tmp_path / "class", 1))
    collector.start()
    assert over.wait(10)
    collector.close()
    assert told[:3] == ["", "away", ""]
    assert not collector.is_alive()
