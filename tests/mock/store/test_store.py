"""The store by itself: grouped commits, savepoints, and forgetting in small batches."""

import asyncio
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import OperationalError

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.mock.core import expiry
from dialtone_kit.mock.core.mail import Letter, MailStore
from dialtone_kit.mock.core.signing_keys import SigningKeys, ensure, rotate
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import Store, StoreUnavailable
from dialtone_kit.tokens import verify_token
from tests.support.databases import Database
from tests.support.own_loop import finished

pytestmark = pytest.mark.both_databases

Scenario = Callable[[Store], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture
def run(own_database: Database) -> Run:
    """Runs a scenario on its own store, in its own event loop."""
    return lambda scenario: finished(on_store(Store(own_database.place), scenario))


async def on_store(store: Store, scenario: Scenario) -> None:
    store.create_tables(ensure)
    store.start()
    try:
        await scenario(store)
    finally:
        await store.stop()


def use(tx: Connection, name: str, forget_at: float = 0.0) -> None:
    tx.execute(insert(tables.used_proofs), {"digest": name.encode(), "forget_at": forget_at})


def count(tx: Connection) -> int:
    return int(tx.execute(select(func.count()).select_from(tables.used_proofs)).scalar_one())


def test_a_job_that_raises_rolls_back_only_its_own_rows(run: Run) -> None:
    async def scenario(store: Store) -> None:
        def job(number: int) -> Callable[[Connection], int]:
            def inner(tx: Connection) -> int:
                use(tx, f"{number}")
                if number % 2:
                    raise LookupError(number)
                return number

            return inner

        group = [store.write(job(number)) for number in range(50)]
        outcomes: list[Any] = await asyncio.gather(*group, return_exceptions=True)
        assert [o for o in outcomes if isinstance(o, int)] == list(range(0, 50, 2))
        assert sum(isinstance(o, LookupError) for o in outcomes) == 25
        assert await store.read(count) == 25

    run(scenario)


def test_a_rejected_statement_shows_no_values(run: Run) -> None:
    value = secrets.token_hex(8)

    async def scenario(store: Store) -> None:
        await store.write(lambda tx: use(tx, value))
        with pytest.raises(RuntimeError, match="rejected a statement") as rejected:
            await store.write(lambda tx: use(tx, value))
        shown = "".join(traceback.format_exception(rejected.value))
        assert value not in shown
        assert value.encode().hex() not in shown
        assert await store.read(count) == 1

    run(scenario)


def test_no_second_group_waits_for_a_database_that_is_unavailable(
    run: Run,
) -> None:
    async def scenario(store: Store) -> None:
        tries = 0

        async def away(_jobs: list[Any]) -> list[Any]:
            nonlocal tries
            tries += 1
            raise OperationalError("BEGIN", None, Exception("away"))

        store._database.commit = away  # type: ignore[method-assign]
        waiting = [store.write(lambda tx: None) for _ in range(1000)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(one) for one in outcomes} == {StoreUnavailable}
        assert tries == 1

    run(scenario)


def test_a_cancelled_request_disturbs_no_one(run: Run) -> None:
    async def scenario(store: Store) -> None:
        gone = asyncio.ensure_future(store.write(lambda tx: use(tx, "gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await store.write(lambda tx: use(tx, "here"))
        assert await store.read(count) == 2

    run(scenario)


def test_the_clean_up_forgets_what_is_over_and_nothing_else(run: Run) -> None:
    async def scenario(store: Store) -> None:
        now = time.time()

        def fill(tx: Connection) -> None:
            for number in range(450):  # more than two batches
                use(tx, f"old {number}", now - 1)
            use(tx, "new", now + 100)

        await store.write(fill)
        assert await expiry.clean(store) == 450
        assert await store.read(count) == 1

    run(scenario)


def test_private_realms_that_no_one_removed_end(run: Run) -> None:
    async def scenario(store: Store) -> None:
        row = {"like": "default", "offset": 0.0}
        rows = [
            {"name": "lab-000000000001", "forget_at": time.time() - 1, **row},
            {"name": "lab-000000000002", "forget_at": time.time() + 9, **row},
        ]
        await store.write(lambda tx: tx.execute(insert(tables.realms), rows).rowcount)
        assert await expiry.clean(store) == 1
        left = await store.read(lambda tx: tx.execute(select(tables.realms.c.name)).scalars().all())
        assert left == ["lab-000000000002"]

    run(scenario)


def test_a_rotated_key_breaks_no_live_token(run: Run, monkeypatch: Any) -> None:
    async def scenario(store: Store) -> None:
        start = time.time()
        keys = SigningKeys(store)
        claims = {"token_type": "access_token", "iss": "i", "iat": 1, "exp": 2**33}
        before = await keys.sign(claims, "JWT")
        new = (await store.write(rotate)).kid
        fresh = SigningKeys(store)
        published = await fresh.jwks()
        assert len(published["keys"]) == 2
        assert published["keys"][1]["kid"] == new
        # the new key signs only once everyone has had time to read it
        assert (await fresh.sign(claims, "JWT")).split(".")[0] == before.split(".")[0]
        monkeypatch.setattr(time, "time", lambda: start + 121)
        later = SigningKeys(store)
        after = await later.sign(claims, "JWT")
        assert after.split(".")[0] != before.split(".")[0]
        for token in (before, after):
            assert verify_token(token, await later.jwks(), "i", now=start)
        # and the old one goes when its last token has expired
        monkeypatch.setattr(time, "time", lambda: start + 121 + 3600 + 60)
        assert [key["kid"] for key in (await SigningKeys(store).jwks())["keys"]] == [new]

    run(scenario)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_commit_is_on_the_disk_before_it_is_reported(run: Run) -> None:
    """SQLite's own promise against a power cut: the journal is synced at each commit (FULL)."""

    def pragma(name: str) -> Callable[[Connection], Any]:
        return lambda tx: tx.exec_driver_sql(f"PRAGMA {name}").scalar()

    async def scenario(store: Store) -> None:
        assert await store.write(pragma("journal_mode")) == "wal"
        assert await store.write(pragma("synchronous")) == 2

    run(scenario)


def test_an_email_is_readable_only_with_the_secret(run: Run) -> None:
    letter = Letter("default", "a@x.de", "Subject", "the text", "ABCD-2345")

    async def scenario(store: Store) -> None:
        mine, other = MailStore("secret"), MailStore("another secret")
        await store.write(lambda tx: mine.keep(tx, letter, 1.0, 2.0))
        (read,) = await store.read(lambda tx: mine.look(tx, None, None, 10))
        assert (read["text"], read["code"]) == ("the text", "ABCD-2345")
        assert await store.read(lambda tx: other.look(tx, None, None, 10)) == []

    run(scenario)


@pytest.mark.parametrize("name", ["mock.sqlite3"])
def test_the_database_is_not_a_symlink(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").touch()
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DialtoneError, match="symbolic"):
        Store(tmp_path / name)
