"""What is in a service's database, table by table, read next to the service."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from typing import Any

from sqlalchemy import select

from dialtone_kit.mock.store import tables
from tests.support.running_mock import Mock


def all_rows(mock: Mock) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    engine = mock.database.engine()
    with engine.begin() as tx:
        found = {
            table.name: [
                dict(row)
                for row in tx.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables.metadata.sorted_tables
        }
    engine.dispose()
    return found


def locked(mock: Mock) -> AbstractContextManager[None]:
    """Hold the write lock, as a writer would that never finishes."""
    return mock.database.locked()


def damage(mock: Mock) -> str:
    """What SQLite finds broken in its file, "ok" when nothing is."""
    if mock.database.kind != "sqlite":
        return "ok"  # the server looks after its own
    with closing(sqlite3.connect(mock.state_dir / "mock.sqlite3")) as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])
