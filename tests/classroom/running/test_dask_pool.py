"""Runs on a Dask cluster: what is refused before anything is sent, and workers that are killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from dialtone_kit.classroom.running import dask_pool
from dialtone_kit.classroom.running.class_run import class_run
from dialtone_kit.classroom.running.dask_pool import NoCluster, cluster, require_safe
from dialtone_kit.classroom.running.jobs import Done
from dialtone_kit.classroom.session import open_session
from tests.support.class_of import make_class
from tests.support.running_mock import free_port
from tests.support.small_notebook import notebook

START = "from dialtone_kit import start\nlesson = start(1, globals())"


@pytest.mark.parametrize(
    "address",
    ["tls://dask.example:8786", "tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1"],
)
def test_what_is_encrypted_or_stays_here_is_let_through(address: str) -> None:
    require_safe(address)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://10.0.0.7:8786", "isn't encrypted"),
        ("tcp://dask.example:8786", "isn't encrypted"),
        ("tcp://127.0.0.1.example:8786", "isn't encrypted"),
        ("ws://127.0.0.1:8786", "isn't a scheduler"),
        ("127.0.0.1:8786", "isn't a scheduler"),
        ("tls://", "isn't a scheduler"),
    ],
)
def test_anything_else_is_refused(address: str, why: str) -> None:
    with pytest.raises(NoCluster, match=why), cluster(address):
        pass


def test_without_dask_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "find_spec", lambda _: None)
    with pytest.raises(NoCluster, match="pip install"), cluster("tcp://127.0.0.1:1"):
        pass


def test_without_certificates_tls_is_not_tried() -> None:
    with pytest.raises(NoCluster, match="No certificates"), cluster("tls://127.0.0.1:1"):
        pass


def test_where_nobody_answers_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "PATIENCE", 0.5)
    nobody = cluster(f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(NoCluster, match="No scheduler answers") as refused, nobody:
        pass
    assert "\n" not in str(refused.value)


@pytest.mark.full
def test_when_a_worker_is_killed_the_others_complete_the_run(tmp_path: Path) -> None:
    from distributed import LocalCluster

    course = make_class(tmp_path / "class", 6)
    paths = [notebook(tmp_path, f"{number}-x.ipynb", START) for number in ("01", "02")]
    done: list[str] = []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_port=0
    ) as local:

        def count(_: object, one: Done) -> None:
            done.append(one.outcome)
            if len(done) == 3:
                os.kill(local.workers[0].process.pid, signal.SIGKILL)

        session = open_session(course)
        with class_run(session) as run, cluster(local.scheduler_address) as (submit, threads):
            assert threads == 2
            run.run(run.tasks(paths, session.learners), submit, count, at_a_time=4)
            assert run.left(run.tasks(paths, session.learners)) == []
    assert done == ["passed"] * 12
