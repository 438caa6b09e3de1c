"""The state in a PostgreSQL database: for a hub, or a service on more than one machine.

The groups of jobs of all workers run one after another, as on SQLite. Jobs read and then write
(counted attempts, rotating refresh tokens), and one lock for the whole state is easier to get right
than the right lock for each row. A group shares one commit, so the lock is held only briefly.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from dialtone_kit.mock.store.statements import run_plain
from dialtone_kit.mock.store.transactions import Job, run_all

READERS = 4  # threads, each with a connection of its own; the writer has another
STATE_LOCK = 0x6469616C  # an arbitrary number, the same for all workers
RECHECK = 0.1  # seconds between attempts to find out whether a commit took effect


class Postgres:
    """One database. `wait`: how many seconds to wait while another worker is writing."""

    def __init__(self, url: str, wait: float) -> None:
        address = make_url(url).set(drivername="postgresql+psycopg")
        self._wait = wait
        # The pool logs a traceback for each lost connection; the request that lost it reports it.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        self._engine = create_engine(
            address,
            pool_size=READERS + 1,
            max_overflow=1,  # to look up a commit whose own connection was lost
            pool_pre_ping=True,  # reconnects after the server was restarted
            hide_parameters=True,  # an error message must not hold a row's values
            isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours, not the driver's
            connect_args=_options(address, max(1, int(wait * 1000))),
        )
        self._writing = ThreadPoolExecutor(1, "store-commit")
        self._reading = ThreadPoolExecutor(READERS, "store-read")

    def start(self) -> None:
        """Nothing to do: connections are opened when they are needed."""

    async def commit(self, jobs: list[Job]) -> list[Any]:
        """The outcomes of `jobs`, once their transaction is on disk."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writing, self._commit, jobs)

    async def read(self, job: Job) -> Any:
        """The result of `job`, run in a thread because the database is across a network."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._read, job)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction; no other worker writes until it ends."""
        with self._engine.connect() as tx:
            try:
                number = _begin(tx)
                yield tx
                self._end(tx, number)
            except DBAPIError:
                tx.invalidate()  # its state is unknown, so it is never used again
                raise

    def give_back(self, _tx: Connection) -> bool:
        """Nothing to do: the server's own clean-up does it."""
        return False

    def compact(self) -> None:
        """Nothing to do: the server looks after its files."""

    def close(self) -> None:
        """Let the jobs under way end, then close the connections."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._engine.dispose()

    def _end(self, tx: Connection, number: str) -> None:
        """Commit. If the connection breaks before the reply, find out whether it took effect."""
        try:
            run_plain(tx, "COMMIT")
        except OperationalError:
            tx.invalidate()
            if not self._was_committed(number):
                raise

    def _was_committed(self, number: str) -> bool:
        give_up = time.monotonic() + self._wait
        while time.monotonic() < give_up:
            try:
                with self._engine.connect() as tx:
                    _begin(tx)  # waits until that transaction has ended
                    status = run_plain(tx, "SELECT pg_xact_status(%s::xid8)", [number]).fetchone()
                    return bool(status[0] == "committed")
            except DBAPIError:
                time.sleep(RECHECK)
        return False

    def _commit(self, jobs: list[Job]) -> list[Any]:
        with self.transaction() as tx:
            return run_all(tx, jobs)

    def _read(self, job: Job) -> Any:
        with self._engine.connect() as tx:
            return job(tx)


def _begin(tx: Connection) -> str:
    """Begin a transaction and take the write lock; returns the transaction's number.

    READ COMMITTED: once we hold the lock, each statement sees everything the last writer committed.
    """
    run_plain(tx, "BEGIN ISOLATION LEVEL READ COMMITTED")
    row = run_plain(tx, f"SELECT pg_advisory_xact_lock({STATE_LOCK}), pg_current_xact_id()::text")
    return str(row.fetchone()[1])


def _options(url: URL, wait: int) -> dict[str, Any]:
    """Connection options beyond those in the URL. Times are in milliseconds unless noted."""
    session = {
        "synchronous_commit": "on",  # a commit returns once it is on disk
        "lock_timeout": wait,
        "statement_timeout": 30_000,
        "idle_in_transaction_session_timeout": 10_000,  # a frozen worker loses the lock
    }
    ours = [f"-c {name}={value}" for name, value in session.items()]
    theirs = url.query.get("options", ())
    return {
        "options": " ".join([*([theirs] if isinstance(theirs, str) else theirs), *ours]),
        "connect_timeout": 5,  # seconds
        "tcp_user_timeout": 10_000,  # notices a server that vanished while we send
        "keepalives_idle": 5,  # seconds; notices it while we wait for a reply
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "application_name": "dialtone",
    }
