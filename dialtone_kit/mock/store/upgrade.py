"""Bring the tables up to what this version of the kit needs, in numbered steps (Alembic)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from dialtone_kit.mock.store.tables import metadata

STEPS = Path(__file__).parent / "migrations"


class TooNew(Exception):
    """The database was written by a newer version of the kit. Nothing was changed."""


def bring_up_to_date(tx: Connection) -> None:
    """Take the steps that this database still needs, in the transaction `tx`. Raises TooNew.

    An empty database gets today's tables at once.
    """
    present = set(inspect(tx).get_table_names())
    if not present & {*metadata.tables, "alembic_version"}:
        _create(tx)
        return
    taken, known = _version(tx) if "alembic_version" in present else None, steps()
    if taken == known[-1]:
        return
    if taken is not None and taken not in known:
        raise TooNew(
            f"its tables are at step {taken}; this version of the kit knows up to {known[-1]}. "
            "Update the kit, or use another state folder"
        )
    _take_steps(tx)


def steps() -> list[str]:
    """The numbers of all steps, four digits each, in order."""
    return sorted(path.name[:4] for path in (STEPS / "versions").glob("[0-9]*.py"))


def _version(tx: Connection) -> str | None:
    """The last step taken."""
    version: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _create(tx: Connection) -> None:
    """Create the tables as they are after all steps, without the time it takes to load Alembic."""
    metadata.create_all(tx, checkfirst=False)
    tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
    tx.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": steps()[-1]})


def _take_steps(tx: Connection) -> None:
    from alembic import command  # slow to load and rarely needed
    from alembic.config import Config

    if tx.dialect.name == "postgresql":  # a large table takes a while
        tx.execute(text("SET LOCAL statement_timeout = 0"))
    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    command.upgrade(config, "head")
