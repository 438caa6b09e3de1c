"""The learner's progress file: what is kept, who can read it, what a damaged one does."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dialtone_kit.lesson.progress import Progress, Standing
from dialtone_kit.widgets.choices import Choice, Pick, Question

ITEM = Question("02.a-b", "?", (Choice("x", "no", code="M25"), Choice("y", "yes", right=True)))


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "state" / "progress.json", now=lambda: 1_700_000_000)


def test_an_answer_is_judged_with_its_misconception():
    assert Pick.of(ITEM, 0, "sure") == Pick("02.a-b", 0, False, "sure", "M25")
    assert Pick.of(ITEM, 1) == Pick("02.a-b", 1, True)


def test_the_first_prediction_counts_and_all_are_kept(progress):
    assert progress.prediction("02.a-b") is None
    progress.predicted(Pick.of(ITEM, 0, "sure"))
    progress.predicted(Pick.of(ITEM, 1, "unsure"))
    assert progress.prediction("02.a-b") == Pick("02.a-b", 0, False, "sure", "M25")
    assert len(progress.export()["predictions"]["02.a-b"]) == 2


def test_the_latest_quiz_answer_counts(progress):
    progress.answered(Pick.of(ITEM, 0))
    progress.answered(Pick.of(ITEM, 1))
    assert progress.quiz_answer("02.a-b") == Pick("02.a-b", 1, True)


def test_an_exercise_once_right_stays_right(progress):
    progress.checked("02.tries", "not tried")
    progress.checked("02.tries", "wrong", "M25")
    assert progress.exercise("02.tries") == Standing("02.tries", "wrong", 1, 0, "M25")
    progress.checked("02.tries", "right")
    progress.checked("02.tries", "wrong", "M25")
    progress.checked("02.tries", "can't tell")
    assert progress.exercise("02.tries") == Standing("02.tries", "right", 3, 0, None)


def test_hints_are_counted_and_a_reset_forgets_one_exercise_only(progress):
    assert [progress.hinted("02.tries"), progress.hinted("02.tries")] == [1, 2]
    progress.checked("02.path", "right")
    progress.reset_exercise("02.tries")
    assert progress.exercises("02") == [Standing("02.path", "right", 1)]


def test_a_lesson_is_forgotten_without_the_others(progress):
    for lesson in ("02", "03"):
        progress.opened(lesson)
        progress.checked(f"{lesson}.x", "right")
        progress.done(lesson)
    progress.predicted(Pick.of(ITEM, 1, "sure"))
    progress.reset_lesson("02")
    kept = progress.export()
    assert list(kept["lessons"]) == ["03"]
    assert list(kept["exercises"]) == ["03.x"]
    assert kept["predictions"] == {}


def test_times_are_in_utc(progress):
    progress.opened("02")
    assert progress.export()["lessons"]["02"]["opened_at"] == "2023-11-14T22:13:20+00:00"


def test_the_file_is_for_its_owner_alone(progress):
    progress.opened("02")
    assert progress.path.stat().st_mode & 0o777 == 0o600
    assert progress.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 99}', '{"quiz": 3}', "\x00"])
def test_a_damaged_file_is_set_aside_and_stops_no_lesson(progress, content):
    progress.path.parent.mkdir(mode=0o700)
    progress.path.write_text(content)
    progress.opened("02")
    assert list(progress.export()["lessons"]) == ["02"]
    assert progress.path.with_suffix(".broken.json").read_text() == content


def test_several_kernels_lose_nothing_of_each_other(progress):
    code = (
        "import sys; from pathlib import Path; from dialtone_kit.lesson.progress import Progress\n"
        "for n in range(8): Progress(Path(sys.argv[1])).checked('02.x', 'wrong')"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(progress.path)]) for _ in range(3)]
    assert [kernel.wait(timeout=60) for kernel in kernels] == [0, 0, 0]
    assert progress.exercise("02.x").attempts == 24
    json.loads(progress.path.read_text())
