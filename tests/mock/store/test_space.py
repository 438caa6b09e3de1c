"""The database's size: the audit trail ends, and what is deleted goes back to the disk."""

import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from dialtone_kit.mock.core import audit, expiry, read_settings, settings
from dialtone_kit.mock.core.settings import BadSettings, Realm
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import Store
from tests.mock.store.test_store import on_store
from tests.support.databases import Database
from tests.support.extent import FULL
from tests.support.own_loop import finished

MB = 1024 * 1024
REALMS = settings.built_in_realms()
DEFAULT, ACME = REALMS["default"], REALMS["acme"]
TOKENS = 200_000 if FULL else 12_000
MEANWHILE = 20_000 if FULL else 4_000  # tokens that go out between two rounds of the clean-up

Scenario = Callable[[Store], Awaitable[None]]


def run(place: Path | str, scenario: Scenario) -> None:
    finished(on_store(Store(place), scenario))


def issue(tx: Connection, realm: Realm, number: int) -> None:
    """The rows of one bound token by client_credentials, which no one needs any more."""
    row = {"digest": secrets.token_bytes(32), "forget_at": time.time() - 1}
    tx.execute(insert(tables.used_proofs), row)
    audit.record(
        tx,
        realm,
        "token_issued",
        "cli_my-agent_0123456789abcdef",
        sponsor="sponsor@example.com",
        grant="client_credentials",
        scope="openid notes:read notes:write",
        binding="DPoP",
        jkt=secrets.token_urlsafe(32),
        token=f"{secrets.token_urlsafe(12)}{number}",
    )


async def issue_many(store: Store, count: int, realm: Realm = DEFAULT) -> None:
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        await store.write(lambda tx, some=numbers: _issue_all(tx, realm, some))  # type: ignore[misc]


def _issue_all(tx: Connection, realm: Realm, numbers: range) -> None:
    for number in numbers:
        issue(tx, realm, number)


def size(file: Path) -> int:
    """What the database takes on the disk, its log included."""
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def events(tx: Connection) -> list[tuple[str, int]]:
    table = tables.audit_events
    rows = tx.execute(select(table.c.realm, table.c.id).order_by(table.c.id)).all()
    return [(row.realm, row.id) for row in rows]


@pytest.mark.both_databases
def test_a_trail_keeps_the_newest_events_of_each_realm(own_database: Database) -> None:
    async def scenario(store: Store) -> None:
        await issue_many(store, 120)
        await issue_many(store, 30, ACME)
        await issue_many(store, 5)
        before = await store.read(events)
        await expiry.clean(store, audit_rows=60)
        mine = [one for one in before if one[0] == "default"][-60:]
        other = [one for one in before if one[0] == "acme"]
        assert await store.read(events) == sorted(mine + other, key=lambda one: one[1])
        await expiry.clean(store, audit_rows=60)
        assert len(await store.read(events)) == 90

    run(own_database.place, scenario)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "many", "1000000000"])
def test_a_wrong_bound_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("DIALTONE_AUDIT_ROWS", text)
    with pytest.raises(BadSettings, match="DIALTONE_AUDIT_ROWS is not a number of events"):
        read_settings.load(tmp_path)
    monkeypatch.setenv("DIALTONE_AUDIT_ROWS", "7")
    assert read_settings.load(tmp_path).audit_rows == 7


@pytest.mark.timeout(1200)
def test_the_file_stays_small_however_many_tokens_go_out(tmp_path: Path) -> None:
    file = tmp_path / "mock.sqlite3"

    kept = settings.AUDIT_ROWS if FULL else 4_000

    async def scenario(store: Store) -> None:
        sizes = []
        for _ in range(TOKENS // MEANWHILE):
            await issue_many(store, MEANWHILE)
            sizes.append(size(file))
            await expiry.clean(store, kept)
        print(f"{TOKENS} tokens: at most {max(sizes) / MB:.1f} MB, now {size(file) / MB:.1f} MB")
        assert max(sizes) < (64 if FULL else 8) * MB
        assert len(await store.read(events)) == kept

    run(file, scenario)


@pytest.mark.timeout(1200)
def test_what_is_deleted_goes_back_to_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "mock.sqlite3"

    async def scenario(store: Store) -> None:
        await issue_many(store, TOKENS)
        full = size(file)
        await store.write(lambda tx: tx.execute(tables.audit_events.update().values(forget_at=0)))
        await expiry.clean(store)
        print(f"{TOKENS} tokens, no clean-up: {full / MB:.1f} MB")

    run(file, scenario)
    print(f"after expiry: {file.stat().st_size / MB:.1f} MB, with its log {size(file) / MB:.1f} MB")
    assert file.stat().st_size < 3 * MB
    assert size(file) < 8 * MB


def test_a_file_from_before_is_compacted_once(tmp_path: Path) -> None:
    file = tmp_path / "mock.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE ballast (text TEXT)")
        database.execute("INSERT INTO ballast VALUES (hex(zeroblob(2000000)))")
        database.commit()
        database.execute("DROP TABLE ballast")
        database.commit()
    assert size(file) > 3 * MB
    for _ in range(2):
        store = Store(file)
        store.create_tables(lambda tx: None)
        store.close()
        assert size(file) < MB
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
