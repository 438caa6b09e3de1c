"""The tables by their steps: they end where tables.py stands, and never guess at what is newer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from databases import Database
from running_mock import Mock
from sqlalchemy import Connection, inspect

from dialtone_kit.mock import schema, tables
from dialtone_kit.mock.schema import TooNew, bring_up_to_date


@pytest.fixture
def empty(tmp_path: Path, database: str) -> Iterator[Connection]:
    """A connection to an empty database."""
    made = Database(tmp_path, database)
    engine = made.engine()
    with engine.begin() as tx:
        yield tx
    engine.dispose()
    made.drop()


def test_the_steps_end_where_the_tables_stand(empty: Connection) -> None:
    bring_up_to_date(empty)
    context = MigrationContext.configure(empty, opts={"compare_type": True})
    assert compare_metadata(context, tables.metadata) == []
    assert set(inspect(empty).get_table_names()) == {*tables.metadata.tables, "alembic_version"}


def test_every_step_follows_the_one_before() -> None:
    names = sorted(path.name for path in (schema.STEPS / "versions").glob("[0-9]*.py"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert schema.newest_step() == names[-1][:4]


def test_up_to_date_nothing_is_done(empty: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_up_to_date(empty)
    monkeypatch.setattr(schema, "_take_steps", lambda tx: pytest.fail("a step was taken again"))
    bring_up_to_date(empty)


def test_what_a_newer_kit_wrote_is_left_alone(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    mine.stop()
    mine.sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(AssertionError, match=r"can't be used: .*step 9999.* Update the kit"):
        mine.start()
    mine.sql("UPDATE alembic_version SET version_num = :known", known=schema.newest_step())
    mine.start()
    assert client.token()


def test_too_new_says_what_to_do(empty: Connection) -> None:
    bring_up_to_date(empty)
    empty.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TooNew, match="Update the kit"):
        bring_up_to_date(empty)
