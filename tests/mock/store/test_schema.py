"""The upgrade steps: they end with the tables of tables.py, and leave newer databases alone."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from dialtone_kit.mock.store import tables, upgrade
from dialtone_kit.mock.store.store import Store, StoreUnavailable
from dialtone_kit.mock.store.upgrade import TooNew, bring_up_to_date
from tests.support.databases import Database
from tests.support.running_mock import Mock

pytestmark = pytest.mark.both_databases

FIRST_TABLES = Path(__file__).with_name("first_tables.sql")
OLD_CLIENT = """
INSERT INTO clients VALUES ('cli_old_1', 'default', ?, 'old', '', 'openid', 'a@x.de', 1)
"""
GOOD_STEP = """
revision, down_revision = "9999", {last!r}


def upgrade():
    op.add_column("notes", sa.Column("colour", sa.String(8)))
    op.execute("UPDATE notes SET colour = 'red'")
"""
BAD_STEP = GOOD_STEP + '    op.execute("DELETE FROM nowhere")\n'


@pytest.fixture
def empty(own_database: Database) -> Iterator[Connection]:
    """A connection to an empty database."""
    engine = own_database.engine()
    with engine.begin() as tx:
        yield tx
    engine.dispose()


def prepare(own_database: Database) -> None:
    """What the service does with its database when it starts."""
    store = Store(own_database.place)
    try:
        store.create_tables(lambda tx: None)
    finally:
        store.close()


def must_match_the_tables(tx: Connection) -> None:
    context = MigrationContext.configure(tx, opts={"compare_type": True})
    assert compare_metadata(context, tables.metadata) == []
    assert set(inspect(tx).get_table_names()) == {*tables.metadata.tables, "alembic_version"}
    assert tx.exec_driver_sql("SELECT * FROM alembic_version").all() == [(upgrade.steps()[-1],)]


def test_the_steps_end_with_these_tables(empty: Connection) -> None:
    upgrade._take_steps(empty)
    must_match_the_tables(empty)


def test_an_empty_database_gets_the_same_at_once(
    empty: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "_take_steps", lambda tx: pytest.fail("a step was taken"))
    bring_up_to_date(empty)
    must_match_the_tables(empty)


@pytest.mark.parametrize(
    "database", ["sqlite"], indirect=True
)  # before the steps there was no other
def test_a_file_of_the_first_version_keeps_its_rows(own_database: Database) -> None:
    secret = sha256(b"sec_of_old").digest()
    with closing(sqlite3.connect(own_database.place)) as file:
        file.executescript(FIRST_TABLES.read_text())
        file.execute(OLD_CLIENT, [secret])
        file.execute("INSERT INTO notes VALUES (7, 'default', 'cli_old_1', 'remember', 1.5)")
        file.execute("INSERT INTO used_proofs VALUES (?, 2e9)", [b"used"])
        file.execute("INSERT INTO signing_keys VALUES ('k1', 'ES256', 'PEM', 0, NULL)")
        file.commit()
    prepare(own_database)
    assert own_database.sql("SELECT secret_hash FROM clients") == [(secret,)]
    assert own_database.sql("SELECT id, subject, text FROM notes") == [(7, "cli_old_1", "remember")]
    assert own_database.sql("SELECT digest FROM used_proofs") == [(b"used",)]
    assert own_database.sql("SELECT kid FROM signing_keys") == [("k1",)]
    with own_database.engine().begin() as tx:
        must_match_the_tables(tx)


def test_a_service_continues_with_a_file_of_the_first_version(tmp_path: Path) -> None:
    mock = Mock(tmp_path / "mock")
    with closing(sqlite3.connect(mock.state_dir / "mock.sqlite3")) as file:
        file.executescript(FIRST_TABLES.read_text())
        file.execute(OLD_CLIENT, [sha256(b"sec_of_old").digest()])
        file.commit()
    mock.start()
    answer = mock.http.post(
        f"{mock.issuer('default')}/token",
        data={"grant_type": "client_credentials"},
        auth=("cli_old_1", "sec_of_old"),
    )
    assert mock.stop() == 0
    assert answer.status_code == 200, answer.text


def new_step(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Add one more step to the kit's own."""
    last = upgrade.steps()[-1]
    copied = shutil.copytree(upgrade.STEPS, folder / "migrations")
    head = "import sqlalchemy as sa\nfrom alembic import op\n"
    (copied / "versions" / "9999_colour.py").write_text(head + text.format(last=last))
    monkeypatch.setattr(upgrade, "STEPS", copied)


def test_an_older_database_is_brought_up_to_date_with_its_rows(
    own_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(own_database)
    own_database.sql("INSERT INTO notes VALUES (7, 'default', 'cli_a', 'cli_a', 'remember', 1.5)")
    new_step(tmp_path, monkeypatch, GOOD_STEP)
    prepare(own_database)
    assert own_database.sql("SELECT text, colour FROM notes") == [("remember", "red")]
    assert own_database.sql("SELECT version_num FROM alembic_version") == [("9999",)]
    prepare(own_database)


def test_a_step_that_fails_changes_nothing(
    own_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(own_database)
    before = upgrade.steps()[-1]
    new_step(tmp_path, monkeypatch, BAD_STEP)
    with pytest.raises(StoreUnavailable, match="nowhere"):
        prepare(own_database)
    assert own_database.sql("SELECT version_num FROM alembic_version") == [(before,)]
    engine = own_database.engine()
    assert "colour" not in {column["name"] for column in inspect(engine).get_columns("notes")}
    engine.dispose()


def test_two_that_start_together_do_not_get_in_each_others_way(own_database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: prepare(own_database), range(4)))
    with own_database.engine().begin() as tx:
        must_match_the_tables(tx)


def test_every_step_follows_the_one_before() -> None:
    names = sorted(path.name for path in (upgrade.STEPS / "versions").glob("[0-9]*.py"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert upgrade.steps() == [name[:4] for name in names]


def test_up_to_date_nothing_is_done(empty: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_up_to_date(empty)
    monkeypatch.setattr(upgrade, "_take_steps", lambda tx: pytest.fail("a step was taken again"))
    bring_up_to_date(empty)


def test_what_a_newer_kit_wrote_is_left_alone(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    mine.stop()
    mine.sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(AssertionError, match=r"can't be used: .*step 9999.* Update the kit"):
        mine.start()
    mine.sql("UPDATE alembic_version SET version_num = :known", known=upgrade.steps()[-1])
    mine.start()
    assert client.token()


def test_too_new_says_what_to_do(empty: Connection) -> None:
    bring_up_to_date(empty)
    empty.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TooNew, match="Update the kit"):
        bring_up_to_date(empty)
