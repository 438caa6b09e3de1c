"""Statements that every request runs: compiled once, then handed to the driver as they are.

They are written in SQLAlchemy like all others. What they save is its work at each execution, which
is several times what the database needs for such a statement.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement


class Prepared:
    """A statement whose parameters are all named: numbers, text, bytes or None.

    `columns`: of an INSERT, those that it gives a value.
    """

    def __init__(self, statement: ClauseElement, columns: tuple[str, ...] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}  # by the database's dialect

    def run(self, tx: Connection, **values: Any) -> Any:
        """The driver's cursor. Raises DBAPIError, as `tx.execute` would."""
        sql, order = self._compiled.get(tx.dialect.name) or self._compile(tx)
        return run_plain(tx, sql, values if order is None else [values[name] for name in order])

    def _compile(self, tx: Connection) -> tuple[str, list[str] | None]:
        made: Any = self._statement.compile(dialect=tx.dialect, column_keys=self._columns)
        found = str(made), made.positiontup if made.positional else None
        self._compiled[tx.dialect.name] = found
        return found


def run_plain(tx: Connection, sql: str, values: Any = ()) -> Any:
    """Run `sql` as the driver understands it; returns its cursor. Raises DBAPIError."""
    driver: Any = tx.connection.driver_connection
    try:
        return driver.execute(sql, values)
    except tx.dialect.loaded_dbapi.Error as problem:
        base = tx.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            sql, None, problem, base, hide_parameters=True, dialect=tx.dialect
        ) from None
