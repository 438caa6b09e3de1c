"""The board: what it shows of a class, and that only the trainer's token opens it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.board import PARTS, board_of, parts
from dialtone_kit.classroom.board_app import FRESH, HEADER, Desk, board_app
from dialtone_kit.classroom.class_events import RUNS, ClassEvents
from dialtone_kit.classroom.gains import gains
from dialtone_kit.classroom.pages import PAIRS, label_of
from dialtone_kit.classroom.session import open_session
from dialtone_kit.classroom.tables import csv_text
from tests.support.class_of import LESSONS, NOON, event, give, make_class, quizzed, tried

TOKEN = "t" * 43


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_class(tmp_path / "class", 3)
    give(made, 1, [event(NOON - 700, "01", "opened")])
    tries = [tried(NOON - 90 + n, "03.signature", "wrong", "M13") for n in range(5)]
    give(made, 2, [event(NOON - 99, "01", "done"), event(NOON - 95, "03", "opened"), *tries])
    give(made, 2, [quizzed(NOON - 800, "pre", "stolen", right=False)])
    return made


def client(desk: Desk) -> TestClient:
    return TestClient(board_app(desk, Secret(TOKEN)), base_url="http://127.0.0.1")


def look(client: TestClient, seen: str = "", token: str = TOKEN) -> httpx.Response:
    return client.get(f"/parts?seen={seen}", headers={HEADER.encode(): token.encode()})


def shown(folder: Path, *, names: bool = False, now: float = NOON) -> dict[str, str]:
    seats = ClassEvents().seats(open_session(folder))
    made = parts(board_of("Spring", seats, LESSONS, now, []), label_of(names))
    return {name: " ".join(html.split()) for name, html in made.items()}


def test_it_says_who_is_where_what_fails_and_who_may_be_stuck(folder: Path) -> None:
    page = shown(folder)
    assert set(page) == set(PARTS)
    assert '▲ <b>Seat 1</b></span> <span class="why">no event for 11 min, in 01' in page["stuck"]
    assert "5 tries at “Raw r‖s instead of DER”" in page["stuck"]
    assert "Raw r‖s instead of DER" in page["exercises"]
    assert "1 of 1" in page["exercises"]
    assert "M13 “A signature is a signature”" in page["codes"]
    assert "M08" in page["sure"]
    assert "0/1 → –" in page["pairs"]
    assert "not begun" in page["everyone"]
    assert ">gain" not in page["pairs"]


def test_whoever_is_at_work_or_stuck_is_in_one_lesson_and_counts_there_once(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 3)
    done = event(NOON - 60, "03", "done")
    give(folder, 1, [done, event(NOON - 50, "03", "opened")])
    give(folder, 2, [done])
    give(folder, 3, [event(NOON - 50, "03", "opened")])
    board = board_of("", ClassEvents().seats(open_session(folder)), LESSONS, NOON, [])
    assert board.count("working", "stuck") == sum(row.here for row in board.lessons) == 2
    assert board.count("between") == 1
    (third,) = [row for row in board.lessons if row.number == "03"]
    assert (third.here, third.done, third.left, third.open) == (2, 1, 0, 1)
    for name in ("03.coordinates", "03.signature", "03.six-proofs"):
        give(folder, 2, [tried(NOON - 70, name, "right")])
    board = board_of("", ClassEvents().seats(open_session(folder)), LESSONS, NOON, [])
    assert [row.open for row in board.lessons if row.number == "03"] == [0]


def test_seats_are_shown_and_names_only_when_asked(folder: Path) -> None:
    assert "Learner Number1" not in "".join(shown(folder).values())
    assert "Learner Number1" in "".join(shown(folder, names=True).values())


def test_a_name_is_text_and_nothing_else(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    hostile = [(1, "<script>x</script>\u202e", "a@example.com")]
    PrivateFolder(folder).write("learners.csv", csv_text(("seat", "name", "email"), hostile))
    page = "".join(shown(folder, names=True).values())
    assert "<script" not in page
    assert "&lt;script&gt;x&lt;/script&gt;\\u202e" in page


def test_the_shell_is_for_anyone_here_and_says_nothing(folder: Path) -> None:
    answer = client(Desk(folder)).get("/")
    assert answer.status_code == 200
    assert "Spring" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "://" not in answer.text


@pytest.mark.parametrize("path", ["/board.js", "/board.css", "/class.css"])
def test_what_the_page_loads_comes_from_here(folder: Path, path: str) -> None:
    answer = client(Desk(folder)).get(path)
    assert answer.status_code == 200
    assert "http" not in answer.text


@pytest.mark.parametrize("token", ["", "t" * 42, "T" * 43, "ü"])
def test_without_the_token_there_is_nothing(folder: Path, token: str) -> None:
    answer = look(client(Desk(folder)), token=token)
    assert answer.status_code == 401
    assert "link" in answer.text


def test_what_was_seen_is_not_sent_again_until_it_changes(folder: Path, clock: Clock) -> None:
    board = client(Desk(folder, now=clock))
    first = look(board).json()
    assert look(board, first["version"]).status_code == 204
    give(folder, 3, [event(NOON, "01", "opened")])
    clock.now += FRESH
    second = look(board, first["version"]).json()
    changed = {name for name in PARTS if first["parts"][name] != second["parts"][name]}
    assert changed == {"figures", "lessons", "everyone", "codes", "sure"}  # one more of whom


def test_trouble_is_shown_above_the_rest(tmp_path: Path, clock: Clock) -> None:
    folder = make_class(tmp_path / "class", 1, made="2026-10-01")
    answer = look(client(Desk(folder, trouble=lambda: "It's away.", now=clock))).json()
    notices = answer["parts"]["notices"]
    assert notices.count("<p>") == 3
    assert "It&#39;s away." in notices
    assert "was to be kept until 31 October 2026" in notices
    assert "There are no events yet" in notices


def test_unattended_runs_are_shown_only_when_asked_and_said_to_be_that(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    give(folder, 1, [event(NOON, "01", "opened"), event(NOON + 9, "01", "done")], RUNS)
    plain = look(client(Desk(folder))).json()["parts"]
    assert "not begun" in plain["everyone"]
    runs = look(client(Desk(folder, runs=True))).json()["parts"]
    assert "not begun" not in runs["everyone"]
    assert "It is not what learners did." in runs["notices"]


def test_a_class_that_has_gone_is_said_in_one_line(folder: Path, clock: Clock) -> None:
    board = client(Desk(folder, now=clock))
    (folder / "class.toml").unlink()
    answer = look(board)
    assert answer.status_code == 503
    assert "isn't the folder of a class" in answer.text


def test_every_pair_of_the_quiz_has_a_name() -> None:
    assert {row.pair for row in gains([])} == set(PAIRS)
