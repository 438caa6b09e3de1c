"""The state in the user's own SQLite file: the default, for one person or a class.

Jobs run in the event loop's own thread, because handing a statement to another thread costs more
than running it. Only the commit, which waits for the disk, runs in a separate thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import explained, is_irregular, open_private, trouble
from dialtone_kit.mock.store.statements import run_plain
from dialtone_kit.mock.store.transactions import Job, run_all, unavailable

READ_WAIT = 0.5  # seconds; in WAL mode readers wait only for recovery, not for writers
SPARE, STEP = 256, 100  # pages of 4 KiB: that stay in the file, and that go in one step
INCREMENTAL = 2  # SQLite's number for it
PRAGMAS = (
    "auto_vacuum=INCREMENTAL",  # before WAL: that writes the first page, which settles it
    "journal_mode=WAL",
    "synchronous=FULL",
    "temp_store=MEMORY",
    f"journal_size_limit={1024 * 1024}",  # bytes: a log that grew is truncated when it restarts
)
RETRY = 0.002  # seconds between attempts while another process is writing


class Sqlite:
    """One file. `wait`: how many seconds to wait while another process is writing."""

    def __init__(self, file: Path, wait: float) -> None:
        _create_private(file)
        self._wait = wait
        self._engine = _engine(file, wait)
        self._reader = _connect(_engine(file, READ_WAIT))
        self._open = [self._reader]
        self._disk = ThreadPoolExecutor(1, "store-commit")

    def start(self) -> None:
        """Open the connection that writes."""
        self._writer = _connect(self._engine)
        self._open.append(self._writer)
        # Never block the event loop: _begin retries.
        run_plain(self._writer, "PRAGMA busy_timeout=0")

    async def commit(self, jobs: list[Job]) -> list[Any]:
        """The outcomes of `jobs`, once their transaction is on disk."""
        loop = asyncio.get_running_loop()
        try:
            await self._begin(loop)
            outcomes = run_all(self._writer, jobs)
            await loop.run_in_executor(self._disk, run_plain, self._writer, "COMMIT")
        except BaseException:
            with contextlib.suppress(DBAPIError):  # a full disk has already rolled back
                run_plain(self._writer, "ROLLBACK")
            raise
        return outcomes

    async def read(self, job: Job) -> Any:
        """The result of `job`, run in this thread: in WAL mode a read does not wait for writers."""
        return job(self._reader)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction without an event loop, for when the service starts."""
        with self._engine.connect() as tx:
            run_plain(tx, "BEGIN IMMEDIATE")
            yield tx
            run_plain(tx, "COMMIT")

    def give_back(self, tx: Connection) -> bool:
        """Cut a few free pages off the file, if it has more of them than it will soon need."""
        free = int(run_plain(tx, "PRAGMA freelist_count").fetchone()[0]) - SPARE
        if free > 0:
            # fetchall: it frees a page at each step
            run_plain(tx, f"PRAGMA incremental_vacuum({min(free, STEP)})").fetchall()
        return free > STEP

    def compact(self) -> None:
        """Rewrite an older file, once: what was deleted there is overwritten, and from now on
        the file can give space back."""
        with self._engine.connect() as connection:
            if run_plain(connection, "PRAGMA auto_vacuum").fetchone()[0] == INCREMENTAL:
                return
            run_plain(connection, "VACUUM")  # takes up the auto_vacuum of _engine
            run_plain(connection, "PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let the jobs under way end, then close the file."""
        self._disk.shutdown()
        for connection in self._open:
            connection.close()
            connection.engine.dispose()
        self._engine.dispose()

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the write lock. The event loop keeps running while another process holds it."""
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
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except DBAPIError as problem:
        raise unavailable(problem) from None


def _create_private(file: Path) -> None:
    """Create an empty file with mode 0600; SQLite itself would leave it readable to others."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with explained(file):
        os.close(open_private(file))
    for name in (f"{file.name}-wal", f"{file.name}-shm"):
        beside = file.with_name(name)
        if is_irregular(beside):  # SQLite would only say "disk I/O error"
            raise DialtoneError(trouble(beside, OSError(errno.EINVAL, "")))
