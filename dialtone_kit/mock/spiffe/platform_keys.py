"""The keys that verify evidence: those configured for a platform, or the local platform's."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.clock import machine_now
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.signing_keys import private_pem
from dialtone_kit.mock.spiffe.settings import Platform, published_keys
from dialtone_kit.mock.store.store import StoreUnavailable
from dialtone_kit.mock.store.tables import platform_keys
from dialtone_kit.spiffe.evidence import PlatformName

ALG = "RS256"  # all four platforms sign with it


@dataclass(frozen=True)
class LocalKey:
    """A platform's key, as stored."""

    kid: str
    private: Any


async def trusted_keys(service: Service, platform: Platform) -> Mapping[str, Any]:
    """The JWK set that verifies evidence of `platform`: configured, or the local platform's."""
    if platform.keys is not None:
        return platform.keys
    query = select(platform_keys.c.published).where(platform_keys.c.platform == platform.name)
    published = await service.store.read(lambda tx: tx.execute(query).scalar())
    if published is None:  # it has not signed anything yet
        return {"keys": []}
    return published_keys(platform.name, published.encode())


async def local_key(service: Service, name: PlatformName) -> LocalKey:
    """The local platform's key, made at its first use: RSA keys would delay every start."""
    existing = await service.store.read(lambda tx: _stored(tx, name))
    if existing is not None:
        return existing
    row = await asyncio.to_thread(_new_row, name)

    def keep(tx: Connection) -> LocalKey:
        key = _stored(tx, name)  # another request or worker may have been faster
        if key is None:
            try:
                tx.execute(insert(platform_keys), row)
            except IntegrityError:
                raise StoreUnavailable("two workers made a platform's first key at once") from None
            key = _stored(tx, name)
        assert key is not None  # noqa: S101  (just inserted)
        return key

    return await service.store.write(keep)


def _stored(tx: Connection, name: str) -> LocalKey | None:
    row = tx.execute(select(platform_keys).where(platform_keys.c.platform == name)).first()
    if row is None:
        return None
    # It is our own key, and validating it would block the event loop for 40 ms each time.
    private = load_pem_private_key(
        row.private_pem.encode(), None, unsafe_skip_rsa_key_validation=True
    )
    return LocalKey(row.kid, private)


def _new_row(name: PlatformName) -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = secrets.token_hex(20)
    jwk = {**jwk_of(private.public_key()), "kid": kid, "alg": ALG, "use": "sig"}
    published = _self_signed(private) if name == "aws" else json.dumps({"keys": [jwk]})
    return {
        "platform": name,
        "kid": kid,
        "private_pem": private_pem(private),
        "published": published,
    }


def _self_signed(private: rsa.RSAPrivateKey) -> str:
    """The certificate in which AWS publishes the key that signs identity documents."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local AWS of the lessons")])
    now = datetime.fromtimestamp(machine_now(), UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3650))
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()
