"""`dialtone class run`: what it refuses in a line, what it shows, and what Ctrl-C leaves."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest

from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.commands import class_run
from tests.support.class_of import make_class
from tests.support.command_line import Command, dialtone, is_gone
from tests.support.platforms import needs_proc
from tests.support.small_notebook import notebook
from tests.support.waiting import wait_for

WITH_NOTEBOOKS_OF = """
from pathlib import Path
from dialtone_kit.commands import class_run
class_run.notebooks_dir = lambda: Path({folder!r})
"""
SLEEPS_UNTIL = """
import pathlib, time
pathlib.Path({folder!r}, "asleep").touch()
while not pathlib.Path({folder!r}, "go").exists():
    time.sleep(0.1)
"""


class NoPool:
    """Every job ends at once; lesson 02 of the learner in seat 1 fails."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def submit(self, job: Job) -> Future[Done]:
        future: Future[Done] = Future()
        failing = job.lesson == "02" and "learner1@" in str(job.parameters.__dict__)
        future.set_result(Done("failed", "cell 3: [red]no") if failing else PASSED)
        return future

    def close(self) -> None:
        pass


PASSED = Done("passed", notebook="{}")


@pytest.fixture
def course(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("01-x.ipynb", "02-y.ipynb", "03-z.ipynb"):
        notebook(home, name)
    monkeypatch.setattr(class_run, "notebooks_dir", lambda: home)
    monkeypatch.setattr(class_run, "Pool", NoPool)
    return make_class(home / "class", 3, lessons=("01", "02"))


def run(*arguments: object) -> int:
    return dialtone("class", "run", *map(str, arguments))


@pytest.mark.parametrize(
    ("options", "line", "code"),
    [
        (["--lessons", "one"], "'one' isn't a list of numbers", 2),
        (["--lessons", "7"], "No lesson 07; available: 01, 02, 03", 2),
        (["--learners", "2,9"], "nobody in seat 9; it has 3 learners", 2),
        (["--learners", "1-"], "isn't a list of numbers", 2),
        (["--workers", "2", "--scheduler", "tls://x:1"], "the cluster has its own", 2),
        (["--scheduler", "tcp://10.0.0.1:8786"], "isn't encrypted", 1),
    ],
)
def test_what_cant_be_run_is_one_line(
    course: Path, capsys: pytest.CaptureFixture[str], options: list[str], line: str, code: int
) -> None:
    assert run(course, *options) == code
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert not (course / "run.jsonl").exists()


def test_a_folder_that_is_no_class_is_one_line(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course.parent / "elsewhere") == 1
    assert "isn't the folder of a class" in capsys.readouterr().err


def test_it_shows_who_is_done_and_what_did_not_pass(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course) == 1
    output = capsys.readouterr().out
    assert "seat 1, 02-y: cell 3: [red]no" in output
    assert "Learners done 3 of 3; lessons passed 5, not passed 1, left 0." in output
    assert run(course, "--learners", "2-3") == 0
    assert "Learners done 2 of 2; lessons passed 4" in capsys.readouterr().out
    lines = (course / "run.jsonl").read_text().splitlines()
    assert len(lines) == 6


def test_lessons_and_learners_are_chosen_by_number(course: Path) -> None:
    assert run(course, "--lessons", "01 3", "--learners", "3,1") == 0
    records = [json.loads(line) for line in (course / "run.jsonl").read_text().splitlines()]
    assert {(one["seat"], one["lesson"]) for one in records} == {
        (1, "01"),
        (1, "03"),
        (3, "01"),
        (3, "03"),
    }


@needs_proc
def test_after_ctrl_c_nothing_runs_and_the_next_run_goes_on(home: Path) -> None:
    lessons = home / "lessons"
    lessons.mkdir()
    notebook(lessons, "01-x.ipynb")
    notebook(lessons, "02-y.ipynb", SLEEPS_UNTIL.format(folder=str(home)))
    folder = make_class(home / "class", 1, lessons=("01", "02"))
    setup = WITH_NOTEBOOKS_OF.format(folder=str(lessons))
    options = ["class", "run", str(folder), "--workers", "2"]
    first = Command(home / "first", options, setup)
    wait_for(lambda: (home / "asleep").exists(), "no second lesson")
    wait_for(lambda: (folder / "run.jsonl").exists(), "no first result")
    family = first.family()
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(30) == 130
    for one in family:
        wait_for(partial(is_gone, one), f"{one} outlives Ctrl-C")
    assert first.is_tidy()
    (home / "go").touch()
    second = Command(home / "second", options, setup)
    assert second.process.wait(60) == 0
    records = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    assert [(one["lesson"], one["outcome"]) for one in records] == [
        ("01", "passed"),
        ("02", "passed"),
    ]
