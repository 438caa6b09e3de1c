"""dialtone lab, installed from a wheel: where the lessons are copied, and what is never touched."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.commands import doctor_environment, lab, lab_folder
from dialtone_kit.lesson.copying import FIRST
from tests.support.command_line import dialtone

COPIED = Path(lab_folder.DEFAULT)


class Terminal(io.StringIO):
    """A person who types this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def package(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kit as a wheel installs it, with two lessons; an empty folder is the current one."""
    package = home / "site-packages" / "dialtone_kit"
    (package / "notebooks").mkdir(parents=True)
    for name in (FIRST, "03-dpop-token.ipynb"):
        (package / "notebooks" / name).write_text(f"{name} as it came")
    for module in (lab, lab_folder, doctor_environment):
        monkeypatch.setattr(module, "PACKAGE", package)
    (home / "empty").mkdir()
    monkeypatch.chdir(home / "empty")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return package


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folder of each JupyterLab that would have been started, and what it was given."""
    seen: list[str] = []

    def execve(path: str, line: list[str], env: Mapping[str, str]) -> None:
        seen.extend(line[3:])

    monkeypatch.setattr(os, "execve", execve)
    return seen


def dialtone_lab(*arguments: str) -> int:
    return dialtone("lab", *arguments)


def test_without_a_person_the_lessons_are_copied_to_a_new_folder_here(
    package: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone_lab() == 0
    assert (COPIED / FIRST).read_text() == f"{FIRST} as it came"
    assert f"--ServerApp.root_dir={COPIED.absolute()}" in opened
    assert "dialtone-lessons. Change what you like there." in capsys.readouterr().out


def test_a_person_is_asked_and_may_accept(
    package: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    assert dialtone_lab() == 0
    assert f"--ServerApp.root_dir={COPIED.absolute()}" in opened


def test_a_person_may_name_another_folder_and_is_asked_again_about_a_full_one(
    package: Path,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("full").mkdir()
    Path("full", "thesis.doc").touch()
    monkeypatch.setattr(sys, "stdin", Terminal("full\nmine\n"))
    assert dialtone_lab() == 0
    assert f"--ServerApp.root_dir={Path('mine').absolute()}" in opened
    assert not COPIED.exists()
    assert "such as thesis.doc. Name an empty folder or a new one." in capsys.readouterr().out


def test_a_person_who_leaves_has_nothing_copied(
    package: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    assert dialtone_lab() == 130
    assert list(Path.cwd().iterdir()) == []
    assert opened == []


def test_the_copy_is_found_again_from_where_it_was_made_and_from_inside(
    package: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dialtone_lab()
    (COPIED / FIRST).write_text("mine")
    root = f"--ServerApp.root_dir={COPIED.absolute()}"
    for folder in (".", str(COPIED)):
        opened.clear()
        monkeypatch.chdir(folder)
        assert dialtone_lab() == 0
        assert root in opened
        assert Path(root.partition("=")[2], FIRST).read_text() == "mine"


def test_a_named_folder_is_not_asked_about_and_jupyterlabs_options_come_after_it(
    package: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    line = ["my lessons", "--lesson", "03", "--no-browser", "--ServerApp.log_level=DEBUG"]
    assert dialtone_lab(*line) == 0
    assert Path("my lessons", FIRST).is_file()
    assert "--LabApp.default_url=/lab/tree/03-dpop-token.ipynb" in opened
    assert opened[-1] == "--ServerApp.log_level=DEBUG"


@pytest.mark.parametrize("name", ["file", "file/below", "full", "03", "a\0b", "", "~nobody-here/x"])
def test_a_folder_that_can_not_be_used_is_one_line_and_nothing_changes(
    package: Path, opened: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").touch()
    Path("full").mkdir()
    Path("full", "thesis.doc").touch()
    before = sorted(Path.cwd().rglob("*"))
    assert dialtone_lab(name) == 2
    said = capsys.readouterr().err
    assert said.startswith("dialtone: ")
    assert said.count("\n") == 1
    assert sorted(Path.cwd().rglob("*")) == before
    assert opened == []


def test_new_lessons_are_announced_and_brought_without_opening_anything(
    package: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    dialtone_lab("mine")
    (package / "notebooks" / "14-new.ipynb").touch()
    (package / "notebooks" / "03-dpop-token.ipynb").write_text("newer")
    (package / "notebooks" / FIRST).write_text("newer")
    Path("mine", FIRST).write_text("mine")
    capsys.readouterr()
    dialtone_lab("mine")
    assert "To add them: dialtone lab mine --update" in capsys.readouterr().out
    opened.clear()
    assert dialtone_lab("mine", "--update") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Added: 14-new.ipynb",
        "Replaced, because you hadn't changed it: 03-dpop-token.ipynb",
        "New version, next to yours: 00-start-here.new.ipynb",
    ]
    assert Path("mine", FIRST).read_text() == "mine"
    assert dialtone_lab("mine", "--update") == 0
    assert capsys.readouterr().out == "Your lessons are up to date.\n"
    assert opened == []


def test_an_update_where_no_copy_is_makes_one(package: Path, opened: list[str]) -> None:
    assert dialtone_lab("--update") == 0
    assert (COPIED / FIRST).is_file()
    assert opened == []


def test_a_clones_lessons_are_opened_as_they_are_and_updated_by_git(
    package: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    clone = package.parent / "notebooks"
    shutil.move(package / "notebooks", clone)
    assert dialtone_lab() == 0
    assert f"--ServerApp.root_dir={clone}" in opened
    assert dialtone_lab("--update") == 2
    assert "git pull" in capsys.readouterr().err
    assert dialtone_lab("copy") == 0  # to try something, say
    assert Path("copy", FIRST).is_file()


def test_without_lessons_it_says_what_to_do(package: Path) -> None:
    shutil.rmtree(package / "notebooks")
    with pytest.raises(DialtoneError, match="pip install --force-reinstall dialtone-kit"):
        lab.notebooks_dir()


def test_doctor_looks_for_the_lessons(package: Path, opened: list[str]) -> None:
    def said() -> str:
        [finding] = doctor_environment.lessons()
        assert finding.ok
        return finding.text

    assert said() == "in the package: `dialtone lab` copies them"
    dialtone_lab()
    assert said() == f"in {COPIED.absolute()}"
    (package / "notebooks" / "14-new.ipynb").touch()
    assert said().endswith("; there are new ones: dialtone lab --update")
    shutil.rmtree(package / "notebooks")
    with pytest.raises(DialtoneError):
        list(doctor_environment.lessons())
