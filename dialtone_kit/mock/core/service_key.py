"""The service's own key, for nonces and for the codes that people type.

It is in a private file next to the database and never in it: codes have 40 bits, so anyone with
both the key and the hashes could try them all. The database holds the key's fingerprint, to
recognize a different key.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from hmac import compare_digest, digest

from sqlalchemy import Connection, delete, insert, select, text

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.core.settings import BadSettings, Settings
from dialtone_kit.mock.store.tables import secrets_of_service

SIZE = 32  # bytes
IN_HEX = re.compile(rb"[0-9a-f]{64}\n?")  # in the file
# One per database: a state folder may be used with its file and with a PostgreSQL database.
FILE, FILE_FOR_POSTGRES = "mock.key", "postgresql.key"
IN_THE_DATABASE = "key"  # where it was at first
FINGERPRINT = "key_fingerprint"


def ensure(tx: Connection, settings: Settings) -> bytes:
    """The key, made at the very first start. Raises BadSettings.

    Runs in the transaction that creates the tables, so workers that start together agree.
    """
    rows = tx.execute(select(secrets_of_service.c.name, secrets_of_service.c.value)).all()
    stored = {row.name: bytes(row.value) for row in rows}
    old, known = stored.get(IN_THE_DATABASE), stored.get(FINGERPRINT)
    found = _read(settings)
    key = old or found or secrets.token_bytes(SIZE)
    if settings.database_url is not None:
        _must_be_the_same(settings, known, found, old)
    elif known is not None and not compare_digest(known, fingerprint(key)):
        log.warning(
            "%s is not the key of this database: earlier codes and nonces are void, and people "
            "get new subjects",
            FILE,
        )
    if key != found:
        _write(settings, key)
    if set(stored) != {FINGERPRINT} or known != fingerprint(key):
        _note(tx, key)
    return key


def fingerprint(key: bytes) -> bytes:
    """What the database knows of the key: 256 random bits can't be found from it."""
    return digest(key, b"the fingerprint of a service's key", sha256)


def _must_be_the_same(
    settings: Settings, known: bytes | None, found: bytes | None, old: bytes | None
) -> None:
    """Services on several hosts share a PostgreSQL database, and need one key."""
    wrong_file = known is not None and (found is None or fingerprint(found) != known)
    if wrong_file or (old is not None and found not in (None, old)):
        raise BadSettings(
            f"{settings.database_name} belongs to a different key than {FILE_FOR_POSTGRES} in "
            f"{shown(settings.state_dir)}. Copy that file from the state folder of the service "
            "that used the database before. If it is lost, delete the rows of the table "
            "service_secrets: codes already sent become void."
        )


def _note(tx: Connection, key: bytes) -> None:
    """Leave nothing but the fingerprint. TRUNCATE drops PostgreSQL's old pages; the store
    rewrites SQLite's when it compacts an older database."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"TRUNCATE {secrets_of_service.name}"))
    else:
        tx.execute(delete(secrets_of_service))
    tx.execute(insert(secrets_of_service), {"name": FINGERPRINT, "value": fingerprint(key)})


def _name(settings: Settings) -> str:
    return FILE if settings.database_url is None else FILE_FOR_POSTGRES


def _folder(settings: Settings) -> PrivateFolder:
    return PrivateFolder(settings.state_dir, forbidden=0o022)


def _read(settings: Settings) -> bytes | None:
    """The key in the file, None without a file."""
    name = _name(settings)
    try:
        key = _folder(settings).read(name)
    except FileNotFoundError:
        return None
    except DialtoneError as problem:
        raise BadSettings(str(problem)) from None
    if not IN_HEX.fullmatch(key):
        raise BadSettings(
            f"{shown(settings.state_dir / name)} is not a key: remove it and start again."
        )
    return bytes.fromhex(key.decode())


def _write(settings: Settings, key: bytes) -> None:
    try:
        _folder(settings).write(_name(settings), f"{key.hex()}\n")
    except DialtoneError as problem:
        raise BadSettings(str(problem)) from None
