"""The end of a class: results first, then everything about learners goes, and can be resumed."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dialtone_kit.classroom import ending, results, seats
from dialtone_kit.classroom.in_use import StillUsed, using
from dialtone_kit.commands import class_end
from dialtone_kit.local.kept import Kept
from tests.support.class_of import NOON, event, give, make_class
from tests.support.command_line import dialtone

PRIVATE = "service/mock.sqlite3", "service/authority-key.pem", "trainer.json", "run.jsonl"
HOLD = """
import sys
from pathlib import Path
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def end(folder: Path, *more: str) -> int:
    return dialtone("class", "end", str(folder), "--yes", *more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_class(tmp_path / "class", 2)
    give(made, 1, [event(NOON, "13", "wrote", id="13.teach", text="my own sentence")])
    (made / "service").mkdir(mode=0o700)
    for name in (
        "service/mock.sqlite3",
        "service/authority-key.pem",
        "trainer.json",
        "run.jsonl",
        seats.HAND_OUT,
    ):
        (made / name).write_text("private")
    (made / ".learners.123.x1y2").mkdir()  # as a killed `class new` leaves it
    return made


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process holds the lock."""
    line = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        yield
        other.stdin.close()


def test_the_results_stay_and_the_rest_is_gone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(folder) == 0
    assert names(tmp_path) == ["class-results"]
    kept = {path.name for path in (tmp_path / "class-results").iterdir()}
    assert {"report.html", "by-learner.csv", "events.zip"} <= kept
    with zipfile.ZipFile(tmp_path / "class-results" / "events.zip") as archive:
        (line,) = archive.read("0001.jsonl").decode().splitlines()
    assert json.loads(line)["id"] == "13.teach"
    everything = "".join(p.read_text() for p in (tmp_path / "class-results").glob("*.[ch]*"))
    assert "Number1" not in everything
    assert "sentence" not in line
    output = capsys.readouterr().out
    assert "names and email addresses" in output
    assert (
        "each learner runs `dialtone purge` there, and only then `dialtone class leave`" in output
    )
    assert "the roster, what learners handed in, copies of session files" in output


def test_names_are_kept_only_when_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(folder, "--keep-names", "--to", str(tmp_path / "kept")) == 0
    assert "Learner Number1" in (tmp_path / "kept" / "by-learner.csv").read_text()
    assert class_end.NAMELESS not in capsys.readouterr().out


def test_what_no_command_made_stays_and_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "slides.pdf").write_text("mine")
    assert end(folder) == 0
    assert names(folder) == ["slides.pdf"]
    assert "slides.pdf" in capsys.readouterr().out.partition("Stays")[2]


def test_a_database_that_is_elsewhere_is_named_without_its_password(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = "postgresql://db.example:5432/class"
    setup = {"workers": 2, "database": database, "url": None}
    (folder / "service" / "setup.json").write_text(json.dumps(setup))
    (folder / "service" / "setup.json").chmod(0o600)
    assert end(folder) == 0
    assert f"{database}: the class service's database; drop it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lock", "command"),
    [("run.lock", "run"), ("service/serve.lock", "serve"), ("board-1.lock", "board")],
)
def test_it_refuses_while_a_command_uses_the_class(
    folder: Path, lock: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(folder / lock):
        assert end(folder) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"`dialtone class {command}` still uses" in error
    assert (folder / "learners.csv").exists()
    assert end(folder) == 0  # the lock's file is there, and nobody holds it


def test_a_board_of_this_class_is_seen(folder: Path) -> None:
    with using(folder, "board"), pytest.raises(StillUsed), ending.alone(folder):
        pass
    with ending.alone(folder):
        pass


@pytest.mark.parametrize("target", ["class/inside", "class", "taken"])
def test_a_place_that_cant_take_the_results_is_refused(
    folder: Path, tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").mkdir()
    assert end(folder, "--to", str(tmp_path / target)) == 1
    assert "--to" in capsys.readouterr().err
    assert (folder / "learners" / "0001" / "progress.jsonl").exists()


def test_an_end_that_was_interrupted_goes_on_and_keeps_the_first_results(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def remove_three(one: Kept) -> None:
        if one.path.name == "trainer.json":
            raise KeyboardInterrupt
        remove(one)

    remove = ending.remove
    monkeypatch.setattr(ending, "remove", remove_three)
    assert end(folder) == 130
    assert not (folder / "learners").exists()
    before = (tmp_path / "class-results" / "by-learner.csv").read_bytes()
    monkeypatch.setattr(ending, "remove", remove)
    assert end(folder) == 0
    assert not folder.exists()
    assert (tmp_path / "class-results" / "by-learner.csv").read_bytes() == before
    assert "Results are in: " in capsys.readouterr().out


def test_an_export_that_was_interrupted_leaves_nothing_half_made(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(seats: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(results, "_zipped", fail)
        assert end(folder) == 130
    assert names(tmp_path) == ["class"]
    assert end(folder) == 0
    assert (tmp_path / "class-results" / "events.zip").exists()


def test_what_cant_be_deleted_is_said_and_the_rest_can_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(one: Kept) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(ending, "remove", refuse)
        assert end(folder) == 1
    assert "Permission denied. Fix that, and run this again." in capsys.readouterr().err
    assert end(folder) == 0


def test_without_a_terminal_and_yes_nothing_happens(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dialtone("class", "end", str(folder)) == 2
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(class_end.click, "confirm", lambda text: False)
    capsys.readouterr()
    assert dialtone("class", "end", str(folder)) == 0
    said = capsys.readouterr().out
    assert class_end.NAMELESS in said.partition("Nothing was deleted.")[0]
    assert (folder / "class.toml").exists()


def test_a_folder_that_is_no_class_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    (tmp_path / "mine" / "learners").mkdir()
    assert end(tmp_path / "mine") == 1
    assert "isn't the folder of a class" in capsys.readouterr().err
    assert (tmp_path / "mine" / "learners").exists()
