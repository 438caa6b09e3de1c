"""Transactions: many works in one durable commit, one transaction at a time in each process.

An answer leaves only after the commit that holds its effect. Works that wait at the same moment
share a commit, each in a savepoint of its own: one that raises takes only its own rows back. A work
that must keep its rows although the answer is a refusal (a wrong code is counted) returns the
refusal instead of raising it.

Works run in the event loop's own thread: handing each statement from one thread to another costs
more than the statement. Only the commit, which waits for the disk, has a thread to wait in.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from dialtone_kit.mock.prepared import run_plain
from dialtone_kit.mock.tables import create_missing

T = TypeVar("T")
Work = Callable[[Connection], Any]
Waiting = tuple[Work, "asyncio.Future[Any]"]

GROUP = 128  # works in one transaction at most: bounds how long the first one waits
READ_WAIT = 0.5  # seconds: readers don't wait for writers in WAL mode, only for recovery
RETRY = 0.002  # seconds between two looks at a database that another process is writing to


class StoreUnavailable(Exception):
    """The database is locked or full. Nothing of the work was kept; try again in a moment."""


class Store:
    """The service's state. `wait` is in seconds: how long a locked database is waited for."""

    def __init__(self, database: Path, wait: float = 5.0) -> None:
        _create_private(database)
        self._wait = wait
        self._engine = _sqlite(database, wait)
        self._reader = _connect(_sqlite(database, READ_WAIT))
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write. From inside the event loop whose requests will wait for it."""
        self._loop = asyncio.get_running_loop()
        self._disk = ThreadPoolExecutor(1, "store-commit")
        self._writer = _connect(self._engine)
        run_plain(
            self._writer, "PRAGMA busy_timeout=0"
        )  # the event loop must not sleep: see _begin

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
        """The value of `work`, which only reads. Raises StoreUnavailable.

        On SQLite it runs right here: a read in WAL mode waits for nobody, and a hop to a thread
        and back costs more than the read itself.
        """
        try:
            return work(self._reader)
        except OperationalError as problem:
            raise StoreUnavailable(_reason(problem)) from None

    def create_tables(self, fill: Callable[[Connection], T]) -> T:
        """Make what is missing and return `fill`'s value: every worker starts with it.

        Raises StoreUnavailable, also for a file that is no database.
        """
        try:
            with self._engine.connect() as tx:
                run_plain(tx, "BEGIN IMMEDIATE")
                create_missing(tx)
                value = fill(tx)
                run_plain(tx, "COMMIT")
        except DBAPIError as problem:
            raise StoreUnavailable(_reason(problem)) from None
        return value

    async def stop(self) -> None:
        """Finish the works that wait, then let go of the database."""
        if self._writing is not None:
            await self._writing
        self._disk.shutdown()
        self._writer.close()
        self.close()

    def close(self) -> None:
        """Let go of the database, for who never started to write."""
        self._reader.close()
        self._engine.dispose()

    async def _write_all(self) -> None:
        """Commit what waits, a group at a time, until nothing does."""
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            _deliver(group, await self._commit([work for work, _ in group]))
        self._writing = None

    async def _commit(self, works: list[Work]) -> list[Any]:
        """The outcome of each work, a value or an exception, after one durable commit."""
        try:
            await self._begin()
            outcomes = [_in_savepoint(self._writer, work) for work in works]
            await self._loop.run_in_executor(self._disk, run_plain, self._writer, "COMMIT")
        except Exception as problem:
            _roll_back(self._writer)
            why = StoreUnavailable(_reason(problem)) if isinstance(problem, DBAPIError) else problem
            return [why for _ in works]
        return outcomes

    async def _begin(self) -> None:
        """Become the one who writes. While another process is, the event loop goes on."""
        give_up = self._loop.time() + self._wait
        while True:
            try:
                run_plain(self._writer, "BEGIN IMMEDIATE")
                return
            except OperationalError as problem:
                if not _is_busy(problem) or self._loop.time() > give_up:
                    raise
            await asyncio.sleep(RETRY)


def _in_savepoint(tx: Connection, work: Work) -> Any:
    """What `work` returned or raised. A failing database is the whole group's affair: it raises."""
    run_plain(tx, "SAVEPOINT work")
    try:
        outcome = work(tx)
    except OperationalError:
        raise
    except Exception as problem:
        run_plain(tx, "ROLLBACK TO work")
        outcome = problem
    run_plain(tx, "RELEASE work")
    return outcome


def _deliver(group: list[Waiting], outcomes: list[Any]) -> None:
    for (_, done), outcome in zip(group, outcomes, strict=True):
        if done.done():  # its request was cancelled meanwhile
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)


def _roll_back(tx: Connection) -> None:
    with contextlib.suppress(DBAPIError):  # a full disk has rolled back by itself
        run_plain(tx, "ROLLBACK")


def _is_busy(problem: DBAPIError) -> bool:
    """Whether another process is writing: that ends."""
    code = getattr(problem.orig, "sqlite_errorcode", 0)
    return (code & 0xFF) == sqlite3.SQLITE_BUSY


def _reason(problem: DBAPIError) -> str:
    return str(problem.orig)  # "database is locked", "disk is full": no statement, no values


def _sqlite(database: Path, wait: float) -> Engine:
    engine = create_engine(
        f"sqlite:///{database}",
        poolclass=NullPool,
        hide_parameters=True,  # an error message must not hold a row's values
        isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours, not the driver's
        connect_args={"check_same_thread": False, "timeout": wait},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except DBAPIError as problem:
        raise StoreUnavailable(_reason(problem)) from None


def _create_private(database: Path) -> None:
    """An empty database that only its user can read, before SQLite would make one for everybody."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(database, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    os.fchmod(handle, 0o600)
    os.close(handle)
