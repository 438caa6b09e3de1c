"""The trust domain's own authority: its keys, the SVIDs that they sign, and the bundle.

Each rotation makes a new root, the one intermediate that it signs, and a new JWT key. The root's
private half is forgotten at once, so nothing in the store can make another authority. A new key is
in the bundle before it signs, an old one stays until the last SVID that it signed has expired.
"""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Connection, insert, select, update

from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.schemas.spiffe import SVID_LIFETIME
from dialtone_kit.mock.spiffe.certificates import Chain, new_authority, new_leaf, pem
from dialtone_kit.mock.spiffe.settings import REFRESH_HINT
from dialtone_kit.mock.store.tables import spiffe_authorities as table
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.tokens import sign_token

Use = Literal["x509", "jwt"]
JWT_ALG = "ES256"  # one of those that JWT-SVID §3 allows: RS, PS, ES
AUTHORITY_LIFETIME = 3650 * 24 * 3600  # seconds
RENEW_BEFORE = 30 * 24 * 3600  # seconds before its end that an authority is replaced at a start
LEEWAY = 5  # seconds that the workload's clock may be behind ours


@dataclass(frozen=True)
class Signer:
    """The key that signs now. `chain`: its certificate and the root above, for X.509."""

    kid: str
    private: Any
    chain: Chain


@dataclass(frozen=True)
class Svid:
    """A signed SVID: a PEM chain, leaf first, or a JWT. `expires_at` in Unix seconds."""

    text: str
    spiffe_id: SpiffeId
    expires_at: int


@dataclass(frozen=True)
class Rotation:
    """When new keys take over, and until when the old ones stay in the bundle (machine time)."""

    sign_from: float
    old_until: float


def ensure(tx: Connection, trust_domain: str) -> None:
    """See to it that there is an authority for years to come. Part of every start."""
    now = time.time()
    newest = _rows(tx, trust_domain, now)
    if not newest:
        _add(tx, trust_domain, sign_from=0.0, now=now)
    elif min(row.expires_at for row in newest[-2:]) - now < RENEW_BEFORE:
        rotate(tx, trust_domain, now)


def rotate(tx: Connection, trust_domain: str, now: float | None = None) -> Rotation:
    """Put new keys in; they sign once every holder of the bundle had the time to fetch it again."""
    now = time.time() if now is None else now
    sign_from = now + 2 * REFRESH_HINT
    old_until = sign_from + SVID_LIFETIME + REFRESH_HINT
    current = (table.c.trust_domain == trust_domain) & table.c.publish_until.is_(None)
    tx.execute(update(table).where(current).values(publish_until=old_until))
    tx.execute(update(table).where(table.c.publish_until <= now).values(private_pem=""))
    _add(tx, trust_domain, sign_from, now)
    return Rotation(sign_from, old_until)


def signer(tx: Connection, trust_domain: str, use: Use, now: float) -> Signer:
    """The newest key that may sign already."""
    rows = [row for row in _rows(tx, trust_domain, now) if row.use == use]
    ready = [row for row in rows if row.sign_from <= now]
    row = ready[-1] if ready else rows[0]
    private = load_pem_private_key(row.private_pem.encode(), None)
    return Signer(row.kid, private, _certificates(row))


def bundle(tx: Connection, trust_domain: str, now: float) -> dict[str, Any]:
    """The trust bundle (SPIFFE Trust Domain and Bundle §4). No private member is in it.

    Rows are never removed, so counting who came and who left gives a sequence that only rises.
    """
    all_rows = tx.execute(select(table).where(table.c.trust_domain == trust_domain)).all()
    left = [row for row in all_rows if row.publish_until is not None and row.publish_until <= now]
    return {
        "keys": [_published(row) for row in _rows(tx, trust_domain, now)],
        "spiffe_sequence": len(all_rows) + len(left),
        "spiffe_refresh_hint": REFRESH_HINT,
    }


def sign_x509(by: Signer, public_key: Any, spiffe_id: SpiffeId, now: float, ttl: int) -> Svid:
    """An X.509-SVID for `public_key`. `ttl` in seconds; an hour is the most."""
    begin = int(now) - LEEWAY
    end = min(int(now) + ttl, begin + SVID_LIFETIME)
    leaf = new_leaf(by.chain[0], by.private, public_key, spiffe_id, begin, end)
    return Svid(pem(leaf) + pem(by.chain[0]), spiffe_id, end)


def sign_jwt(by: Signer, spiffe_id: SpiffeId, audience: list[str], now: float, ttl: int) -> Svid:
    """A JWT-SVID for `audience`. `ttl` in seconds; an hour is the most."""
    end = int(now) + min(ttl, SVID_LIFETIME)
    claims = {"sub": str(spiffe_id), "aud": audience, "iat": int(now), "exp": end}
    return Svid(sign_token(by.private, claims, kid=by.kid, alg=JWT_ALG), spiffe_id, end)


def _add(tx: Connection, trust_domain: str, sign_from: float, now: float) -> None:
    """A new root with its intermediate, and a new JWT key."""
    end = int(now) + AUTHORITY_LIFETIME
    authority, chain = new_authority(trust_domain, int(now) - LEEWAY, end)
    for use, private, certificates in (
        ("x509", authority, "".join(map(pem, chain))),
        ("jwt", ec.generate_private_key(ec.SECP256R1()), ""),
    ):
        row = {
            "kid": secrets.token_urlsafe(12),
            "trust_domain": trust_domain,
            "use": use,
            "private_pem": _private_pem(private),
            "certificates": certificates,
            "sign_from": sign_from,
            "expires_at": end,
        }
        tx.execute(insert(table), {**row, "publish_until": None})


def _rows(tx: Connection, trust_domain: str, now: float) -> list[Any]:
    """The published authorities, oldest first."""
    query = select(table).where(table.c.trust_domain == trust_domain).order_by(table.c.id)
    rows = tx.execute(query).all()
    return [row for row in rows if row.publish_until is None or row.publish_until > now]


def _published(row: Any) -> dict[str, Any]:
    """One JWK of the bundle: an X.509 root with its certificate, or a JWT key with its kid."""
    if row.use == "x509":
        root = _certificates(row)[-1]
        x5c = base64.b64encode(root.public_bytes(Encoding.DER)).decode()
        return {**jwk_of(root.public_key()), "use": "x509-svid", "x5c": [x5c]}
    public = jwk_of(load_pem_private_key(row.private_pem.encode(), None).public_key())
    return {**public, "use": "jwt-svid", "kid": row.kid}


def _certificates(row: Any) -> Chain:
    if not row.certificates:
        return ()
    return tuple(x509.load_pem_x509_certificates(row.certificates.encode()))


def _private_pem(private: Any) -> str:
    return str(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
