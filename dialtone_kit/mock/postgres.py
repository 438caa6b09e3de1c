"""The state in PostgreSQL, by its URL: for a service on more than one machine, or on a hub.

Works of all workers run one group after the other, as they do on SQLite: they read and then write
(counted tries, refresh tokens that rotate), and a lock for the whole state is easier to be sure of
than the right one for each row. A group shares one commit, so that the lock is held briefly.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from dialtone_kit.mock.prepared import run_plain
from dialtone_kit.mock.transactions import Work, run_all

READERS = 4  # threads, each with a connection of its own; the writer has another
STATE_LOCK = 0x6469616C  # any number, as long as all workers use the same


class Postgres:
    """One database. `wait` is in seconds: how long another worker that writes is waited for."""

    def __init__(self, url: str, wait: float) -> None:
        self._engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=READERS + 1,
            max_overflow=0,
            pool_pre_ping=True,  # a server that was restarted is found again
            hide_parameters=True,  # an error message must not hold a row's values
            isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours, not the driver's
            connect_args={
                "connect_timeout": 5,
                "application_name": "dialtone",
                "options": f"-c lock_timeout={max(1, int(wait * 1000))} -c statement_timeout=30000"
                " -c idle_in_transaction_session_timeout=60000 -c synchronous_commit=on",
            },
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
                run_plain(tx, "BEGIN")
                run_plain(tx, f"SELECT pg_advisory_xact_lock({STATE_LOCK})")
                yield tx
                run_plain(tx, "COMMIT")
            except DBAPIError:
                tx.invalidate()  # whatever state it is in, nobody meets it again
                raise

    def close(self) -> None:
        """Let go of the connections."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._engine.dispose()

    def _commit(self, works: list[Work]) -> list[Any]:
        with self.transaction() as tx:
            return run_all(tx, works)

    def _read(self, work: Work) -> Any:
        with self._engine.connect() as tx:
            return work(tx)
