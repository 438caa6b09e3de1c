"""`dialtone class run`: the lessons of everyone in a class, unattended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import click

from dialtone_kit.base import platform
from dialtone_kit.classroom import listed
from dialtone_kit.classroom.running.class_run import class_run
from dialtone_kit.classroom.running.dask_pool import cluster
from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.classroom.running.parameters import BadParameters
from dialtone_kit.classroom.running.pool import Pool
from dialtone_kit.classroom.session import Learner, Session, open_session
from dialtone_kit.commands.lab import notebooks_dir
from dialtone_kit.commands.options import CLASS, require_home
from dialtone_kit.commands.run_lessons import ended_in_order, select
from dialtone_kit.commands.signals import end_in_order

AHEAD = 2  # tasks handed out for each worker: none of them waits for the next
_RANGE = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", re.ASCII)


def _numbers(_context: click.Context, _option: click.Parameter, text: str | None) -> list[int]:
    """Numbers and ranges, such as `1,3-5` or `"01 02"`; none without a text."""
    parts = re.split(r"[\s,]+", text.strip()) if text is not None else []
    found = [_RANGE.fullmatch(part) for part in parts]
    if not all(found):
        raise click.BadParameter(f"{text!r} isn't a list of numbers such as 1,3-5.")
    return [n for one in found if one for n in range(int(one[1]), int(one[2] or one[1]) + 1)]


@click.command
@CLASS
@click.option("--lessons", callback=_numbers, help="Such as 01-05; default: those of the class.")
@click.option("--learners", callback=_numbers, help="Seats, such as 1,4,7; default: everyone's.")
@click.option("--workers", type=click.IntRange(1, 256), help="How many at a time; default: cores.")
@click.option("--scheduler", metavar="URL", help="Run on the Dask cluster at tls://HOST:PORT.")
def command(
    folder: Path,
    lessons: list[int],
    learners: list[int],
    workers: int | None,
    scheduler: str | None,
) -> int:
    """Run the lessons of a class unattended: each learner's with their own parameters.

    Executed notebooks and events go into the learners' folders. They aren't the learners' own work:
    `dialtone class board --runs` and `report --runs` show them. Run it again to repeat what failed
    or was left. The exit code is 1 if a lesson did not pass.

    \b
    Example: dialtone class run --lessons 01-05 --learners 1,4,7
    """
    from dialtone_kit.commands.class_run_table import run_and_show

    if scheduler and workers:
        raise click.UsageError("--workers is for this machine; the cluster has its own.")
    require_home()
    end_in_order()
    session = open_session(folder)
    try:
        numbers = [f"{one:02}" for one in lessons] or session.lessons
        notebooks = select(notebooks_dir(), numbers)
        chosen = _chosen(session, learners)
        with class_run(session) as run:
            tasks = run.tasks(notebooks, chosen)
            with _workers(scheduler, workers) as (submit, at_a_time):
                return run_and_show(run, tasks, submit, at_a_time * AHEAD)
    except BadParameters as refused:
        raise click.UsageError(str(refused)) from None


def _chosen(session: Session, seats: Sequence[int]) -> list[Learner]:
    chosen = [one for one in session.learners if not seats or one.seat in seats]
    nobody = set(seats) - {one.seat for one in chosen}
    if nobody or not chosen:
        which = f"in seat {min(nobody)}" if nobody else "in this class"
        have = listed.learners(len(session.learners))
        raise BadParameters(f"There is nobody {which}; it has {have}.")
    return chosen


@contextmanager
def _workers(
    scheduler: str | None, workers: int | None
) -> Iterator[tuple[Callable[[Job], Future[Done]], int]]:
    """What submits a job, and how many run at a time: here, or on a cluster."""
    if scheduler is not None:
        with cluster(scheduler) as found:
            yield found
        return
    count = workers or platform.cores()
    with ended_in_order(Pool(count)) as pool:
        yield pool.submit, count
