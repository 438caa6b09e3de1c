"""One command starts a lesson, and what it writes passes every test that a lesson must pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.books import ROOT

NEW = "77-new-room"
WRITTEN = [
    f"notebooks/{NEW}.ipynb",
    f"notebooks/solutions/{NEW}.ipynb",
    "notebooks/pictures/lesson-77.svg",
    "dialtone_kit/lesson/content/lesson_77/__init__.py",
    "dialtone_kit/lesson/content/lesson_77/questions.toml",
    "dialtone_kit/lesson/content/lesson_77/checks.py",
    "tests/support/wrong_answers/lesson_77.py",
]
REFERENCES = [
    f"tests/notebooks/{folder}/{NEW}.ipynb" for folder in ("reference", "reference/solutions")
]
HOLD_FOR_EVERY_LESSON = [
    f"tests/notebooks/{name}" for name in ("test_structure.py", "test_exercises.py", "reference")
] + [
    f"tests/notebooks/test_references.py::{name}"
    for name in (
        "test_a_notebook_has_no_outputs_and_no_counts",
        "test_a_reference_has_the_cells_of_its_notebook",
        "test_there_is_no_reference_without_a_notebook",
    )
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the lessons, the kit and the tests are made of."""
    skip = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for folder in ("dialtone_kit", "notebooks", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    for file in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True
    )


@pytest.mark.full  # it runs the new lesson four times
@pytest.mark.timeout(240)
def test_a_new_lesson_passes_the_tests_of_a_lesson(tree: Path) -> None:
    new_lesson = ("-m", "tests.support.new_lesson", "77", "new-room", "What is in the new room?")
    made = python(tree, *new_lesson)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[: len(WRITTEN)] == WRITTEN
    assert all((tree / path).is_file() for path in WRITTEN + REFERENCES)
    checked = python(
        *(tree, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"),
        *("-k", "77 or map or two_to_four or without_a_notebook", *HOLD_FOR_EVERY_LESSON),
    )
    assert checked.returncode == 0, checked.stdout
    passed = re.search(r"(\d+) passed", checked.stdout)
    assert passed is not None
    assert int(passed[1]) > 50
    code = [path for path in WRITTEN if path.endswith((".py", ".ipynb"))]
    for command in (("check", "-q"), ("format", "--check", "-q")):
        linted = python(tree, "-m", "ruff", *command, *code)
        assert linted.returncode == 0, linted.stdout
    again = python(tree, *new_lesson)
    assert again.returncode == 1
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    "arguments", [("6", "x", "Why?"), ("06", "Big Name", "Why?"), ("06", "x", "Because.")]
)
def test_a_number_name_or_question_of_another_form_is_refused(
    arguments: tuple[str, str, str],
) -> None:
    refused = python(ROOT, "-m", "tests.support.new_lesson", *arguments)
    assert refused.returncode == 2
    assert "does not have the form" in refused.stderr
