"""The trust domain's own authority: its keys, the SVIDs that they sign, and the trust bundle.

Each rotation makes a new root, a single intermediate below it, and a new JWT key. The root's
private key is thrown away at once, so nothing in the store can create another authority. A new key
is in the bundle before it signs; an old one stays until the last SVID that it signed has expired.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from sqlalchemy import Connection, insert, select, update

from dialtone_kit.base.times import CLOCK_SKEW
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.clock import machine_now
from dialtone_kit.mock.core.signing_keys import private_pem
from dialtone_kit.mock.schemas.spiffe import SVID_LIFETIME
from dialtone_kit.mock.spiffe.certificates import Chain, new_authority, new_leaf, pem
from dialtone_kit.mock.spiffe.settings import REFRESH_HINT
from dialtone_kit.mock.store.tables import spiffe_authorities as table
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.tokens import sign_token

Use = Literal["x509", "jwt"]
JWT_ALG = "ES256"  # JWT-SVID §2.1 allows RS, PS and ES
AUTHORITY_LIFETIME = 3650 * 24 * 3600  # seconds
RENEW_BEFORE = 30 * 24 * 3600  # seconds; an authority with less left is replaced at the next start


@dataclass(frozen=True)
class Signer:
    """The key that signs now. `chain`: for X.509, its certificate and the root."""

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
    """When the new keys take over, and how long the old ones stay in the bundle (machine time)."""

    sign_from: float
    old_until: float


def ensure(tx: Connection, trust_domain: str) -> None:
    """Make an authority if there is none, or none that lasts. Part of every start.

    One that begins in the future was made before the clock was set back: nothing that it signs
    would verify, so a new one takes its place at once.
    """
    now = machine_now()
    newest = _rows(tx, trust_domain, now)
    if not newest or any(_begins(row) > now for row in newest):
        _end_all(tx, trust_domain, now)
        _add(tx, trust_domain, sign_from=0.0, now=now)
    elif min(row.expires_at for row in newest[-2:]) - now < RENEW_BEFORE:
        rotate(tx, trust_domain, now)


def rotate(tx: Connection, trust_domain: str, now: float | None = None) -> Rotation:
    """Add new keys. They sign once every holder of the bundle has had time to fetch it again."""
    now = machine_now() if now is None else now
    sign_from = now + 2 * REFRESH_HINT
    old_until = sign_from + SVID_LIFETIME + REFRESH_HINT
    current = (table.c.trust_domain == trust_domain) & table.c.publish_until.is_(None)
    tx.execute(update(table).where(current).values(publish_until=old_until))
    tx.execute(update(table).where(table.c.publish_until <= now).values(private_pem=""))
    _add(tx, trust_domain, sign_from, now)
    return Rotation(sign_from, old_until)


def signer(tx: Connection, trust_domain: str, use: Use, now: float) -> Signer:
    """The newest key that may already sign."""
    rows = [row for row in _rows(tx, trust_domain, now) if row.use == use]
    ready = [row for row in rows if row.sign_from <= now]
    row = ready[-1] if ready else rows[0]
    private = load_pem_private_key(row.private_pem.encode(), None)
    return Signer(row.kid, private, _certificates(row))


def bundle(tx: Connection, trust_domain: str, now: float) -> dict[str, Any]:
    """The trust bundle (SPIFFE Trust Domain and Bundle §4), without any private member.

    Rows are never deleted, so the number of keys added and retired makes a rising sequence.
    """
    all_rows = tx.execute(select(table).where(table.c.trust_domain == trust_domain)).all()
    retired = [
        row for row in all_rows if row.publish_until is not None and row.publish_until <= now
    ]
    return {
        "keys": [_published(row) for row in _rows(tx, trust_domain, now)],
        "spiffe_sequence": len(all_rows) + len(retired),
        "spiffe_refresh_hint": REFRESH_HINT,
    }


def sign_x509(by: Signer, public_key: Any, spiffe_id: SpiffeId, now: float, ttl: int) -> Svid:
    """An X.509-SVID for `public_key`. `ttl` in seconds, capped at an hour."""
    begin = int(now) - CLOCK_SKEW
    end = min(int(now) + ttl, begin + SVID_LIFETIME)
    leaf = new_leaf(by.chain[0], by.private, public_key, spiffe_id, begin, end)
    return Svid(pem(leaf) + pem(by.chain[0]), spiffe_id, end)


def sign_jwt(by: Signer, spiffe_id: SpiffeId, audience: list[str], now: float, ttl: int) -> Svid:
    """A JWT-SVID for `audience`. `ttl` in seconds, capped at an hour."""
    end = int(now) + min(ttl, SVID_LIFETIME)
    claims = {"sub": str(spiffe_id), "aud": audience, "iat": int(now), "exp": end}
    return Svid(sign_token(by.private, claims, kid=by.kid, alg=JWT_ALG), spiffe_id, end)


def _add(tx: Connection, trust_domain: str, sign_from: float, now: float) -> None:
    """A new root with its intermediate, and a new JWT key."""
    end = int(now) + AUTHORITY_LIFETIME
    authority, chain = new_authority(trust_domain, int(now) - CLOCK_SKEW, end)
    for use, private, certificates in (
        ("x509", authority, "".join(map(pem, chain))),
        ("jwt", ec.generate_private_key(ec.SECP256R1()), ""),
    ):
        row = {
            "kid": secrets.token_urlsafe(12),
            "trust_domain": trust_domain,
            "use": use,
            "private_pem": private_pem(private),
            "certificates": certificates,
            "sign_from": sign_from,
            "expires_at": end,
        }
        tx.execute(insert(table), {**row, "publish_until": None})


def _end_all(tx: Connection, trust_domain: str, now: float) -> None:
    ended = {"publish_until": now, "private_pem": ""}
    tx.execute(update(table).where(table.c.trust_domain == trust_domain).values(ended))


def _begins(row: Any) -> float:
    """When the certificates of an authority begin, in Unix seconds; 0 for a JWT key."""
    return max((c.not_valid_before_utc.timestamp() for c in _certificates(row)), default=0.0)


def _rows(tx: Connection, trust_domain: str, now: float) -> list[Any]:
    """The published authorities, oldest first."""
    query = select(table).where(table.c.trust_domain == trust_domain).order_by(table.c.id)
    rows = tx.execute(query).all()
    return [row for row in rows if row.publish_until is None or row.publish_until > now]


def _published(row: Any) -> dict[str, Any]:
    """A JWK for the bundle: an X.509 root with its certificate, or a JWT key with its kid."""
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
