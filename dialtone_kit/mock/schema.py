"""The tables, brought to what this version of the kit needs by numbered steps (Alembic)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

STEPS = Path(__file__).parent / "migrations"


class TooNew(Exception):
    """The database was written by a newer version of the kit. Nothing was changed."""


def bring_up_to_date(tx: Connection) -> None:
    """Take the steps that this database has not taken yet, in the transaction of `tx`.

    Raises TooNew.
    """
    taken, newest = _version(tx), newest_step()
    if taken == newest:
        return
    if taken is not None and taken > newest:
        raise TooNew(
            f"its tables are those of step {taken}, this version of the kit knows {newest}. "
            "Update the kit, or use another state folder"
        )
    _take_steps(tx)


def newest_step() -> str:
    """The number of the last step, four digits."""
    return max(path.name[:4] for path in (STEPS / "versions").glob("[0-9]*.py"))


def _version(tx: Connection) -> str | None:
    """The last step taken; None for an empty database, and for one from before the steps."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _take_steps(tx: Connection) -> None:
    from alembic import command  # slow to load, and seldom needed
    from alembic.config import Config

    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    command.upgrade(config, "head")
