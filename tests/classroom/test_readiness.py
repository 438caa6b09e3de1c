"""Before the day: each line says ok, or what to do."""

from __future__ import annotations

import socket
import subprocess
from collections import namedtuple
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom import readiness
from dialtone_kit.classroom.grading import sandbox
from dialtone_kit.classroom.making import make
from dialtone_kit.classroom.roster import Person, Roster
from dialtone_kit.classroom.seats import TRAINER_FILE
from dialtone_kit.classroom.session import Session
from dialtone_kit.local.record import Record
from dialtone_kit.local.seat import written

ROOT = Path(__file__).parents[2]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    people = tuple(Person(name, f"{name}@example.com") for name in ("ann", "bob"))
    return make(tmp_path / "c", Roster(people), {"lessons": ("00", "03"), "keep_days": 10}).session


def test_a_class_that_was_just_made_is_ready(session: Session) -> None:
    found = list(readiness.examine(session, ROOT / "notebooks", date.today()))
    assert [one.what for one in found if not one.ok and one.what != "Memory"] == []
    assert {one.what for one in found} >= {"Roster", "Lessons", "Personal data", "Disk", "Ports"}


def test_a_lost_file_of_a_learner_is_named_by_the_seat(session: Session) -> None:
    (session.folder / "learners/0002/parameters.yaml").unlink()
    found = readiness.roster(session)
    assert (found.ok, "seat 2" in found.text, "class new" in found.text) == (False, True, True)


def test_a_lesson_that_is_not_here_is_named(session: Session, tmp_path: Path) -> None:
    (tmp_path / "00-start-here.ipynb").touch()
    found = readiness.lessons(session, tmp_path)
    assert (found.ok, found.text.endswith("doesn't have 03.")) == (False, True)


def test_personal_data_that_is_kept_too_long_is_reported(session: Session) -> None:
    last = date.today() + timedelta(days=10)
    assert readiness.kept(session, last).ok
    late = readiness.kept(session, last + timedelta(days=1))
    assert (late.ok, "class end" in late.text) == (False, True)


def test_disk_and_memory_are_counted_for_the_whole_class(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    for free, ok in ((10_000_000, True), (9_999_999, False)):
        monkeypatch.setattr(readiness.shutil, "disk_usage", lambda path, free=free: usage(free))
        assert readiness.disk(session).ok is ok
    monkeypatch.setattr(readiness, "MEMORY_OF_A_WORKER", 1)
    assert readiness.memory(2).ok
    monkeypatch.setattr(readiness, "MEMORY_OF_A_WORKER", 10**15)
    assert not readiness.memory(2).ok


def test_the_port_of_the_class_must_be_free(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        trainer = Record(f"http://127.0.0.1:{port}", port, Secret("x" * 43), class_name="c")
        PrivateFolder(session.folder).write(TRAINER_FILE, written(trainer))
        [found] = readiness.ports(session)
        assert (found.ok, str(port) in found.text) == (False, True)
    [found] = readiness.ports(session)
    assert (found.ok, str(port) in found.text) == (True, True)


def test_the_port_is_not_in_the_way_of_the_service_that_has_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        trainer = Record(f"http://127.0.0.1:{port}", port, Secret("x" * 43), class_name="c")
        PrivateFolder(session.folder).write(TRAINER_FILE, written(trainer))
        monkeypatch.setattr(readiness.process, "running", lambda folder: object())
        assert [one.ok for one in readiness.ports(session)] == [True]


@pytest.mark.parametrize(
    ("program", "code", "ok", "text"),
    [
        (None, 0, True, "only `dialtone class grade` needs it"),
        ("/usr/bin/bwrap", 0, True, "makes a sandbox"),
        ("/usr/bin/bwrap", 1, False, "No permissions"),
    ],
)
def test_bubblewrap_is_tried_and_not_only_looked_for(
    monkeypatch: pytest.MonkeyPatch, program: str | None, code: int, ok: bool, text: str
) -> None:
    done: Any = subprocess.CompletedProcess([], code, b"", b"bwrap: No permissions\n")
    monkeypatch.setattr(readiness.shutil, "which", lambda name: program)
    monkeypatch.setattr(sandbox.subprocess, "run", lambda *args, **options: done)
    found = readiness.bubblewrap()
    assert found.ok is ok
    assert text in found.text


def test_dask_is_mentioned_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, text in ((object(), "installed"), (None, "pip install -e '.[classroom]'")):
        monkeypatch.setattr(readiness, "find_spec", lambda name, there=there: there)
        found = readiness.dask()
        assert found.ok
        assert text in found.text
