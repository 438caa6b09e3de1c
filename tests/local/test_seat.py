"""The session file: where it is, what is wrong with it, and the proof before the token is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialtone_kit.base.errors import DialtoneError, ServiceError, ServiceUnreachable
from dialtone_kit.base.masking import Secret
from dialtone_kit.client import transport
from dialtone_kit.client.retry import explained
from dialtone_kit.local import place
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import Record
from dialtone_kit.local.running import LocalService
from dialtone_kit.local.seat import BadSession, join, leave, must_answer, read_seat, written
from tests.support.class_room import Room, running_room
from tests.support.command_line import dialtone
from tests.support.running_mock import free_port
from tests.support.strangers import stranger

TOKEN = "seat_" + "t" * 43


def seat(base_url: str, token: str = TOKEN, number: int = 1) -> Record:
    return Record(base_url, int(base_url.rpartition(":")[2]), Secret(token), number, "", "Spring")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with running_room(tmp_path_factory.mktemp("room") / "state") as room:
        yield room


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session file that the variable names."""
    path = home / "session.json"
    path.touch(mode=0o600)
    path.write_text(written(seat("http://127.0.0.1:9")))
    monkeypatch.setenv("DIALTONE_CLASS", str(path))
    return path


def test_without_a_file_there_is_no_seat(home: Path) -> None:
    assert read_seat() is None


def test_the_variable_names_the_file(file: Path) -> None:
    assert read_seat() == seat("http://127.0.0.1:9")


def test_a_joined_file_is_kept_for_you_alone_and_forgotten(home: Path) -> None:
    given = home / "download.json"
    given.write_text(written(seat("http://127.0.0.1:9")))
    given.chmod(0o644)  # as a browser saves it
    join(given)
    assert read_seat() == seat("http://127.0.0.1:9")
    assert (home / "config" / "class.json").stat().st_mode & 0o777 == 0o600
    assert leave()
    assert read_seat() is None
    assert not leave()


@pytest.mark.parametrize(
    "change",
    [
        {"token": "short"},
        {"token": None},
        {"seat": "1"},
        {"base_url": "http://class.example:8788"},
        {"base_url": "https://class.example"},
        {"authority": 1},
    ],
    ids=str,
)
def test_what_is_no_session_file_is_one_line(file: Path, change: dict[str, Any]) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(BadSession, match="Ask your trainer for your session file again") as told:
        read_seat()
    assert TOKEN not in str(told.value)


def test_a_newer_file_asks_for_an_upgrade(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {"v": 2}))
    with pytest.raises(BadSession, match="Upgrade"):
        read_seat()


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(DialtoneError, match="600"):
        read_seat()


def test_a_file_that_is_gone_is_one_line(file: Path) -> None:
    file.unlink()
    with pytest.raises(BadSession, match="there is no such file"):
        read_seat()


def test_the_service_proves_that_it_knows_the_seat(room: Room) -> None:
    anna = room.learners[0]
    assert must_answer(seat(room.base_url, anna.token)).kind == "ours"
    assert "seat_" not in repr(seat(room.base_url, anna.token)).replace("seat_…", "")


@pytest.mark.parametrize("number", [1, 99])
def test_a_file_of_another_class_is_one_line(room: Room, number: int) -> None:
    with pytest.raises(ServiceUnreachable, match="from another class, or was renewed"):
        must_answer(seat(room.base_url, TOKEN, number))


def test_a_service_that_is_away_says_how_to_go_on(home: Path) -> None:
    with pytest.raises(ServiceUnreachable, match="dialtone class leave"):
        must_answer(seat(f"http://127.0.0.1:{free_port()}"))


def test_a_stranger_on_the_port_never_sees_the_token(home: Path) -> None:
    port = free_port()
    mine = seat(f"http://127.0.0.1:{port}")
    with stranger(port) as heard, pytest.raises(ServiceUnreachable, match="didn't prove"):
        Controls(lambda: LocalService(mine, None, "")).inbox()
    assert [one[:22] for one in heard] == ["GET /mock/hello?nonce="]
    assert TOKEN not in heard[0]
    assert "authorization" not in heard[0].lower()


def test_a_learners_controls_are_their_own(room: Room) -> None:
    anna = Controls(lambda: LocalService(seat(room.base_url, room.learners[0].token), None, ""))
    realm = anna.new_realm()
    anna.claim("made-up@example.com")
    room.request_enrollment("default", email="made-up@example.com")
    assert anna.code_for("made-up@example.com", "default")
    with pytest.raises(ServiceError, match="Only the trainer can do this here"):
        anna.rotate_keys()
    assert anna.remove_realms() == 1
    with pytest.raises(ServiceError, match="no realm with this name"):
        anna.move_clock(realm, 5)


def test_lessons_take_the_class_for_the_local_service(
    room: Room, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(written(seat(room.base_url, room.learners[1].token, 2)))
    place.only_it(place.ensure())
    assert place.at(room.base_url) is not None
    assert place.at("https://id.example.com") is None
    assert not place.revive()
    assert transport._PROVERS.keys() == {room.port}
    gone = httpx.ConnectError("refused", request=httpx.Request("GET", f"{room.base_url}/token"))
    assert "the service of your class: check your network, and tell" in str(explained(gone))
    gone = httpx.ConnectError("refused", request=httpx.Request("GET", "https://id.example.com/"))
    assert "run `dialtone serve`" in str(explained(gone))
    assert dialtone("class", "join", str(file.parent / "none.json")) == 1
    assert "There is no file" in capsys.readouterr().err
