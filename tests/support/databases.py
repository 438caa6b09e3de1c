"""The databases that the service is tested on: SQLite, and PostgreSQL if there is a server.

The tests that also run on PostgreSQL are marked `both_databases`: the store's contract, races,
kills and locks, and one pass over each endpoint. Rules and endpoints are the same on both.

`DIALTONE_TEST_DATABASE` names a PostgreSQL server that tests may make databases in
(`postgresql://USER@HOST:PORT`); `CI_REQUIRE_POSTGRES=1` makes a run without one fail.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from dialtone_kit.mock.store.postgres import STATE_LOCK

SERVER = os.environ.get("DIALTONE_TEST_DATABASE", "")
on_a_server = pytest.mark.skipif(
    not SERVER, reason="NOT RUN: PostgreSQL tests: no server is offered"
)
KINDS = ("sqlite", "postgresql") if SERVER else ("sqlite",)


NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$
"""


class Database:
    """A mock's database, seen from outside the service. `url` is SQLAlchemy's."""

    def __init__(self, state_dir: Path, kind: str = "sqlite") -> None:
        self.kind, self.environment = kind, dict[str, str]()
        if kind == "sqlite":
            self.url = f"sqlite:///{state_dir / 'mock.sqlite3'}"
            return
        name = f"dialtone_{secrets.token_hex(6)}"
        _on_server(f"CREATE DATABASE {name}")
        self.environment["DIALTONE_DATABASE_URL"] = f"{SERVER}/{name}"
        self.url = f"{SERVER}/{name}".replace("postgresql:", "postgresql+psycopg:", 1)

    @property
    def place(self) -> Path | str:
        """The database as `Store` takes it: a path or a URL."""
        if self.kind == "sqlite":
            return Path(self.url.removeprefix("sqlite:///"))
        return self.environment["DIALTONE_DATABASE_URL"]

    def engine(self) -> Engine:
        return create_engine(self.url)

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run one statement in its own transaction; returns its rows."""
        engine = self.engine()
        with engine.begin() as tx:
            result = tx.execute(text(statement), values)
            rows = list(result.all()) if result.returns_rows else []
        engine.dispose()
        return rows

    def content(self, state_dir: Path) -> bytes:
        """Everything that is stored, as bytes, to be searched for secrets."""
        files = b"".join(path.read_bytes() for path in state_dir.glob("mock.sqlite3*"))
        if self.kind == "sqlite":
            return files
        names = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [row for (name,) in names for row in self.sql(f'SELECT * FROM "{name}"')]
        return files + b"\n".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in rows
            for value in row
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the write lock, as a writer would that never finishes."""
        engine = self.engine()
        with engine.connect() as tx:
            if self.kind == "sqlite":
                tx.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": STATE_LOCK})
            yield
            tx.rollback()
        engine.dispose()

    @contextmanager
    def full(self) -> Iterator[None]:
        """PostgreSQL: fail every write as a server with a full disk does."""
        self.sql(NO_ROOM)
        names = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in names:
            self.sql(
                f'CREATE TRIGGER no_room BEFORE INSERT OR UPDATE OR DELETE ON "{name}"'
                " EXECUTE FUNCTION no_room()"
            )
        yield
        self.sql("DROP FUNCTION no_room CASCADE")

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    def set(self, option: str, value: str) -> None:
        """PostgreSQL: set a default of the database, and cut all connections so that it applies."""
        _on_server(f"ALTER DATABASE {self.name} SET {option} = {value}")
        self._cut()

    def close_to_all(self) -> None:
        """PostgreSQL: cut all connections and refuse new ones, as if the server were down."""
        _on_server(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        self._cut()

    def open_again(self) -> None:
        _on_server(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")

    def drop(self) -> None:
        """Remove it, even while it is in use."""
        if self.kind == "postgresql":
            _on_server(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _cut(self) -> None:
        ours = f"datname = '{self.name}'"
        _on_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")


def _on_server(statement: str) -> None:
    server = SERVER.replace("postgresql:", "postgresql+psycopg:", 1)
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
