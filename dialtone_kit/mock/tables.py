"""Everything that two workers must agree on, and that a restart must not forget, as tables.

Times are Unix seconds: in the realm's own time where a rule of the protocol reads them, in the
machine's time in the columns `forget_at`, which only the clean-up reads.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

secrets_of_service = Table(
    "service_secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("alg", String(16), nullable=False),
    Column("private_pem", Text, nullable=False),
    Column("sign_from", Float, nullable=False),  # machine time: published before it signs
    Column("publish_until", Float),  # machine time; None: no end set
)

realms = Table(
    "realms",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("like", String(32), nullable=False),
    Column("offset", Float, nullable=False),
    Column("without", String(32)),  # the proof rule that is off here
    Column("policies", Text),  # its own, instead of those of the realm that it is like
    Column("forget_at", Float, nullable=False),
)

clients = Table(
    "clients",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("client_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by spaces, as on the wire
    Column("sponsor", Text, nullable=False),  # the e-mail address that vouched
    Column("created_at", Float, nullable=False),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("enrollment_id", String(64), primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("email", Text, nullable=False),
    Column("client_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("poll_hash", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False),  # pending, approved, confirmed, locked
    Column("wrong_codes", Integer, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
)

limit_hits = Table(
    "limit_hits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("realm", String(32), nullable=False),
    Column("subject", Text, nullable=False),  # "email:…" or "ip:…"
    Column("at", Float, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
    Index("limit_hits_by_subject", "realm", "subject", "at"),
)

used_proofs = Table(
    "used_proofs",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # of realm, key and jti: bounded in size
    Column("forget_at", Float, nullable=False, index=True),
    sqlite_with_rowid=False,
)

mails = Table(
    "mails",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # text and code, readable with the secret only
    Column("sent_at", Float, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("realm", String(32), nullable=False),
    Column("client_id", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("notes_by_client", "client_id", "id"),
)

spiffe_authorities = Table(
    "spiffe_authorities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kid", String(64), nullable=False, unique=True),
    Column("trust_domain", String(255), nullable=False, index=True),
    Column("use", String(8), nullable=False),  # x509, jwt
    Column("private_pem", Text, nullable=False),  # "" once it can't be asked to sign any more
    Column("certificates", Text, nullable=False),  # PEM: intermediate, root; "" for jwt
    Column("sign_from", Float, nullable=False),  # machine time, as the two below
    Column("expires_at", Float, nullable=False),
    Column("publish_until", Float),  # None: no end set
)

platform_keys = Table(
    "platform_keys",
    metadata,
    Column("platform", String(16), primary_key=True),
    Column("kid", String(64), nullable=False),
    Column("private_pem", Text, nullable=False),
    Column("published", Text, nullable=False),  # what it publishes: a JWK set, AWS a certificate
)

used_challenges = Table(
    "used_challenges",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("forget_at", Float, nullable=False, index=True),
    sqlite_with_rowid=False,
)

attested_instances = Table(
    "attested_instances",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # of realm and instance
    Column("realm", String(32), nullable=False, index=True),
    Column("thumbprint", String(43), nullable=False),  # of the first key, the only one
    Column("first_at", Float, nullable=False),
    sqlite_with_rowid=False,
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("realm", String(32), nullable=False),
    Column("event", String(40), nullable=False),
    Column("client_id", String(80)),
    Column("details", Text, nullable=False),  # a JSON object
    Column("forget_at", Float, nullable=False, index=True),
    Index("audit_events_by_client", "client_id", "id"),
    sqlite_autoincrement=True,  # an id never comes again: who follows the trail goes on from one
)

faults = Table(
    "faults",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("path_suffix", Text, nullable=False),
    Column("kind", String(8), nullable=False),  # status, drop, delay
    Column("status", Integer),
    Column("seconds", Float),
    Column("times_left", Integer, nullable=False),
)

# A realm's own rows, for reset and removal. Used proofs stay: they only ever expire.
OF_A_REALM = (
    clients,
    enrollments,
    limit_hits,
    mails,
    notes,
    audit_events,
    faults,
    attested_instances,
)
# What the clean-up looks after, in small batches.
EXPIRING = (used_proofs, used_challenges, enrollments, limit_hits, mails, audit_events)
