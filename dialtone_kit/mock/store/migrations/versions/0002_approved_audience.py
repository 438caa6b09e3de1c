"""An approval remembers what it is for, and a fault may come late. Rows from before do neither."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for table in ("device_grants", "refresh_families"):
        _add(table, sa.Column("audience", sa.Text(), nullable=True))
    _add("faults", sa.Column("after_effect", sa.Boolean(), nullable=True))


def _add(table: str, column: sa.Column[Any]) -> None:
    """Add the column if the table lacks it."""
    present = sa.inspect(op.get_bind()).get_columns(table)
    if column.name not in {one["name"] for one in present}:
        op.add_column(table, column)
