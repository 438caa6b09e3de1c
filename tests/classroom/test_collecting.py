"""Events from the class service: each once, whatever was interrupted, and no token to strangers."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom import collecting
from dialtone_kit.classroom.class_events import SHARED, ClassEvents
from dialtone_kit.classroom.class_service import ClassService, Row, ServiceAway, class_service
from dialtone_kit.classroom.collecting import NOTE, Collector, collect
from dialtone_kit.classroom.session import open_session
from tests.client.test_transport import certificate
from tests.support.class_of import NOON, event, make_class, tried

SECRET = "trainer-secret-" + "x" * 30


class Service(ClassService):
    """A class service that has `rows`, and gives out two at a time."""

    rows: list[Row]

    def events(self, after: int) -> list[Row]:
        return [row for row in self.rows if row.id > after][:2]


def service(*rows: Row) -> Service:
    made = Service.__new__(Service)
    object.__setattr__(made, "rows", list(rows))
    return made


def row(number: int, seat: int = 1, lesson: str = "01", kind: str = "opened") -> Row:
    made = event(NOON + number, lesson, kind)
    del made["v"]
    return Row(number, seat, made | {"number": number}, made["at"])


def kinds(folder: Path) -> list[list[float]]:
    return [[e.at - NOON for e in s.events] for s in ClassEvents().seats(open_session(folder))]


def test_all_pages_come_and_the_next_time_only_what_is_new(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    session = open_session(folder)
    here = service(row(1), row(2, seat=2), row(3), row(5))
    assert collect(session, here) == 4
    here.rows.append(row(6, seat=2))
    assert collect(session, here) == 1
    assert collect(session, here) == 0
    assert kinds(folder) == [[1, 3, 5], [2, 6]]
    path = folder / "learners" / "0001" / SHARED
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_note_that_was_lost_or_torn_adds_nothing_twice(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    here = service(row(1), row(2), row(3))
    collect(open_session(folder), here)
    (folder / NOTE).write_text('{"id": 2')
    assert collect(open_session(folder), here) == 0
    (folder / NOTE).unlink()
    assert collect(open_session(folder), here) == 0
    assert kinds(folder) == [[1, 2, 3]]


def test_a_service_with_a_new_database_counts_anew_and_loses_nothing(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    collect(open_session(folder), service(row(7), row(8), row(9)))
    again = Row(2, 1, row(9).event, row(20).received_at)  # what was sent again
    anew = service(Row(1, 1, row(11).event), again, Row(3, 1, row(12).event))
    assert collect(open_session(folder), anew) == 2
    assert kinds(folder) == [[7, 8, 9, 11, 12]]


def test_what_nobody_has_a_seat_for_or_cant_be_used_is_left_out(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    bad = Row(2, 1, {"at": "now", "lesson": "01", "kind": "opened"})
    assert collect(open_session(folder), service(row(1, seat=99), bad, row(3))) == 1
    assert sorted(path.name for path in (folder / "learners").iterdir()) == ["0001"]


def test_a_class_without_a_service_has_nothing_to_collect(tmp_path: Path) -> None:
    assert collect(open_session(make_class(tmp_path / "class", 1))) == 0


def test_a_damaged_trainer_file_is_one_line(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    PrivateFolder(folder).write("trainer.json", '{"base_url": "https://class.example"}')
    with pytest.raises(DialtoneError, match="damaged. `dialtone class serve` writes it again"):
        class_service(folder)


# --- over the wire ---


class _Handler(BaseHTTPRequestHandler):
    heard: list[str]
    answer: bytes

    def do_GET(self) -> None:
        self.heard.append(f"{self.path} {self.headers.get('Authorization', '')}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *parts: object) -> None:
        pass


@contextmanager
def stand_in(answer: object, tls: tuple[Path, Path] | None = None) -> Iterator[tuple[str, Any]]:
    """A server that answers everything in the same way; its URL, and what it heard."""
    members = {"heard": [], "answer": json.dumps(answer).encode()}
    handler = type("Handler", (_Handler,), members)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}", members["heard"]
    finally:
        server.shutdown()
        server.server_close()


def known(folder: Path, url: str, authority: str = "") -> ClassService:
    members = {"base_url": url, "token": SECRET, "authority": authority}
    PrivateFolder(folder).write("trainer.json", json.dumps(members))
    found = class_service(folder)
    assert found is not None
    return found


ANSWER = {"events": [{"id": 4, "seat": 1, "event": tried(NOON, "01.facts", "right")}]}


def test_over_tls_only_the_classs_own_authority_is_trusted(tmp_path: Path) -> None:
    pair = certificate(tmp_path / "server", "127.0.0.1")
    other = certificate(tmp_path / "other", "127.0.0.1")[0].read_text()
    with stand_in(ANSWER, pair) as (url, heard):
        with pytest.raises(ServiceAway):
            known(tmp_path / "a", url, other).events(3)
        with pytest.raises(ServiceAway):
            known(tmp_path / "b", url).events(3)
        assert heard == []
        (found,) = known(tmp_path / "c", url, pair[0].read_text()).events(3)
    assert (found.id, found.seat, found.event["id"]) == (4, 1, "01.facts")
    assert heard[0].startswith("/mock/class/events?after=3 Bearer ")
    assert SECRET not in heard[0]


def test_a_stranger_on_the_port_gets_no_token(tmp_path: Path) -> None:
    with stand_in(ANSWER) as (url, heard):
        with pytest.raises(ServiceAway, match="Is `dialtone class serve` running?"):
            known(tmp_path, url).events(0)
    assert len(heard) == 1
    assert heard[0].startswith("/mock/hello?")
    assert heard[0].endswith(" ")


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"events": [{"id": "x"}]}, {"events": [{"id": 3, "seat": 1, "event": {}}]}],
)
def test_an_answer_that_makes_no_sense_is_one_line(tmp_path: Path, answer: object) -> None:
    pair = certificate(tmp_path / "server", "127.0.0.1")
    with stand_in(answer, pair) as (url, _), pytest.raises(ServiceAway):
        known(tmp_path / "class", url, pair[0].read_text()).events(3)


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


def test_a_secret_is_in_no_repr(tmp_path: Path) -> None:
    assert SECRET not in repr(known(tmp_path, "https://class.example:8788", "PEM"))
