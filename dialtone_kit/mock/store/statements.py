"""Statements that every request runs: compiled once, then passed straight to the driver.

They are written in SQLAlchemy like all others, but skip what SQLAlchemy does at each execution: for
these small statements that takes several times as long as the database itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement


class Prepared:
    """A compiled statement with named parameters: numbers, strings, bytes or None.

    `columns`: the columns that an INSERT sets.
    """

    def __init__(self, statement: ClauseElement, columns: tuple[str, ...] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}  # by dialect

    def run(self, tx: Connection, **values: Any) -> Any:
        """Run it; returns the driver's cursor. Raises DBAPIError, as `tx.execute` does."""
        sql, order = self._compiled.get(tx.dialect.name) or self._compile(tx)
        return run_plain(tx, sql, values if order is None else [values[name] for name in order])

    def _compile(self, tx: Connection) -> tuple[str, list[str] | None]:
        compiled: Any = self._statement.compile(dialect=tx.dialect, column_keys=self._columns)
        entry = str(compiled), compiled.positiontup if compiled.positional else None
        self._compiled[tx.dialect.name] = entry
        return entry


def run_plain(tx: Connection, sql: str, values: Any = ()) -> Any:
    """Run `sql` in the driver's own syntax; returns its cursor. Raises DBAPIError."""
    driver: Any = tx.connection.driver_connection
    try:
        return driver.execute(sql, values)
    except tx.dialect.loaded_dbapi.Error as problem:
        base = tx.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            sql, None, problem, base, hide_parameters=True, dialect=tx.dialect
        ) from None
