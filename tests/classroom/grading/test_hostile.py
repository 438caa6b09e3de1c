"""What learners' code can't do: to the trainer's machine, to the verdict, to the others' grades."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

import dialtone_kit
from dialtone_kit.classroom.grading import sandbox
from dialtone_kit.classroom.grading.judge_exercise import Judge, Work
from dialtone_kit.lesson.exercises import Verdict
from tests.classroom.grading.hostile import ENDS, EXERCISE, LOOKS, REACHES, RIGHT, cell
from tests.support.sandboxes import require_bubblewrap

LESSON: Any = SimpleNamespace(issuer="http://127.0.0.1:1/realms/default", is_mock=True)
# A bounded run tries those that end in different ways.
FEW = {"fork bomb", "memory hog", "exits", "raises a verdict", "equals everything", "no messages"}


@pytest.fixture(autouse=True, scope="module")
def bubblewrap() -> None:
    require_bubblewrap()


def verdict_on(text: str) -> Verdict:
    return Judge(LESSON).verdict(Work(EXERCISE, (), text))


@pytest.mark.parametrize(
    "name", [n if n in FEW else pytest.param(n, marks=pytest.mark.full) for n in ENDS]
)
def test_a_hostile_answer_is_not_right_and_ends_in_time(name: str) -> None:
    began = time.monotonic()
    verdict = verdict_on(cell(name))
    assert verdict.outcome in ("wrong", "can't tell"), verdict
    assert re.search(ENDS[name][1], verdict.sentence), verdict
    assert time.monotonic() - began < 40
    assert [one for one in psutil.Process().children() if one.name() == "bwrap"] == []


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of the trainer's machine on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_cell_reaches_nothing_of_the_trainers(
    listening: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "of the trainer's")
    kit = Path(dialtone_kit.__file__).parent
    text = LOOKS.format(
        expressions=dict(REACHES),
        here=str(kit.parent),
        kit=str(kit),
        folder=str(tmp_path),
        port=listening,
    )
    assert re.search(r"you returned reached: \.", verdict_on(text).sentence), verdict_on(text)
    assert not (kit / "planted.py").exists()
    in_the_open = Judge(LESSON, trust=True).verdict(Work(EXERCISE, (), text)).sentence
    assert "the lessons" in in_the_open
    assert "the trainer's loopback" in in_the_open


def test_where_the_kit_holds_the_lessons_a_cell_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an installed wheel: their solutions are there."""
    folder = Path(dialtone_kit.__file__).parent / "lesson" / "content" / "quiz"
    cell = f"import os\ndef htu_of(url):\n    return ' '.join(os.listdir({str(folder)!r})) or '-'"
    text = f'{cell}\nlesson.check("05.htu", htu_of)\n'
    assert "items.toml" in verdict_on(text).sentence
    monkeypatch.setattr(sandbox, "SOLUTIONS", folder)
    assert "you returned -." in verdict_on(text).sentence, verdict_on(text)


def test_packages_in_ones_home_are_there_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `pip install` without a virtual environment leaves them: outside of what Python has."""
    site = tmp_path / ".local" / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "of_mine.py").write_text("WORD = 'found'")
    cell = "def htu_of(url):\n    import of_mine\n    return of_mine.WORD"
    text = f'{cell}\nlesson.check("05.htu", htu_of)\n'
    assert "ModuleNotFoundError" in verdict_on(text).sentence
    monkeypatch.syspath_prepend(str(site))
    assert "you returned found" in verdict_on(text).sentence, verdict_on(text)
    with pytest.raises(sandbox.NoSandbox, match="Move it elsewhere"):
        sandbox.require_hidden([site / "class"])


def test_a_sandbox_in_which_no_answer_could_run_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandbox.why_not() == ""
    monkeypatch.setattr(sandbox, "CHILD", "of_nobody")
    assert "No module named 'of_nobody'" in sandbox.why_not()


def test_a_right_answer_is_right_in_the_same_sandbox() -> None:
    assert verdict_on(RIGHT).outcome == "right"
