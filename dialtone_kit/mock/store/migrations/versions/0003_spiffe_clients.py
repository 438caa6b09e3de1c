"""A client may be a workload that signs in with its SVID. No row from before is one."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("clients", "enrollments"):
        present = sa.inspect(op.get_bind()).get_columns(table)
        if "spiffe_id" not in {one["name"] for one in present}:
            op.add_column(table, sa.Column("spiffe_id", sa.Text(), nullable=True))
