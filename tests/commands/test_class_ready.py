"""`dialtone class ready`: three ways to run it, and what each prints."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from dialtone_kit.base.finding import Finding
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.commands import class_ready
from dialtone_kit.local.controls import Controls, PolicyFile
from dialtone_kit.local.record import Record
from dialtone_kit.local.seat import written
from tests.support.command_line import dialtone


@pytest.fixture(autouse=True)
def quick(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which `dialtone doctor` has nothing to report."""
    monkeypatch.chdir(home)
    monkeypatch.setattr(class_ready, "examine", lambda: [Finding(True, "Python", "3.11")])
    return home


def ready(*arguments: str) -> int:
    return dialtone("class", "ready", *arguments)


def test_without_a_class_it_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert ready() == 1
    assert "look Class: dialtone-class isn't the folder of a class" in capsys.readouterr().out


def test_a_class_is_ready_and_the_line_for_learners_is_printed(
    quick: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_ready.readiness, "MEMORY_OF_A_WORKER", 1)
    (quick / "roster.csv").write_text("name,email\nAnn,ann@example.com\n")
    dialtone("class", "new", "roster.csv")
    capsys.readouterr()
    assert ready() == 0
    shown = capsys.readouterr().out
    assert "ok   Roster: 1 learner" in shown
    assert "ok   Pack: none" in shown
    assert "dialtone class ready --here --seat NUMBER" in shown


def test_while_the_service_runs_a_mistake_in_its_policies_is_shown(
    quick: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (quick / "roster.csv").write_text("name,email\nAnn,ann@example.com\n")
    dialtone("class", "new", "roster.csv")
    place = Record("http://127.0.0.1:9", 9, Secret("s" * 43), None, "", "Spring")
    PrivateFolder(quick / "dialtone-class").write("trainer.json", written(place))
    found = PolicyFile("a.cedar", (), False, "a.cedar:3: unexpected", "v1", True)
    monkeypatch.setattr(Controls, "policies", lambda self: [found])
    ready()
    assert "Class policies" not in capsys.readouterr().out
    runs = SimpleNamespace(running=lambda folder: object())
    monkeypatch.setattr(class_ready, "process", runs)
    assert ready() == 1
    assert "look Class policies: a.cedar:3: unexpected; the last" in capsys.readouterr().out


def test_a_learner_gets_a_line_and_the_trainer_compares_it(
    quick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ready("--here", "--seat", "2") == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("dialtone-ready/1 seat=2 wrong=none python=")
    other = line.replace("seat=2", "seat=3").replace("kit=", "kit=9.")
    (quick / "lines.txt").write_text(f"{line}\n{line.replace('seat=2', 'seat=1')}\n{other}\n")
    assert ready("--compare", "lines.txt") == 1
    shown = capsys.readouterr().out
    assert "look kit: " in shown
    assert "on seat 3" in shown


def test_a_pack_that_is_not_there_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert ready("--pack", "none.zip") == 1
    assert "look Pack: none.zip can't be used" in capsys.readouterr().out
