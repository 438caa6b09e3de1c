"""The tables: everything that workers must agree on and that must survive a restart.

Times are Unix seconds: in the realm's own time where a rule of the protocol reads them, and in the
machine's time in the `forget_at` columns, which only the clean-up reads.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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
COUNTER = BigInteger().with_variant(
    Integer(), "sqlite"
)  # only INTEGER counts up in SQLite: 64 bits there

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
    Column("publish_until", Float),  # machine time; None: no end is set
)

realms = Table(
    "realms",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("like", String(32), nullable=False),
    Column("offset", Float, nullable=False),
    Column("without", String(32)),  # the check that is off here
    Column("policies", Text),  # its own, instead of those of the realm it is like
    Column("seat", Integer, index=True),  # in a class, whose it is; None: the owner's
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
    Column("sponsor", Text, nullable=False),  # the email address of the person who vouched for it
    Column("created_at", Float, nullable=False),
    Column("spiffe_id", Text),  # of a workload, which signs in with its SVID and has no secret
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
    Column("auth_method", String(32)),  # None: a client with a secret
    Column("spiffe_id", Text),  # who the client will be, with auth_method spiffe_jwt
)

limit_hits = Table(
    "limit_hits",
    metadata,
    Column("id", COUNTER, primary_key=True),
    Column("realm", String(32), nullable=False),
    Column("subject", Text, nullable=False),  # "email:…", "ip:…" or "seat:…"
    Column("at", Float, nullable=False),
    Column("seat", Integer),  # in a class, whose it is
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
    Column("id", COUNTER, primary_key=True),
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
    Column("id", COUNTER, primary_key=True),
    Column("realm", String(32), nullable=False),
    Column("client_id", String(80), nullable=False),  # who wrote it
    Column("subject", String(80)),  # whose it is: the token's subject, for whom an agent may act
    Column("text", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("notes_by_subject", "subject", "id"),
)

device_grants = Table(
    "device_grants",
    metadata,
    Column("device_hash", LargeBinary(32), primary_key=True),
    Column("user_hash", LargeBinary(32), nullable=False, unique=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("client_id", String(80), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("status", String(16), nullable=False),  # pending, approved, denied, locked, used
    Column("subject", String(40)),  # who approved: usr_<hex>
    Column("interval", Integer, nullable=False),  # seconds between polls
    Column("polled_at", Float),
    Column("mails", Integer, nullable=False),
    Column("wrong_codes", Integer, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
    Column("audience", Text),  # a JSON array, what the approval is for; None: not named
)

device_visits = Table(  # a person on the device page, between the email and their decision
    "device_visits",
    metadata,
    Column("visit", String(40), primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("device_hash", LargeBinary(32), nullable=False),
    Column("email", Text, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
)

refresh_families = Table(
    "refresh_families",
    metadata,
    Column("family", LargeBinary(32), primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("client_id", String(80), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("jkt", String(43)),  # the key of a public client's family; None: not bound
    Column("started_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
    Column("audience", Text),  # a JSON array, what the approval is for; None: not named
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("family", LargeBinary(32), nullable=False),
    Column("used", Boolean, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
)

# What was derived from what. A node is a token, a refresh token family or a client: lineage.py.
lineage = Table(
    "lineage",
    metadata,
    Column("child", LargeBinary(32), primary_key=True),
    Column("parent", LargeBinary(32), primary_key=True),
    Column("forget_at", Float, nullable=False, index=True),
    sqlite_with_rowid=False,
)

revocations = Table(
    "revocations",
    metadata,
    Column("node", LargeBinary(32), primary_key=True),
    Column("forget_at", Float, index=True),  # None: kept until it is undone
    sqlite_with_rowid=False,
)

spiffe_authorities = Table(
    "spiffe_authorities",
    metadata,
    Column("id", COUNTER, primary_key=True),
    Column("kid", String(64), nullable=False, unique=True),
    Column("trust_domain", String(255), nullable=False, index=True),
    Column("use", String(8), nullable=False),  # x509, jwt
    Column("private_pem", Text, nullable=False),  # "" once it no longer signs
    Column("certificates", Text, nullable=False),  # PEM: intermediate, root; "" for jwt
    Column("sign_from", Float, nullable=False),  # machine time, like the two below
    Column("expires_at", Float, nullable=False),
    Column("publish_until", Float),  # None: no end is set
)

platform_keys = Table(
    "platform_keys",
    metadata,
    Column("platform", String(16), primary_key=True),
    Column("kid", String(64), nullable=False),
    Column("private_pem", Text, nullable=False),
    Column("published", Text, nullable=False),  # a JWK set; for AWS a certificate
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
    Column("thumbprint", String(43), nullable=False),  # of the first key, the only one accepted
    Column("first_at", Float, nullable=False),
    sqlite_with_rowid=False,
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", COUNTER, primary_key=True),
    Column("at", Float, nullable=False),
    Column("realm", String(32), nullable=False),
    Column("event", String(40), nullable=False),
    Column("client_id", String(80)),
    Column("details", Text, nullable=False),  # a JSON object
    Column("forget_at", Float, nullable=False, index=True),
    Index("audit_events_of_a_client", "realm", "client_id", "id"),  # also serves a whole realm
    sqlite_autoincrement=True,  # ids are never reused: readers of the trail continue from one
)

faults = Table(
    "faults",
    metadata,
    Column("id", COUNTER, primary_key=True),
    Column("realm", String(32), nullable=False, index=True),
    Column("path_suffix", Text, nullable=False),
    Column("kind", String(8), nullable=False),  # status, drop, delay
    Column("status", Integer),
    Column("seconds", Float),
    Column("times_left", Integer, nullable=False),
    Column("after_effect", Boolean),  # the operation runs, and its answer is lost
)

addresses_of_seats = Table(  # in a class: whose inbox an address is, besides the roster's own
    "addresses_of_seats",
    metadata,
    Column("address", String(320), primary_key=True),  # in the one spelling of base/email.py
    Column("seat", Integer, nullable=False, index=True),
    Column("since", Float, nullable=False),  # machine time: emails from before are not theirs
    Column("forget_at", Float, nullable=False, index=True),
)

class_events = Table(  # what learners chose to share: no text, no code, no address
    "class_events",
    metadata,
    Column("id", COUNTER, primary_key=True),
    Column("seat", Integer, nullable=False),
    Column("series", String(32), nullable=False),  # one progress file
    Column("number", Integer, nullable=False),  # its place there
    Column("received_at", Float, nullable=False),
    Column("event", Text, nullable=False),  # a JSON object
    Index("class_events_once", "seat", "series", "number", unique=True),
    Index("class_events_by_time", "seat", "received_at"),
    sqlite_autoincrement=True,  # ids are never reused: the board continues from one
)

# The rows to delete when a realm is reset or removed. Used proofs and revocations only expire.
OF_A_REALM = (
    clients,
    enrollments,
    device_grants,
    device_visits,
    refresh_families,
    refresh_tokens,
    limit_hits,
    mails,
    notes,
    audit_events,
    faults,
    attested_instances,
)
# The tables whose expired rows the clean-up deletes, in small batches.
EXPIRING = (
    used_proofs,
    used_challenges,
    enrollments,
    device_grants,
    device_visits,
    refresh_families,
    refresh_tokens,
    lineage,
    revocations,
    limit_hits,
    mails,
    audit_events,
    addresses_of_seats,
)
