"""The state in a SQLite file of the user's own: the default, for one person and for a class.

Works run in the event loop's own thread: handing each statement from one thread to another costs
more than the statement. Only the commit, which waits for the disk, has a thread to wait in.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from dialtone_kit.base.private_files import open_private
from dialtone_kit.mock.store.statements import run_plain
from dialtone_kit.mock.store.transactions import Work, run_all, unavailable

READ_WAIT = 0.5  # seconds: readers don't wait for writers in WAL mode, only for recovery
RETRY = 0.002  # seconds between two looks at a database that another process is writing to


class Sqlite:
    """One file. `wait` is in seconds: how long another process that writes is waited for."""

    def __init__(self, file: Path, wait: float) -> None:
        _create_private(file)
        self._wait = wait
        self._engine = _engine(file, wait)
        self._reader = _connect(_engine(file, READ_WAIT))
        self._disk = ThreadPoolExecutor(1, "store-commit")

    def start(self) -> None:
        """Be ready to commit."""
        self._writer = _connect(self._engine)
        run_plain(self._writer, "PRAGMA busy_timeout=0")  # the event loop must not sleep: _begin

    async def commit(self, works: list[Work]) -> list[Any]:
        """The outcomes of `works`, once the transaction that they ran in is on the disk."""
        loop = asyncio.get_running_loop()
        try:
            await self._begin(loop)
            outcomes = run_all(self._writer, works)
            await loop.run_in_executor(self._disk, run_plain, self._writer, "COMMIT")
        except BaseException:
            with contextlib.suppress(DBAPIError):  # a full disk has rolled back by itself
                run_plain(self._writer, "ROLLBACK")
            raise
        return outcomes

    async def read(self, work: Work) -> Any:
        """The value of `work`, right here: a read in WAL mode waits for nobody."""
        return work(self._reader)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction for who has no event loop: the service's start."""
        with self._engine.connect() as tx:
            run_plain(tx, "BEGIN IMMEDIATE")
            yield tx
            run_plain(tx, "COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._disk.shutdown()
        self._reader.close()
        self._engine.dispose()

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Become the one who writes. While another process is, the event loop goes on."""
        give_up = loop.time() + self._wait
        while True:
            try:
                run_plain(self._writer, "BEGIN IMMEDIATE")
                return
            except OperationalError as problem:
                if not _is_busy(problem) or loop.time() > give_up:
                    raise
            await asyncio.sleep(RETRY)


def _is_busy(problem: DBAPIError) -> bool:
    code = getattr(problem.orig, "sqlite_errorcode", 0)
    return (code & 0xFF) == sqlite3.SQLITE_BUSY


def _engine(file: Path, wait: float) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
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
        raise unavailable(problem) from None


def _create_private(file: Path) -> None:
    """An empty database that only its user can read, before SQLite would make one for everybody."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(open_private(file))
