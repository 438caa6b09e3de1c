"""The learner's copy of the lessons: complete, kept up to date, and never written over."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson import copying
from dialtone_kit.lesson.copying import FIRST, LIST, bring, has_lessons, has_news, strange_file

THIRD = "03-dpop-token.ipynb"
FILES = {FIRST: "zero", THIRD: "three", "README.md": "readme", f"solutions/{THIRD}": "solved"}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def texts(folder: Path) -> dict[str, str]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {n: path.read_text() for n, path in files.items() if path.is_file() and n != LIST}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "source", FILES)


@pytest.fixture
def copy(source: Path, tmp_path: Path) -> Path:
    bring(source, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_copy_has_every_file_but_the_hidden_ones(source: Path, tmp_path: Path) -> None:
    write(source, {".ipynb_checkpoints/a.ipynb": "x", "solutions/.hidden": "x"})
    brought = bring(source, tmp_path / "a" / "copy")
    assert texts(tmp_path / "a" / "copy") == FILES
    assert sorted(brought.added) == sorted(FILES)
    assert not brought.replaced
    assert not brought.beside


def test_a_second_time_brings_nothing(source: Path, copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    assert bring(source, copy) == copying.Brought()
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


def test_what_the_learner_did_not_change_is_replaced(source: Path, copy: Path) -> None:
    write(source, {THIRD: "three, newer"})
    assert has_news(source, copy)
    assert bring(source, copy).replaced == [THIRD]
    assert texts(copy)[THIRD] == "three, newer"
    assert not has_news(source, copy)


def test_what_the_learner_changed_stays_and_the_new_version_is_next_to_it(
    source: Path, copy: Path
) -> None:
    write(copy, {f"solutions/{THIRD}": "mine"})
    write(source, {f"solutions/{THIRD}": "newer"})
    beside = "solutions/03-dpop-token.new.ipynb"
    assert bring(source, copy).beside == [beside]
    assert texts(copy) == {**FILES, f"solutions/{THIRD}": "mine", beside: "newer"}
    assert bring(source, copy) == copying.Brought()


def test_a_change_of_the_learners_is_no_news(source: Path, copy: Path) -> None:
    write(copy, {THIRD: "mine"})
    assert not has_news(source, copy)
    assert bring(source, copy) == copying.Brought()
    assert texts(copy)[THIRD] == "mine"


def test_a_new_version_that_was_worked_in_is_not_written_over_either(
    source: Path, copy: Path
) -> None:
    write(copy, {THIRD: "mine"})
    write(source, {THIRD: "second"})
    bring(source, copy)
    write(source, {THIRD: "third"})
    assert bring(source, copy).beside == ["03-dpop-token.new.ipynb"]  # untouched: replaced
    write(copy, {"03-dpop-token.new.ipynb": "mine, too"})
    write(source, {THIRD: "fourth"})
    assert bring(source, copy).beside == ["03-dpop-token.new2.ipynb"]
    there = texts(copy)
    assert there[THIRD] == "mine"
    assert there["03-dpop-token.new.ipynb"] == "mine, too"
    assert there["03-dpop-token.new2.ipynb"] == "fourth"


def test_a_lesson_that_was_deleted_or_renamed_comes_back(source: Path, copy: Path) -> None:
    (copy / THIRD).rename(copy / "mine.ipynb")
    assert bring(source, copy).added == [THIRD]
    assert texts(copy)["mine.ipynb"] == "three"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: file.unlink(), id="gone"),
        pytest.param(lambda file: file.write_text("{"), id="cut off"),
        pytest.param(lambda file: file.write_text("[1]"), id="no table"),
        pytest.param(lambda file: file.write_bytes(b"\xff"), id="no text"),
    ],
)
def test_without_its_list_no_file_counts_as_unchanged(
    source: Path, copy: Path, damage: Callable[[Path], object]
) -> None:
    damage(copy / LIST)
    write(source, {THIRD: "newer"})
    assert not has_news(source, copy)
    assert bring(source, copy).beside == ["03-dpop-token.new.ipynb"]
    assert texts(copy)[THIRD] == "three"


def test_a_link_in_a_files_place_is_kept(source: Path, copy: Path, tmp_path: Path) -> None:
    mine = write(tmp_path, {"elsewhere": "three"}) / "elsewhere"
    (copy / THIRD).unlink()
    (copy / THIRD).symlink_to(mine)
    write(source, {THIRD: "newer"})
    assert bring(source, copy).beside == ["03-dpop-token.new.ipynb"]
    assert (copy / THIRD).is_symlink()
    assert mine.read_text() == "three"


def test_a_copy_that_was_interrupted_is_not_taken_for_one_and_is_finished(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, replace = tmp_path / "copy", Path.replace

    def full_disk(path: Path, target: Path) -> Path:
        if target.name == FIRST:
            raise OSError(28, os.strerror(28))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(DialtoneError, match=r"No space left on device\. .*dialtone lab FOLDER"):
        bring(source, copy)
    assert not has_lessons(copy)
    assert strange_file(source, copy) is None
    monkeypatch.undo()
    bring(source, copy)
    assert texts(copy) == FILES
    write(source, {THIRD: "newer"})
    assert bring(source, copy).replaced == [THIRD]


@pytest.mark.parametrize(
    ("there", "strange"),
    [
        ((), None),
        ((".venv/pyvenv.cfg",), None),
        (("README.md", THIRD), None),
        (("thesis.doc",), "thesis.doc"),
        (("solutions/thesis.doc", "zebra"), "zebra"),
    ],
)
def test_a_folder_with_other_files_is_told_from_an_empty_one(
    source: Path, tmp_path: Path, there: tuple[str, ...], strange: str | None
) -> None:
    assert strange_file(source, tmp_path / "folder") is None
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder", dict.fromkeys(there, ""))
    assert strange_file(source, tmp_path / "folder") == strange


def test_there_can_be_no_folder_below_a_file(source: Path, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        strange_file(source, source / FIRST / "folder" / "below")


def test_a_folder_that_says_no_to_everything_ends_in_one_line(
    source: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path) -> bytes:
        if path.is_relative_to(copy):
            raise PermissionError(13, os.strerror(13))
        return path.read_bytes()

    write(source, {THIRD: "newer"})
    monkeypatch.setattr(copying, "read_regular", closed)
    with pytest.raises(DialtoneError, match="too many versions of 03-dpop-token"):
        bring(source, copy)
    assert texts(copy) == FILES
