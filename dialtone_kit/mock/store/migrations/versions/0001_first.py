"""The tables as they were when the steps began. A database from before is taken over as it is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _renew_platform_keys()
    _table(
        "attested_instances",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    _index("ix_attested_instances_realm", "attested_instances", ["realm"])
    _table(
        "audit_events",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    _index("audit_events_of_a_client", "audit_events", ["realm", "client_id", "id"])
    op.drop_index("audit_events_by_client", "audit_events", if_exists=True)
    _index("ix_audit_events_forget_at", "audit_events", ["forget_at"])
    _table(
        "clients",
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sponsor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
    )
    _index("ix_clients_realm", "clients", ["realm"])
    _table(
        "device_grants",
        sa.Column("device_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=True),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("polled_at", sa.Float(), nullable=True),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("device_hash"),
        sa.UniqueConstraint("user_hash"),
    )
    _index("ix_device_grants_forget_at", "device_grants", ["forget_at"])
    _index("ix_device_grants_realm", "device_grants", ["realm"])
    _table(
        "device_visits",
        sa.Column("visit", sa.String(length=40), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("visit"),
    )
    _index("ix_device_visits_forget_at", "device_visits", ["forget_at"])
    _index("ix_device_visits_realm", "device_visits", ["realm"])
    _table(
        "enrollments",
        sa.Column("enrollment_id", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("poll_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.Column("auth_method", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("enrollment_id"),
    )
    _index("ix_enrollments_forget_at", "enrollments", ["forget_at"])
    _index("ix_enrollments_realm", "enrollments", ["realm"])
    _table(
        "faults",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("path_suffix", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("times_left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("ix_faults_realm", "faults", ["realm"])
    _table(
        "limit_hits",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("ix_limit_hits_forget_at", "limit_hits", ["forget_at"])
    _index("limit_hits_by_subject", "limit_hits", ["realm", "subject", "at"])
    _table(
        "lineage",
        sa.Column("child", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent", sa.LargeBinary(length=32), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("child", "parent"),
        sqlite_with_rowid=False,
    )
    _index("ix_lineage_forget_at", "lineage", ["forget_at"])
    _table(
        "mails",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.Float(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("ix_mails_forget_at", "mails", ["forget_at"])
    _index("ix_mails_realm", "mails", ["realm"])
    _table(
        "notes",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("notes_by_subject", "notes", ["subject", "id"])
    op.drop_index("notes_by_client", "notes", if_exists=True)
    # before agents acted for others, a note was its writer's own
    op.execute("UPDATE notes SET subject = client_id WHERE subject IS NULL")
    _table(
        "platform_keys",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform"),
    )
    _table(
        "realms",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("like", sa.String(length=32), nullable=False),
        sa.Column("offset", sa.Float(), nullable=False),
        sa.Column("without", sa.String(length=32), nullable=True),
        sa.Column("policies", sa.Text(), nullable=True),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _table(
        "refresh_families",
        sa.Column("family", sa.LargeBinary(length=32), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("family"),
    )
    _index("ix_refresh_families_forget_at", "refresh_families", ["forget_at"])
    _index("ix_refresh_families_realm", "refresh_families", ["realm"])
    _table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("realm", sa.String(length=32), nullable=False),
        sa.Column("family", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    _index("ix_refresh_tokens_forget_at", "refresh_tokens", ["forget_at"])
    _index("ix_refresh_tokens_realm", "refresh_tokens", ["realm"])
    _table(
        "revocations",
        sa.Column("node", sa.LargeBinary(length=32), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("node"),
        sqlite_with_rowid=False,
    )
    _index("ix_revocations_forget_at", "revocations", ["forget_at"])
    _table(
        "service_secrets",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _table(
        "signing_keys",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("alg", sa.String(length=16), nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("sign_from", sa.Float(), nullable=False),
        sa.Column("publish_until", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("kid"),
    )
    _table(
        "spiffe_authorities",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("trust_domain", sa.String(length=255), nullable=False),
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("sign_from", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("publish_until", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kid"),
    )
    _index("ix_spiffe_authorities_trust_domain", "spiffe_authorities", ["trust_domain"])
    _table(
        "used_challenges",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    _index("ix_used_challenges_forget_at", "used_challenges", ["forget_at"])
    _table(
        "used_proofs",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    _index("ix_used_proofs_forget_at", "used_proofs", ["forget_at"])


def _renew_platform_keys() -> None:
    """Early ones lack what they publish. A platform makes new ones when it is next used."""
    inspector = sa.inspect(op.get_bind())
    name = "platform_keys"
    if inspector.has_table(name) and "published" not in {
        c["name"] for c in inspector.get_columns(name)
    }:
        op.drop_table(name)


def _table(name: str, *parts: sa.schema.SchemaItem, **options: Any) -> None:
    """Make the table, or the columns that it lacks: all that came later may be empty."""
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table(name):
        op.create_table(name, *parts, **options)
        return
    present = {column["name"] for column in inspector.get_columns(name)}
    for part in parts:
        if isinstance(part, sa.Column) and part.name not in present:
            op.add_column(name, part)


def _index(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, if_not_exists=True)
