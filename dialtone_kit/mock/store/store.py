"""The service's state: many works in one durable commit, one transaction at a time in a process.

An answer leaves only after the commit that holds its effect. Works that wait at the same moment
share a commit, each in a savepoint of its own. A work that must keep its rows although the answer
is a refusal (a wrong code is counted) returns the refusal instead of raising it.
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
from dialtone_kit.mock.store.transactions import AWAY, Database, Work, mistake, unavailable
from dialtone_kit.mock.store.transactions import StoreUnavailable as StoreUnavailable

T = TypeVar("T")
Waiting = tuple[Work, "asyncio.Future[Any]"]

GROUP = 128  # works in one transaction at most: bounds how long the first one waits


class Store:
    """Reads and writes: in a SQLite file, or in the PostgreSQL of a URL.

    `wait` is in seconds: how long a locked database is waited for.
    """

    def __init__(self, database: Path | str, wait: float = 5.0) -> None:
        self._database = _open(database, wait)
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write. From inside the event loop whose requests will wait for it."""
        self._loop = asyncio.get_running_loop()
        self._database.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The value of `work`, once the transaction that it ran in is on the disk.

        Raises what `work` raised, its rows taken back, or StoreUnavailable.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((work, done))
        if self._writing is None:
            self._writing = self._loop.create_task(self._write_all())
        return await done

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The value of `work`, which only reads. Raises StoreUnavailable."""
        try:
            value: T = await self._database.read(work)
        except AWAY as problem:
            raise unavailable(problem) from None
        except DBAPIError as problem:
            raise mistake(problem) from None
        return value

    def create_tables(self, fill: Callable[[Connection], T]) -> T:
        """Bring the tables up to date and return `fill`'s value: every worker starts with it.

        Raises StoreUnavailable, also for what is no database, and schema.TooNew.
        """
        try:
            with self._database.transaction() as tx:
                upgrade.bring_up_to_date(tx)
                value = fill(tx)
        except DBAPIError as problem:
            raise unavailable(problem) from None
        return value

    async def stop(self) -> None:
        """Finish the works that wait, then let go of the database."""
        if self._writing is not None:
            await self._writing
        self.close()

    def close(self) -> None:
        """Let go of the database, for who never started to write."""
        self._database.close()

    async def _write_all(self) -> None:
        """Commit what waits, a group at a time, until nothing does."""
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                outcomes = await self._commit([work for work, _ in group])
                if isinstance(outcomes[0], StoreUnavailable):  # nobody waits for the same in turn
                    group, self._waiting = group + self._waiting, []
                    outcomes = [outcomes[0]] * len(group)
                _deliver(group, outcomes)
        finally:
            self._writing = None

    async def _commit(self, works: list[Work]) -> list[Any]:
        try:
            return await self._database.commit(works)
        except AWAY as problem:
            return [unavailable(problem) for _ in works]
        except Exception as problem:
            return [problem for _ in works]


def _open(database: Path | str, wait: float) -> Database:
    if isinstance(database, Path):
        return Sqlite(database, wait)
    from dialtone_kit.mock.store.postgres import (
        Postgres,  # its driver is there only where it is wanted
    )

    return Postgres(database, wait)


def _deliver(group: list[Waiting], outcomes: list[Any]) -> None:
    for (_, done), outcome in zip(group, outcomes, strict=True):
        if done.done():  # its request was cancelled meanwhile
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)
