"""What every database has in common: works in savepoints, and how its failures are told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from dialtone_kit.mock.store.statements import run_plain

Work = Callable[[Connection], Any]
# Locked, full, gone, or read-only from now on. Other errors are mistakes of ours.
AWAY = (OperationalError, InterfaceError, InternalError)


class StoreUnavailable(Exception):
    """The database is locked, full or away. Nothing of the work was kept; try again in a moment."""


class Database(Protocol):
    """What the store asks of a database: sqlite.py and postgres.py."""

    def start(self) -> None: ...
    async def commit(self, works: list[Work]) -> list[Any]: ...
    async def read(self, work: Work) -> Any: ...
    def transaction(self) -> AbstractContextManager[Connection]: ...
    def close(self) -> None: ...


def run_all(tx: Connection, works: list[Work]) -> list[Any]:
    """The outcome of each work, a value or an exception, inside the transaction that is open.

    Each has a savepoint of its own: one that raises takes only its own rows back.
    """
    return [_in_savepoint(tx, work) for work in works]


def unavailable(problem: DBAPIError) -> StoreUnavailable:
    """What the database said, "database is locked", "disk is full": no statement, no values."""
    lines = str(problem.orig).strip().splitlines()
    return StoreUnavailable(lines[0] if lines else type(problem.orig).__name__)


def mistake(problem: DBAPIError) -> RuntimeError:
    """A statement that the database refuses, for the log: PostgreSQL would quote a row's values."""
    told = RuntimeError(f"{type(problem.orig).__name__}: the database refuses a statement")
    return told.with_traceback(problem.__traceback__)


def _in_savepoint(tx: Connection, work: Work) -> Any:
    """What `work` returned or raised. A failing database is the whole group's affair: it raises."""
    run_plain(tx, "SAVEPOINT work")
    try:
        outcome = work(tx)
    except AWAY:
        raise
    except Exception as problem:
        run_plain(tx, "ROLLBACK TO work")
        outcome = mistake(problem) if isinstance(problem, DBAPIError) else problem
    run_plain(tx, "RELEASE work")
    return outcome
