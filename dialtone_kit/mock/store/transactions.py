"""What both databases share: jobs in savepoints, and the errors that are reported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from dialtone_kit.mock.store.statements import run_plain

Job = Callable[[Connection], Any]
# Locked, full, gone or now read-only. Any other error is a bug of ours.
AWAY = (OperationalError, InterfaceError, InternalError)


class StoreUnavailable(Exception):
    """The database is locked, full or unavailable. Nothing was written; try again in a moment."""


class Database(Protocol):
    """What the store needs from a database: see sqlite.py and postgres.py."""

    def start(self) -> None: ...
    async def commit(self, jobs: list[Job]) -> list[Any]: ...
    async def read(self, job: Job) -> Any: ...
    def transaction(self) -> AbstractContextManager[Connection]: ...
    def give_back(self, tx: Connection) -> bool: ...
    def compact(self) -> None: ...
    def close(self) -> None: ...


def run_all(tx: Connection, jobs: list[Job]) -> list[Any]:
    """Run `jobs` in the open transaction; returns each one's outcome, a value or an exception.

    Each job has its own savepoint, so one that raises rolls back only its own rows.
    """
    return [_in_savepoint(tx, job) for job in jobs]


def unavailable(problem: DBAPIError) -> StoreUnavailable:
    """The database's own message ("database is locked"), without the statement and its values."""
    lines = str(problem.orig).strip().splitlines()
    return StoreUnavailable(lines[0] if lines else type(problem.orig).__name__)


def mistake(problem: DBAPIError) -> RuntimeError:
    """The error for a statement that the database rejected.

    PostgreSQL's own message would put the values of a row into the log.
    """
    error = RuntimeError(f"{type(problem.orig).__name__}: the database rejected a statement")
    return error.with_traceback(problem.__traceback__)


def _in_savepoint(tx: Connection, job: Job) -> Any:
    """What `job` returned or raised. A failing database concerns the whole group, so it raises."""
    run_plain(tx, "SAVEPOINT job")
    try:
        outcome = job(tx)
    except AWAY:
        raise
    except Exception as problem:
        run_plain(tx, "ROLLBACK TO job")
        outcome = mistake(problem) if isinstance(problem, DBAPIError) else problem
    run_plain(tx, "RELEASE job")
    return outcome
