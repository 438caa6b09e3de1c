"""A class on one service: 300 learners take lessons 01 to 05 at the same time, and a worker dies.

    DIALTONE_TEST_DATABASE=postgresql://USER@HOST:PORT .venv/bin/python -m benchmarks.class_load

Everything is on loopback and bounded: `--learners` people, each for `--seconds`. Halfway, one
worker of `dialtone class serve` is killed. The end says which answers weren't the ones that the
lessons expect, how long a token took, how much memory the service had, and whether something that
it had acknowledged is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.class_lessons import STEPS, Learner, Outcome
from benchmarks.harness import machine
from benchmarks.processes import DIALTONE
from dialtone_kit.classroom.address import trainer_of
from dialtone_kit.classroom.session import Learner as Enrolled
from dialtone_kit.classroom.session import Session, open_session
from dialtone_kit.local.challenge import control_token
from dialtone_kit.local.seat import parse
from tests.support.class_of import make_class
from tests.support.databases import Database
from tests.support.running_mock import free_port

SPREAD = 10.0  # seconds within which everyone begins
PAGE = 1000


@dataclass
class Watch:
    """What was seen during the run: memory in MiB, the worker that was killed, the answers."""

    peak: float = 0.0
    killed: int = 0
    outcomes: list[Outcome] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--spare", action="store_true", help="kill no worker")
    options = parser.parse_args()
    print(machine("uvicorn", "SQLAlchemy", "psycopg"), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder), "sqlite" if options.sqlite else "postgresql")
        try:
            with served(Path(folder) / "class", options, database) as (session, process):
                report(options, *asyncio.run(taught(session, process, options)))
        finally:
            database.drop()


@contextmanager
def served(
    folder: Path, options: argparse.Namespace, database: Database
) -> Iterator[tuple[Session, psutil.Process]]:
    """The class in `folder`, and its service."""
    make_class(folder, options.learners)
    command = [DIALTONE, "class", "serve", str(folder)]
    command += ["--port", str(free_port()), "--workers", str(options.workers)]
    environment = os.environ | database.environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                print(line.rstrip(), flush=True)
                if "is served on" in line:
                    break
            yield open_session(folder), psutil.Process(child.pid)
        finally:
            child.terminate()


async def taught(
    session: Session, process: psutil.Process, options: argparse.Namespace
) -> tuple[Watch, list[str]]:
    """All learners at once; then a look at what must still be there."""
    watch, learners = Watch(), [_learner(session, one) for one in session.learners]
    seen = asyncio.create_task(_watched(process, watch, options))
    await asyncio.gather(*(_take(one, watch, options.seconds) for one in learners))
    seen.cancel()
    lost = [line for one in learners async for line in one.missing()]
    lost += await _lost_events(session, learners)
    for one in learners:
        await one.http.aclose()
    return watch, lost


async def _take(learner: Learner, watch: Watch, seconds: float) -> None:
    """Every step once, at a person's pace."""
    await asyncio.sleep(random.random() * SPREAD)
    pause = (seconds - SPREAD) / len(STEPS)
    for step in STEPS:
        began = time.monotonic()
        await learner.take(step, watch.outcomes.append)
        left = pause * random.uniform(0.5, 1.5) - (time.monotonic() - began)
        await asyncio.sleep(max(0.0, left))


async def _watched(process: psutil.Process, watch: Watch, options: argparse.Namespace) -> None:
    began = time.monotonic()
    while True:
        family = [one for one in process.children(recursive=True) if one.is_running()]
        watch.peak = max(watch.peak, sum(map(_memory, family)))
        if (
            not options.spare
            and not watch.killed
            and time.monotonic() - began > options.seconds / 2
        ):
            workers = [one for one in family if _is_worker(one)]
            watch.killed = workers[0].pid
            os.kill(watch.killed, signal.SIGKILL)
        await asyncio.sleep(1.0)


def _memory(one: psutil.Process) -> float:
    """Resident memory in MiB, shared pages included."""
    try:
        return float(one.memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def _is_worker(one: psutil.Process) -> bool:
    return "multiprocessing.spawn" in " ".join(one.cmdline())


def _learner(session: Session, one: Enrolled) -> Learner:
    path = session.folder_of(one) / "session.json"
    return Learner(parse(path.read_bytes(), path), one.email)


async def _lost_events(session: Session, learners: list[Learner]) -> list[str]:
    """Events that the service had acknowledged, and that the trainer doesn't get exactly once."""
    trainer, after = trainer_of(session), 0
    held: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {control_token(trainer)}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        while True:
            url = f"{trainer.base_url}/mock/class/events?after={after}&limit={PAGE}"
            page: list[dict[str, Any]] = (await http.get(url)).json()["events"]
            held.update(one["seat"] for one in page)
            if len(page) < PAGE:
                break
            after = page[-1]["id"]
    wrong = [one for one in learners if held[one.seat] != one.events]
    return [f"seat {one.seat}: {held[one.seat]} events of {one.events}" for one in wrong]


def report(options: argparse.Namespace, watch: Watch, lost: list[str]) -> None:
    """The figures."""
    outcomes = watch.outcomes
    unexpected = Counter(one.what for one in outcomes if not one.expected and not one.cut)
    tokens = [one.seconds * 1000 for one in outcomes if one.token and one.expected]
    cuts = statistics.quantiles(tokens, n=100)
    print(f"{options.learners} learners, {options.seconds:.0f} s, {options.workers} workers")
    print(f"requests {len(outcomes)}, {len(outcomes) / options.seconds:.0f} a second")
    print(
        f"killed worker {watch.killed or 'none'}; connections it cut "
        f"{sum(one.cut for one in outcomes)}"
    )
    print(f"unexpected answers {sum(unexpected.values())} {dict(unexpected.most_common(8))}")
    print(
        f"token requests {len(tokens)}: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, "
        f"longest {max(tokens):.0f} ms"
    )
    print(f"memory of all processes {watch.peak:.0f} MiB")
    print(f"lost {len(lost)} {lost[:5]}")


if __name__ == "__main__":
    main()
