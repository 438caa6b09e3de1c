"""`dialtone class new`: what the trainer reads, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialtone_kit.commands import class_new
from tests.support.command_line import dialtone

ROSTER = "name,email\nAnn,ann@example.com\nBob,bob@example.com\n"


@pytest.fixture
def roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "roster.csv"
    file.write_text(ROSTER)
    return file


def new(*arguments: str) -> int:
    return dialtone("class", "new", *arguments)


def test_a_new_class_says_how_long_it_is_kept_and_how_it_ends(
    roster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new("roster.csv", "--keep-days", "14", "--lesson", "3", "--name", "Spring") == 0
    shown = capsys.readouterr().out
    assert "2 learners, lessons 03." in shown
    assert "keep_days = 14" in shown
    assert "`dialtone class end`" in shown
    assert "links.csv" not in shown


def test_bad_rows_are_all_reported_and_nothing_is_made(
    roster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster.write_text(ROSTER + "Cy,cy\nAnn,ann@example.com\n")
    assert new("roster.csv") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line[:6] for line in lines] == ["row 4:", "row 5:", "dialto"]
    assert list(roster.parent.iterdir()) == [roster]


def test_the_same_command_again_adds_late_learners_and_keeps_the_settings(
    roster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new("roster.csv", "c", "--hub", "https://hub.example.org")
    roster.write_text(ROSTER.replace("Bob,bob", "Cy,cy"))
    capsys.readouterr()
    assert new("roster.csv", "c", "--hub", "https://other.example.org") == 0
    shown = capsys.readouterr().out
    assert "Added 1 learner: seat 3." in shown
    assert "Not in the roster any more: seat 2. They stay" in shown
    assert "Settings stay" in shown
    assert "https://hub.example.org/hub/user-redirect/lab" in shown


def test_a_corrected_address_is_a_new_seat_and_the_old_one_is_named(
    roster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new("roster.csv", "c")
    roster.write_text(ROSTER.replace("Bob,bob", "BOB,rob"))
    for _ in range(2):  # whether the seat is new or there already
        capsys.readouterr()
        new("roster.csv", "c")
        assert "Seat 3 has the same name as seat 2. If you corrected" in capsys.readouterr().out
    new("roster.csv", "c", "--remove", "--yes")
    assert "the same name" not in capsys.readouterr().out
    roster.write_text(ROSTER.replace("Bob,bob", "Cy,cy"))
    new("roster.csv", "c")
    assert "the same name" not in capsys.readouterr().out


def test_nobody_is_removed_without_being_asked_about(
    roster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new("roster.csv", "c")
    roster.write_text(ROSTER.rpartition("Bob")[0])
    assert new("roster.csv", "c", "--remove") == 2
    assert "Add --yes" in capsys.readouterr().err
    assert new("roster.csv", "c", "--remove", "--yes") == 0
    assert "Removed, with what was theirs: seat 2. An empty folder" in capsys.readouterr().out


def test_while_the_service_runs_it_is_said_where_the_new_session_files_are(
    roster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new("roster.csv", "c")
    for name, runs in (("Cy,cy", False), ("Di,di", True)):
        found = object() if runs else None
        monkeypatch.setattr(class_new.process, "running", lambda folder, found=found: found)
        roster.write_text(roster.read_text() + f"{name}@example.com\n")
        new("roster.csv", "c")
        assert ("see session-files.csv." in capsys.readouterr().out) is runs


def test_a_foreign_folder_is_one_line(roster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new("roster.csv", ".") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
