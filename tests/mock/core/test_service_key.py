"""The service's own key: in a file of its own, never in the database, and never mixed up."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dialtone_kit.mock.core.service_key import FILE, FILE_FOR_POSTGRES, fingerprint
from tests.mock.web.test_endurance import start_command
from tests.support.databases import on_a_server
from tests.support.running_mock import Mock

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ANOTHER = b"another key of thirty-two bytes."


def key_file(mock: Mock) -> str:
    return FILE if mock.database.kind == "sqlite" else FILE_FOR_POSTGRES


def key_of(mock: Mock) -> bytes:
    return bytes.fromhex((mock.state_dir / key_file(mock)).read_text())


@pytest.mark.both_databases
def test_the_database_does_not_hold_the_key(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    mine.enroll("default")
    key = key_of(mine)
    assert len(key) == 32
    assert (mine.state_dir / key_file(mine)).stat().st_mode & 0o777 == 0o600
    stored = mine.database.content(mine.state_dir)
    assert fingerprint(key) in stored
    assert key not in stored
    assert key.hex().encode() not in stored


@pytest.mark.both_databases
def test_a_key_in_an_old_database_moves_out_of_it(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    enrollment, code = mine.enroll("default")
    mine.stop()
    key = key_of(mine)
    as_it_was_before(mine, key)
    mine.start()
    assert key_of(mine) == key
    assert key not in mine.database.content(mine.state_dir)
    assert mine.confirm("default", enrollment, code).status_code == 200


def as_it_was_before(mock: Mock, key: bytes) -> None:
    """The key in the table alone, and in SQLite a file that keeps what was deleted."""
    (mock.state_dir / key_file(mock)).unlink()
    mock.sql("DELETE FROM service_secrets")
    mock.sql("INSERT INTO service_secrets VALUES ('key', :key)", key=key)
    if mock.database.kind == "sqlite":
        with closing(sqlite3.connect(mock.state_dir / "mock.sqlite3")) as file:
            for pragma in ("journal_mode=DELETE", "auto_vacuum=NONE", "secure_delete=OFF"):
                file.execute(f"PRAGMA {pragma}")
            file.execute("VACUUM")
    assert key in mock.database.content(mock.state_dir)


@pytest.mark.both_databases
def test_a_move_that_was_interrupted_is_finished(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    mine.stop()
    key = key_of(mine)
    mine.sql("INSERT INTO service_secrets VALUES ('key', :key)", key=key)
    mine.start()
    assert key_of(mine) == key
    assert mine.sql("SELECT name FROM service_secrets") == [("key_fingerprint",)]


@on_sqlite
@pytest.mark.parametrize("found", [None, ANOTHER])
def test_without_its_key_the_service_says_that_codes_are_void(
    own_mock: Callable[..., Mock], found: bytes | None
) -> None:
    mine = own_mock()
    enrollment, code = mine.enroll("default")
    mine.stop()
    path = mine.state_dir / FILE
    if found is None:
        path.unlink()
    else:
        path.write_text(found.hex())
    mine.start()
    assert mine.log.count("mock.key is not the key of this database") == 1
    assert found in (None, key_of(mine))
    assert mine.confirm("default", enrollment, code).status_code == 401
    assert mine.register("default").token()
    mine.stop()
    mine.start()
    assert mine.log.count("mock.key is not the key of this database") == 1


@on_sqlite
def test_what_is_not_a_key_is_one_line(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    mine.stop()
    (mine.state_dir / FILE).write_bytes(b"short")
    done = start_command(mine.state_dir)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "mock.key is not a key: remove it" in done.stderr
    (mine.state_dir / FILE).chmod(0o644)
    done = start_command(mine.state_dir)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "open to others" in done.stderr


@on_a_server
@on_postgres
@pytest.mark.parametrize("found", [None, ANOTHER])
def test_a_second_host_needs_the_key_of_the_first(
    own_mock: Callable[..., Mock], tmp_path: Path, found: bytes | None
) -> None:
    first = own_mock(workers=2)
    second = Mock(tmp_path / "second", environment=first.database.environment)
    path = second.state_dir / FILE_FOR_POSTGRES
    if found is not None:
        path.touch(mode=0o600)
        path.write_text(found.hex())
    with pytest.raises(
        AssertionError, match=r"a different key than postgresql.key.* Copy that file"
    ):
        second.start()
    assert first.register("default").token()
    path.touch(mode=0o600)
    path.write_text(key_of(first).hex())
    enrollment, code = first.enroll("default")
    second.start()
    answer = second.confirm("default", enrollment, code)
    assert second.stop() == 0
    assert answer.status_code == 200
