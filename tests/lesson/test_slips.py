"""A slip in a name gets one line that says which names there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit import DialtoneError, start
from dialtone_kit.lesson.by_code import by_code, worst_code
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.lesson.marks import marks
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.report import report_of
from dialtone_kit.lesson.work import Work

ROOMS = "11.rooms, 11.find, 11.fix, 11.words"
SLIPS: list[tuple[Callable[[Any], object], str]] = [
    (lambda at: at.hint("11.room"), f"There is no exercise 11.room. Lesson 11 has: {ROOMS}."),
    (lambda at: at.check("11", 1, None), f"There is no exercise 11. Lesson 11 has: {ROOMS}."),
    (lambda at: at.check(11.2, 1, None), f"There is no exercise 11.2. Lesson 11 has: {ROOMS}."),
    (lambda at: at.hint(None), "There is no exercise nothing. Lesson No has: none."),
    (lambda at: at.hint("../x\n"), r"There is no exercise ../x\x0a. Lesson .. has: none."),
    (lambda at: at.reset_exercise("11.x"), f"There is no exercise 11.x. Lesson 11 has: {ROOMS}."),
    (lambda at: at.material("11.rooms", None), "11.rooms needs no material: its cell says"),
    (lambda at: at.predict(3), "There is no prediction 3. Lesson 3 has: none."),
]


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.jsonl")


@pytest.mark.parametrize(("slip", "line"), SLIPS)
def test_a_wrong_name_gets_one_line(
    slip: Callable[[Any], object], line: str, progress: Progress
) -> None:
    with pytest.raises(DialtoneError) as refused:
        slip(Work("11", progress, interactive=False))
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


def test_a_right_name_gets_its_hint(progress: Progress) -> None:
    assert Work("11", progress, interactive=False).hint("11.rooms").text.startswith("Hint 1 of")


@pytest.mark.parametrize("number", ["99", "xx", None, 1.5, -1])
def test_a_lesson_that_there_is_not_gets_one_line_and_starts_nothing(
    number: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALTONE_STATE_DIR", str(tmp_path / "state"))
    with pytest.raises(DialtoneError, match=r'There is no lesson .*: the first argument .* "13"\.'):
        start(number)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("number", [3, "3", "03"])
def test_a_lessons_number_may_be_written_in_three_ways(number: Any, shared_home: Path) -> None:
    assert start(number, credentials=False).number == "03"


# -- records -----------------------------------------------------------------------------------


def test_a_code_of_a_newer_kit_is_skipped(progress: Progress) -> None:
    progress.checked("13.dialtone", "wrong", "M99")
    assert (by_code(progress), worst_code(progress)) == ([], "M01")
    assert report_of(progress, 0).codes == []
    progress.checked("13.dialtone", "wrong", "M06")
    assert worst_code(progress) == "M06"


def test_the_map_reads_the_record_once(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    progress.checked("03.thumbprint", "right")
    read, times = progress.events, list[int]()
    monkeypatch.setattr(progress, "events", lambda: times.append(1) or read())
    assert [one.book.number for one in marks(progress) if one.state != "open"] == []
    assert len(times) == 1


def test_a_lesson_passes_a_slip_on(shared_home: Path) -> None:
    lesson: Lesson = start(11, credentials=False)
    with pytest.raises(DialtoneError, match="There is no 5: the codes are M01 to M37"):
        lesson.misconception(5)  # type: ignore[arg-type]
