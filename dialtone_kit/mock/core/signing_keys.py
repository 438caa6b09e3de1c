"""The keys that sign access tokens: stored, shared by all workers, and rotated when asked.

A new key is published before it signs, and an old one stays published until its last token has
expired, so a verifier that caches the key set never sees an unknown `kid`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Connection, insert, or_, select, update

from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.clock import machine_now
from dialtone_kit.mock.core.settings import TOKEN_LIFETIME
from dialtone_kit.mock.store.store import Store
from dialtone_kit.mock.store.tables import signing_keys
from dialtone_kit.tokens import sign_token

ALG = "ES256"
FRESH_FOR = 60.0  # seconds for which a worker or verifier may cache the key set


class SigningKeys:
    """The current key and the published set, re-read from the store every `fresh_for` seconds."""

    def __init__(self, store: Store, fresh_for: float = FRESH_FOR) -> None:
        self._store, self._fresh_for = store, fresh_for
        self._read_at = float("-inf")
        self._signing: tuple[str, Any] | None = None
        self._jwks: dict[str, Any] = {"keys": []}

    async def jwks(self) -> Mapping[str, Any]:
        """The public keys as a JWK set (RFC 7517), each with a `kid` and no private member."""
        await self._refresh()
        return self._jwks

    async def published(self) -> Mapping[str, Any]:
        """The same, read again now: another worker may have added a key."""
        self._read_at = float("-inf")
        return await self.jwks()

    async def sign(self, claims: dict[str, Any], typ: str) -> str:
        """A token with `claims`, signed by the current key."""
        await self._refresh()
        assert self._signing is not None  # noqa: S101  (every start makes one)
        kid, private = self._signing
        return sign_token(private, claims, kid=kid, alg=ALG, typ=typ)

    async def _refresh(self) -> None:
        if time.monotonic() - self._read_at < self._fresh_for:
            return
        rows = await self._store.read(_published)
        loaded = [(row.kid, load_pem_private_key(row.private_pem.encode(), None)) for row in rows]
        now = machine_now()
        ready = [key for row, key in zip(rows, loaded, strict=True) if row.sign_from <= now]
        self._signing = ready[-1] if ready else loaded[0]
        self._jwks = {"keys": [_public(kid, private) for kid, private in loaded]}
        self._read_at = time.monotonic()


def ensure(tx: Connection) -> None:
    """Make the first signing key, at the very first start.

    Runs in the transaction that creates the tables, so workers that start together agree.
    """
    if tx.execute(select(signing_keys.c.kid).limit(1)).first() is None:
        add_key(tx, sign_from=0.0)


@dataclass(frozen=True)
class Rotation:
    """A new key, and when it takes over from the old ones (machine time)."""

    kid: str
    sign_from: float
    old_until: float


def rotate(tx: Connection, fresh_for: float = FRESH_FOR) -> Rotation:
    """Add a key that signs once every reader knows it; the old ones go when their tokens expire."""
    sign_from = machine_now() + 2 * fresh_for
    old_until = sign_from + TOKEN_LIFETIME + fresh_for
    tx.execute(
        update(signing_keys)
        .where(signing_keys.c.publish_until.is_(None))
        .values(publish_until=old_until)
    )
    return Rotation(add_key(tx, sign_from), sign_from, old_until)


def add_key(tx: Connection, sign_from: float) -> str:
    """Add a key pair that signs from `sign_from` on (machine time); returns its `kid`."""
    private = ec.generate_private_key(ec.SECP256R1())
    kid = secrets.token_urlsafe(12)
    row = {"kid": kid, "alg": ALG, "private_pem": private_pem(private), "sign_from": sign_from}
    tx.execute(insert(signing_keys), {**row, "publish_until": None})
    return kid


def private_pem(private: Any) -> str:
    """A private key as it is stored: PKCS#8 in PEM, in a database that only its owner can read."""
    return str(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def _published(tx: Connection) -> list[Any]:
    until = signing_keys.c.publish_until
    query = select(signing_keys).where(or_(until.is_(None), until > machine_now()))
    return list(tx.execute(query.order_by(signing_keys.c.sign_from)).all())


def _public(kid: str, private: Any) -> dict[str, Any]:
    return {**jwk_of(private.public_key()), "kid": kid, "alg": ALG, "use": "sig"}
