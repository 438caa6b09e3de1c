"""The service's state: many jobs share a durable commit, one transaction at a time per process.

A job is a function that reads or writes inside a transaction. Jobs that are waiting at the same
moment share a commit, each in a savepoint of its own. A response goes out only after the commit
that holds its effect. A job whose rows must be kept even though the request is refused (a wrong
code is counted) returns the refusal instead of raising it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from dialtone_kit.mock.store import upgrade
from dialtone_kit.mock.store.sqlite import Sqlite
from dialtone_kit.mock.store.transactions import AWAY, Database, Job, mistake, unavailable
from dialtone_kit.mock.store.transactions import StoreUnavailable as StoreUnavailable

T = TypeVar("T")
Waiting = tuple[Job, "asyncio.Future[Any]"]

GROUP = 128  # jobs per transaction at most, to limit how long the first one waits


class Store:
    """Reads and writes the state in a SQLite file, or in the PostgreSQL database that a URL names.

    `wait`: how many seconds to wait for a locked database.
    """

    def __init__(self, database: Path | str, wait: float = 5.0) -> None:
        self._database = _open(database, wait)
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Get ready to write. Call it in the event loop that will handle the requests."""
        self._loop = asyncio.get_running_loop()
        self._database.start()

    async def write(self, job: Callable[[Connection], T]) -> T:
        """The result of `job`, once its transaction is on disk.

        Raises what `job` raised, after its rows were rolled back, or StoreUnavailable.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((job, done))
        if self._writing is None:
            self._writing = self._loop.create_task(self._write_all())
        return await done

    async def read(self, job: Callable[[Connection], T]) -> T:
        """The result of `job`, which only reads. Raises StoreUnavailable."""
        try:
            value: T = await self._database.read(job)
        except AWAY as problem:
            raise unavailable(problem) from None
        except DBAPIError as problem:
            raise mistake(problem) from None
        return value

    def create_tables(self, fill: Callable[[Connection], T]) -> T:
        """Bring the tables up to date and return `fill`'s value: every worker starts with it.

        Raises StoreUnavailable, also if it is not a database, and upgrade.TooNew.
        """
        try:
            with self._database.transaction() as tx:
                upgrade.bring_up_to_date(tx)
                value = fill(tx)
            self._database.compact()
        except DBAPIError as problem:
            raise unavailable(problem) from None
        return value

    async def give_back(self) -> bool:
        """Return some of the space of deleted rows to the disk. Returns True if there is more."""
        return await self.write(self._database.give_back)

    async def stop(self) -> None:
        """Finish the waiting jobs, then close the database."""
        if self._writing is not None:
            await self._writing
        self.close()

    def close(self) -> None:
        """Close the database when writing was never started."""
        self._database.close()

    async def _write_all(self) -> None:
        """Commit the waiting jobs, a group at a time, until none is left."""
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                outcomes = await self._commit([job for job, _ in group])
                if isinstance(outcomes[0], StoreUnavailable):  # fail all, not one by one
                    group, self._waiting = group + self._waiting, []
                    outcomes = [outcomes[0]] * len(group)
                _deliver(group, outcomes)
        finally:
            self._writing = None

    async def _commit(self, jobs: list[Job]) -> list[Any]:
        try:
            return await self._database.commit(jobs)
        except AWAY as problem:
            return [unavailable(problem) for _ in jobs]
        except Exception as problem:
            return [problem for _ in jobs]


def _open(database: Path | str, wait: float) -> Database:
    if isinstance(database, Path):
        return Sqlite(database, wait)
    from dialtone_kit.mock.store.postgres import Postgres  # its driver is an optional extra

    return Postgres(database, wait)


def _deliver(group: list[Waiting], outcomes: list[Any]) -> None:
    for (_, done), outcome in zip(group, outcomes, strict=True):
        if done.done():  # its request was cancelled in the meantime
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)
