"""Transactions: one writer thread per process, many works in one durable commit.

An answer leaves only after the commit that holds its effect. Works that wait at the same moment
share a commit, each in a savepoint of its own: one that raises takes only its own rows back. A work
that must keep its rows although the answer is a refusal (a wrong code is counted) returns the
refusal instead of raising it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from dialtone_kit.mock.tables import metadata

T = TypeVar("T")
Work = Callable[[Connection], Any]

GROUP = 128  # works in one transaction at most: bounds how long the first one waits
READ_WAIT = 0.5  # seconds: readers don't wait for writers in WAL mode, only for recovery


class StoreUnavailable(Exception):
    """The database is locked or full. Nothing of the work was kept; try again in a moment."""


class Store:
    """The service's state. `wait` is in seconds: how long a locked database is waited for."""

    def __init__(self, database: Path, wait: float = 5.0) -> None:
        _create_private(database)
        self._engine = _sqlite(database, wait)
        self._reader = _connect(_sqlite(database, READ_WAIT))
        self._queue: SimpleQueue[tuple[Work, asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Begin to write. From inside the event loop whose requests will wait for it."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The value of `work`, once the transaction that it ran in is on the disk.

        Raises what `work` raised, its rows taken back, or StoreUnavailable.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((work, done))
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
                _begin(tx)
                metadata.create_all(tx)
                value = fill(tx)
                tx.exec_driver_sql("COMMIT")
        except DBAPIError as problem:
            raise StoreUnavailable(_reason(problem)) from None
        return value

    def close(self) -> None:
        """Finish the works that wait, then let go of the database."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(timeout=10)
        self._reader.close()
        self._engine.dispose()

    def _run(self) -> None:
        tx = self._engine.connect()
        while (first := self._queue.get()) is not None:
            group = [first]
            while len(group) < GROUP and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    self._queue.put(None)  # this group first, then the end
                    break
                group.append(item)
            outcomes = _commit(tx, [work for work, _ in group])
            waiting = [done for _, done in group]
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                self._loop.call_soon_threadsafe(_deliver, waiting, outcomes)
        tx.close()


def _commit(tx: Connection, works: list[Work]) -> list[Any]:
    """The outcome of each work, a value or an exception, after one durable commit."""
    try:
        _begin(tx)
        outcomes = [_in_savepoint(tx, work) for work in works]
        tx.exec_driver_sql("COMMIT")
    except DBAPIError as problem:
        _roll_back(tx)
        return [StoreUnavailable(_reason(problem)) for _ in works]
    return outcomes


def _in_savepoint(tx: Connection, work: Work) -> Any:
    """What `work` returned or raised. A failing database is the whole group's affair: it raises."""
    tx.exec_driver_sql("SAVEPOINT work")
    try:
        outcome = work(tx)
    except OperationalError:
        raise
    except Exception as problem:
        tx.exec_driver_sql("ROLLBACK TO work")
        outcome = problem
    tx.exec_driver_sql("RELEASE work")
    return outcome


def _deliver(waiting: list[asyncio.Future[Any]], outcomes: list[Any]) -> None:
    for done, outcome in zip(waiting, outcomes, strict=True):
        if done.done():  # its request was cancelled meanwhile
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)


def _begin(tx: Connection) -> None:
    tx.exec_driver_sql("BEGIN IMMEDIATE")


def _roll_back(tx: Connection) -> None:
    with contextlib.suppress(DBAPIError):  # a full disk has rolled back by itself
        tx.exec_driver_sql("ROLLBACK")


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
