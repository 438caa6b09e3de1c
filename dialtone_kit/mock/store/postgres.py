"""The state in PostgreSQL, by its URL: for a service on more than one machine, or on a hub.

Works of all workers run one group after the other, as they do on SQLite: they read and then write
(counted tries, refresh tokens that rotate), and a lock for the whole state is easier to be sure of
than the right one for each row. A group shares one commit, so that the lock is held briefly.
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
from dialtone_kit.mock.store.transactions import Work, run_all

READERS = 4  # threads, each with a connection of its own; the writer has another
STATE_LOCK = 0x6469616C  # any number, as long as all workers use the same
AGAIN = 0.1  # seconds between two tries to learn what became of a commit


class Postgres:
    """One database. `wait` is in seconds: how long another worker that writes is waited for."""

    def __init__(self, url: str, wait: float) -> None:
        where = make_url(url).set(drivername="postgresql+psycopg")
        self._wait = wait
        # It would tell of each lost connection by a traceback. The request that met it tells of it.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        self._engine = create_engine(
            where,
            pool_size=READERS + 1,
            max_overflow=1,  # to learn what became of a commit, while the writer's own is lost
            pool_pre_ping=True,  # a server that was restarted is found again
            hide_parameters=True,  # an error message must not hold a row's values
            isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours, not the driver's
            connect_args=_options(where, max(1, int(wait * 1000))),
        )
        self._writing = ThreadPoolExecutor(1, "store-commit")
        self._reading = ThreadPoolExecutor(READERS, "store-read")

    def start(self) -> None:
        """Nothing: connections are made when they are needed."""

    async def commit(self, works: list[Work]) -> list[Any]:
        """The outcomes of `works`, once the transaction that they ran in is on the disk."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writing, self._commit, works)

    async def read(self, work: Work) -> Any:
        """The value of `work`, in a thread: the answer comes over a network."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._read, work)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, alone among all workers."""
        with self._engine.connect() as tx:
            try:
                number = _begin(tx)
                yield tx
                self._end(tx, number)
            except DBAPIError:
                tx.invalidate()  # whatever state it is in, nobody meets it again
                raise

    def close(self) -> None:
        """Let go of the connections."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._engine.dispose()

    def _end(self, tx: Connection, number: str) -> None:
        """Commit. When the answer gets lost with the connection, ask what became of it."""
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
                    _begin(tx)  # not before that transaction has ended
                    found = run_plain(tx, "SELECT pg_xact_status(%s::xid8)", [number]).fetchone()
                    return bool(found[0] == "committed")
            except DBAPIError:
                time.sleep(AGAIN)
        return False

    def _commit(self, works: list[Work]) -> list[Any]:
        with self.transaction() as tx:
            return run_all(tx, works)

    def _read(self, work: Work) -> Any:
        with self._engine.connect() as tx:
            return work(tx)


def _begin(tx: Connection) -> str:
    """Become the one who writes; returns the transaction's number.

    Each statement then sees all that was committed before it: all that the last one wrote.
    """
    run_plain(tx, "BEGIN ISOLATION LEVEL READ COMMITTED")
    row = run_plain(tx, f"SELECT pg_advisory_xact_lock({STATE_LOCK}), pg_current_xact_id()::text")
    return str(row.fetchone()[1])


def _options(url: URL, wait: int) -> dict[str, Any]:
    """What a connection asks for, beside what its URL says. Times are in milliseconds."""
    session = {
        "synchronous_commit": "on",  # an answer leaves when the disk has it
        "lock_timeout": wait,
        "statement_timeout": 30_000,
        "idle_in_transaction_session_timeout": 10_000,  # a worker that froze lets go of the lock
    }
    ours = [f"-c {name}={value}" for name, value in session.items()]
    told = url.query.get("options", ())
    return {
        "options": " ".join([*([told] if isinstance(told, str) else told), *ours]),
        "connect_timeout": 5,  # seconds
        "tcp_user_timeout": 10_000,  # a server that went without a word is noticed by this
        "keepalives_idle": 5,  # seconds; and by this, while an answer is waited for
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "application_name": "dialtone",
    }
