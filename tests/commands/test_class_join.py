"""`dialtone class join` and `leave`: what a learner and a trainer read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.commands import class_join
from dialtone_kit.local.record import Record
from dialtone_kit.local.seat import written
from tests.support.class_of import make_class
from tests.support.command_line import dialtone

URL = "https://192.0.2.2:8788"


def session_file(folder: Path, seat: int | None) -> str:
    record = Record(URL, 8788, Secret(f"seat_{'t' * 43}"), seat, "", "Spring")
    PrivateFolder(folder).write("session.json", written(record))
    return str(folder / "session.json")


@pytest.mark.parametrize(
    ("seat", "place"), [(6, "You have seat 6 in"), (None, "You have the trainer's place in")]
)
def test_it_says_which_place_it_is(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seat: int | None,
    place: str,
) -> None:
    monkeypatch.setattr(class_join.place, "ensure", lambda: None)
    assert dialtone("class", "join", session_file(home, seat)) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{place} Spring, at {URL} .")
    assert ("`dialtone audit`, `inbox`" in shown) == (seat is None)


@pytest.mark.parametrize("command", ["audit", "inbox"])
def test_without_a_service_the_trainers_place_of_a_class_here_is_named(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_class(tmp_path / "spring", 1)
    assert dialtone(command) == 1
    assert "your class" not in capsys.readouterr().err
    (tmp_path / "spring" / "trainer.json").touch()
    assert dialtone(command) == 1
    line = f"service of your class: DIALTONE_CLASS=spring/trainer.json dialtone {command}\n"
    assert capsys.readouterr().err.endswith(line)
