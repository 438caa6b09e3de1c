"""Commands and lessons without what Windows lacks."""

from __future__ import annotations

import signal
import sys

import pytest

from dialtone_kit.commands.lab import notebooks_dir
from tests.support.command_line import MAIN
from tests.support.waiting import wait_for
from tests.support.windows_home import START, WindowsHome

LESSONS = sorted(path.name[:2] for path in notebooks_dir().glob("[0-9][0-9]-*.ipynb"))


def test_a_lesson_runs_and_leaves_nothing(windows: WindowsHome) -> None:
    said = windows.dialtone("run", "--lesson", "00")
    assert "passed" in said
    assert list(windows.temporary.iterdir()) == []


@pytest.mark.full
def test_all_lessons_and_solutions_run(windows: WindowsHome) -> None:
    for more in ((), ("--solutions",)):
        said = windows.dialtone("run", *more, timeout=1200)
        assert said.count("passed") == len(LESSONS), said
    assert list(windows.temporary.iterdir()) == []


@pytest.mark.full
@pytest.mark.skipif(sys.platform == "win32", reason="a test can't press Ctrl-C there")
def test_ctrl_c_ends_a_run_in_order(windows: WindowsHome) -> None:
    child = windows.start("-c", MAIN, "run")
    wait_for(lambda: list(windows.temporary.glob("*/work/*.ipynb")), "no lesson", 60)
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "Traceback" not in said
    assert list(windows.temporary.iterdir()) == []


def test_grading_is_refused_in_one_line(windows: WindowsHome) -> None:
    (windows.path / "roster.csv").write_text("name,email\nAnna,anna@example.com\n")
    windows.dialtone("class", "new", "roster.csv", "room")
    (windows.path / "02.ipynb").write_text("{}")
    said = windows.dialtone("class", "grade", "room", "02.ipynb", "--trust", code=1)
    assert said.count("\n") == 1
    assert "bubblewrap, which only Linux has" in said


@pytest.mark.full
def test_purge_removes_what_the_kit_keeps(windows: WindowsHome) -> None:
    windows.python(f"{START}service.ensure()")
    windows.dialtone("purge", "--yes")
    assert not windows.state.exists()
