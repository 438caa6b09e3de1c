"""A class has seats: whose a private realm and a count are, their addresses, what they share."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    present = sa.inspect(op.get_bind())
    for table in ("realms", "limit_hits"):
        if "seat" not in {one["name"] for one in present.get_columns(table)}:
            op.add_column(table, sa.Column("seat", sa.Integer(), nullable=True))
    op.create_index("ix_realms_seat", "realms", ["seat"], if_not_exists=True)
    tables = present.get_table_names()
    if "addresses_of_seats" not in tables:
        _add_addresses()
    if "class_events" not in tables:
        _add_events()


def _add_addresses() -> None:
    op.create_table(
        "addresses_of_seats",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_index("ix_addresses_of_seats_seat", "addresses_of_seats", ["seat"])
    op.create_index("ix_addresses_of_seats_forget_at", "addresses_of_seats", ["forget_at"])


def _add_events() -> None:
    op.create_table(
        "class_events",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("class_events_once", "class_events", ["seat", "series", "number"], unique=True)
    op.create_index("class_events_by_time", "class_events", ["seat", "received_at"])
