"""What lies in a service's database, read beside the service. Here alone the tests know which
database it is: SQLite, a file in the state directory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from running_mock import Mock
from sqlalchemy import Engine, create_engine, delete, select
from sqlalchemy.pool import NullPool

from dialtone_kit.mock import tables


def all_rows(mock: Mock) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as one moment shows them."""
    with _engine(mock).begin() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables.metadata.sorted_tables
        }


def empty(mock: Mock, name: str) -> None:
    """Remove all rows of the table `name`."""
    with _engine(mock).begin() as connection:
        connection.execute(delete(tables.metadata.tables[name]))


@contextmanager
def locked(mock: Mock) -> Iterator[None]:
    """Somebody else is writing, and does not come to an end."""
    with closing(sqlite3.connect(_path(mock), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def damage(mock: Mock) -> str:
    """ "ok", or what SQLite finds broken in the file."""
    with closing(sqlite3.connect(_path(mock))) as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])


def _engine(mock: Mock) -> Engine:
    return create_engine(f"sqlite:///{_path(mock)}", poolclass=NullPool)


def _path(mock: Mock) -> str:
    return str(mock.state_dir / "mock.sqlite3")
