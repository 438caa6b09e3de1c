"""Session files: a token for each learner, of which the service knows the hash alone."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.classroom import seats
from dialtone_kit.classroom.session import NoSession, Session, open_session
from dialtone_kit.classroom.tables import read_csv_text
from dialtone_kit.local.record import Record
from tests.support.class_of import make_class

TRAINER = Record("https://class.example:8788", 8788, Secret("s" * 43), None, "PEM", "Spring")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(make_class(tmp_path / "class", 2))


def file_of(session: Session, seat: int) -> Path:
    return session.folder / "learners" / f"{seat:04}" / "session.json"


def held(session: Session, seat: int) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(file_of(session, seat).read_text())
    return members


def known(session: Session) -> dict[str, Any]:
    members: dict[str, Any] = json.loads((session.folder / "service" / "seats.json").read_text())
    return members["seats"]


def works(session: Session, seat: int) -> bool:
    token = held(session, seat)["token"]
    return bool(known(session)[str(seat)]["key"] == sha256(token.encode()).hexdigest())


def test_each_learner_gets_a_token_of_their_own(session: Session) -> None:
    assert seats.issue(session, TRAINER) == seats.Issued((1, 2))
    assert held(session, 1)["token"] != held(session, 2)["token"]
    assert works(session, 1)
    assert works(session, 2)
    assert held(session, 1) | {"token": ""} == {
        "v": 1,
        "class": "Spring",
        "seat": 1,
        "base_url": TRAINER.base_url,
        "authority": "PEM",
        "token": "",
    }


def test_the_service_knows_no_token_and_the_files_are_private(session: Session) -> None:
    seats.issue(session, TRAINER)
    text = (session.folder / "service" / "seats.json").read_text()
    assert held(session, 1)["token"] not in text
    for path in (file_of(session, 1), session.folder / "service" / "seats.json"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_private_list_says_who_gets_which_file(session: Session) -> None:
    seats.issue(session, TRAINER)
    file_of(session, 2).unlink()  # handed out, and not kept
    seats.issue(session, TRAINER)
    path = session.folder / "session-files.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    (row,) = read_csv_text(path.read_bytes())
    assert (row["seat"], row["email"]) == ("1", session.learners[0].email)
    assert Path(row["file"]) == file_of(session, 1).absolute()
    assert held(session, 1)["token"] not in path.read_text()
    seats.renew(session, TRAINER, 2)
    assert [row["seat"] for row in read_csv_text(path.read_bytes())] == ["1", "2"]


def test_again_changes_nothing(session: Session) -> None:
    seats.issue(session, TRAINER)
    before = file_of(session, 1).read_bytes()
    assert seats.issue(session, TRAINER) == seats.Issued()
    assert file_of(session, 1).read_bytes() == before


def test_a_late_learner_gets_a_seat_and_the_others_keep_theirs(session: Session) -> None:
    seats.issue(session, TRAINER)
    before = held(session, 1)
    make_class(session.folder, 3)
    assert seats.issue(open_session(session.folder), TRAINER) == seats.Issued((3,))
    assert held(session, 1) == before
    assert works(session, 3)


def test_who_leaves_the_roster_loses_the_seat(session: Session) -> None:
    seats.issue(session, TRAINER)
    make_class(session.folder, 1)
    seats.issue(open_session(session.folder), TRAINER)
    assert set(known(session)) == {"1"}


def test_a_service_that_moved_is_in_the_files(session: Session) -> None:
    seats.issue(session, TRAINER)
    token = held(session, 1)["token"]
    seats.issue(session, replace(TRAINER, base_url="https://new.example:9", port=9))
    assert held(session, 1)["base_url"] == "https://new.example:9"
    assert held(session, 1)["token"] == token


def test_a_file_that_was_lost_is_named_and_renewed(session: Session) -> None:
    seats.issue(session, TRAINER)
    old = known(session)["2"]["key"]
    file_of(session, 2).unlink()
    assert seats.issue(session, TRAINER) == seats.Issued(lost=(2,))
    assert known(session)["2"]["key"] == old  # the learner may have the only copy
    assert seats.renew(session, TRAINER, 2) == file_of(session, 2)
    assert known(session)["2"]["key"] != old
    assert works(session, 2)


def test_there_is_no_such_seat(session: Session) -> None:
    with pytest.raises(DialtoneError, match="no seat 9"):
        seats.renew(session, TRAINER, 9)


def test_a_damaged_file_of_seats_says_what_to_do(session: Session) -> None:
    seats.issue(session, TRAINER)
    (session.folder / "service" / "seats.json").write_text('{"seats": [1]}')
    with pytest.raises(NoSession, match=r"is damaged\. Remove it"):
        seats.issue(session, TRAINER)
