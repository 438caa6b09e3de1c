"""The pool: calls in processes of their own, which end with it, and whose loss costs one job."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from dialtone_kit.base import platform
from dialtone_kit.classroom.running.call import WorkerLost
from dialtone_kit.classroom.running.jobs import Job
from dialtone_kit.classroom.running.parameters import BadParameters, Parameters, check
from dialtone_kit.classroom.running.place import Place
from dialtone_kit.classroom.running.pool import Pool
from tests.support.platforms import needs_proc
from tests.support.small_notebook import notebook
from tests.support.waiting import wait_for

KILLS_ITS_WORKER_ONCE = """
import os, pathlib, signal, time
seen = pathlib.Path({seen!r})
if not seen.exists():
    seen.touch()
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
"""
LEAVES_SOMETHING = "import builtins; builtins.left = 1"
LOOKS_FOR_IT = "import builtins; assert not hasattr(builtins, 'left')"
RIGHT = {
    "v": 1,
    "at": "2026-11-27T09:00:00+00:00",
    "lesson": "01",
    "kind": "tried",
    "id": "01.facts",
    "outcome": "right",
    "code": None,
}
TELLS_WHERE = """
import os
from dialtone_kit import start
lesson = start(1, globals())
print(os.environ["DIALTONE_CONFIG_DIR"], lesson.base_url)
"""


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """Two workers; its services start with the first job. Who runs it has a seat in a class."""
    with pytest.MonkeyPatch.context() as patch, closing(Pool(2)) as made:
        patch.setenv("DIALTONE_CLASS", "/nowhere/session.json")
        yield made


def job(path: Path, events: str = "") -> Job:
    return Job(path.name, path.read_text(), str(path.parent), Parameters(), events)


def test_a_call_is_made_in_another_process(pool: Pool) -> None:
    assert pool.call(operator.call, 5) == 5
    with pytest.raises(TypeError):
        pool.call(operator.call)


def test_what_it_raises_arrives_as_it_was(pool: Pool, tmp_path: Path) -> None:
    lesson = notebook(tmp_path, "01-x.ipynb")
    assert pool.call(check, Parameters(), [lesson]) is None
    with pytest.raises(BadParameters, match="No lesson has the parameter 'x'"):
        pool.call(check, Parameters(given={"x": "1"}), [lesson])


def test_a_job_whose_worker_is_killed_runs_again_and_kernels_are_never_shared(
    pool: Pool, tmp_path: Path
) -> None:
    killed = KILLS_ITS_WORKER_ONCE.format(seen=str(tmp_path / "seen"))
    paths = [
        notebook(tmp_path, "01-killed.ipynb", killed),
        notebook(tmp_path, "02-leaves.ipynb", LEAVES_SOMETHING),
        notebook(tmp_path, "03-looks.ipynb", LOOKS_FOR_IT),
        notebook(tmp_path, "04-looks.ipynb", LOOKS_FOR_IT),
    ]
    done = [future.result() for future in [pool.submit(job(path)) for path in paths]]
    assert [(one.outcome, one.reason) for one in done] == [("passed", "")] * 4
    assert (tmp_path / "seen").exists()


def test_every_job_starts_with_its_learners_own_state(pool: Pool, tmp_path: Path) -> None:
    tells = notebook(tmp_path, "01-tells.ipynb", TELLS_WHERE)
    first = pool.run(job(tells, json.dumps(RIGHT) + "\n"))
    assert first.outcome == "passed", first.reason
    assert first.exercises == "1 right, 2 not tried"
    assert [json.loads(line)["kind"] for line in first.events.splitlines()] == ["opened"]
    again = pool.run(job(tells))
    assert again.exercises == "3 not tried"
    assert "Registered cli_" in again.notebook  # not the credentials of the one before
    assert str(tmp_path) not in again.notebook


@needs_proc
def test_what_forks_may_be_killed_too(pool: Pool) -> None:
    assert pool.call(operator.call, 1) == 1
    forking = [
        one
        for one in psutil.Process().children()
        if "dialtone_kit.classroom.running.nursery" in one.cmdline()
    ]
    assert len(forking) == 1
    forking[0].kill()
    psutil.wait_procs(forking, timeout=10)
    assert pool.call(operator.call, 5) == 5


@needs_proc
def test_closing_it_ends_whatever_is_under_way(tmp_path: Path) -> None:
    started = tmp_path / "started"
    sleeps = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(100)"
    before = set(psutil.Process().children(recursive=True))
    made = Pool(1, own_service=False)
    future = made.submit(job(notebook(tmp_path, "01-sleeps.ipynb", sleeps)))
    wait_for(started.exists, "no lesson", 60)
    family = set(psutil.Process().children(recursive=True)) - before
    assert len(family) >= 3  # what forks, the worker and its kernel
    made.close()
    with pytest.raises(WorkerLost):
        future.result()
    assert psutil.wait_procs(list(family), timeout=10)[1] == []
    with pytest.raises(WorkerLost):
        made.call(operator.call, 1)


def test_at_the_real_service_a_place_starts_nothing_and_leaves_the_credentials_alone() -> None:
    with closing(Place(own_service=False)) as place:
        assert "DIALTONE_CONFIG_DIR" not in place.environment
        assert place.environment["DIALTONE_INTERACTIVE"] == "0"
        assert not (place.folder / "state").exists()
        folder = place.folder
    assert not folder.exists()


@pytest.mark.full
def test_where_forking_is_not_safe_a_lesson_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "FORKS", False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path)]))
    (tmp_path / "sitecustomize.py").write_text(
        "from dialtone_kit.base import platform\nplatform.FORKS = False\n"
    )
    with closing(Pool(1)) as made:
        done = made.run(job(notebook(tmp_path, "01-x.ipynb", TELLS_WHERE)))
    assert (done.outcome, done.reason) == ("passed", "")
