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
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import Connection, insert, select, update

from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.spiffe_settings import REFRESH_HINT, SVID_LIFETIME
from dialtone_kit.mock.tables import spiffe_authorities as table
from dialtone_kit.spiffe_id import SpiffeId
from dialtone_kit.tokens import sign_token

Use = Literal["x509", "jwt"]
JWT_ALG = "ES256"  # one of those that JWT-SVID §3 allows: RS, PS, ES
AUTHORITY_LIFETIME = 3650  # days
RENEW_BEFORE = 30 * 24 * 3600  # seconds before its end that an authority is replaced at a start
LEEWAY = 5  # seconds that the workload's clock may be behind ours


@dataclass(frozen=True)
class Signer:
    """The key that signs now. `chain`: its certificate and the root above, for X.509."""

    kid: str
    private: Any
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class Svid:
    """A signed SVID: a PEM chain, leaf first, or a JWT. `expires_at` in Unix seconds."""

    text: str
    spiffe_id: SpiffeId
    expires_at: int


def ensure(tx: Connection, trust_domain: str) -> None:
    """See to it that there is an authority for years to come. Part of every start."""
    now = time.time()
    newest = _rows(tx, trust_domain, now)
    if not newest:
        _add(tx, trust_domain, sign_from=0.0, now=now)
    elif min(row.expires_at for row in newest[-2:]) - now < RENEW_BEFORE:
        rotate(tx, trust_domain, now)


def rotate(tx: Connection, trust_domain: str, now: float | None = None) -> None:
    """Put new keys in; they sign once every holder of the bundle had the time to fetch it again."""
    now = time.time() if now is None else now
    sign_from = now + 2 * REFRESH_HINT
    current = (table.c.trust_domain == trust_domain) & table.c.publish_until.is_(None)
    tx.execute(
        update(table)
        .where(current)
        .values(publish_until=sign_from + SVID_LIFETIME + REFRESH_HINT)
    )
    tx.execute(update(table).where(table.c.publish_until <= now).values(private_pem=""))
    _add(tx, trust_domain, sign_from, now)


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
    leaf = (
        _builder(x509.Name([]), by.chain[0].subject, public_key, begin, end)
        .add_extension(_uri(spiffe_id), critical=True)  # critical, since the subject is empty
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(_issued_by(by.chain[0]), critical=False)
        .sign(by.private, hashes.SHA256())
    )
    return Svid(_pem(leaf) + _pem(by.chain[0]), spiffe_id, end)


def sign_jwt(by: Signer, spiffe_id: SpiffeId, audience: list[str], now: float, ttl: int) -> Svid:
    """A JWT-SVID for `audience`. `ttl` in seconds; an hour is the most."""
    end = int(now) + min(ttl, SVID_LIFETIME)
    claims = {"sub": str(spiffe_id), "aud": audience, "iat": int(now), "exp": end}
    return Svid(sign_token(by.private, claims, kid=by.kid, alg=JWT_ALG), spiffe_id, end)


def _add(tx: Connection, trust_domain: str, sign_from: float, now: float) -> None:
    """A new root with its intermediate, and a new JWT key."""
    authority, chain = _new_authority(trust_domain, now)
    for use, private, certificates in (
        ("x509", authority, "".join(map(_pem, chain))),
        ("jwt", ec.generate_private_key(ec.SECP256R1()), ""),
    ):
        row = {
            "kid": secrets.token_urlsafe(12),
            "trust_domain": trust_domain,
            "use": use,
            "private_pem": _private_pem(private),
            "certificates": certificates,
            "sign_from": sign_from,
            "expires_at": now + AUTHORITY_LIFETIME * 24 * 3600,
        }
        tx.execute(insert(table), {**row, "publish_until": None})


def _new_authority(trust_domain: str, now: float) -> tuple[Any, tuple[x509.Certificate, ...]]:
    """The intermediate's key and the certificates above the leaves: intermediate, root."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    begin, end = int(now) - LEEWAY, int(now) + AUTHORITY_LIFETIME * 24 * 3600
    serial = secrets.token_hex(4)
    name, root_name = (_name(trust_domain, f"{kind} {serial}") for kind in ("intermediate", "root"))
    own = _uri(SpiffeId(trust_domain))
    root = (
        _builder(root_name, root_name, root_key.public_key(), begin, end)
        .add_extension(own, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    intermediate = (
        _builder(name, root_name, key.public_key(), begin, end)
        .add_extension(own, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_issued_by(root), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return key, (intermediate, root)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: Any, begin: int, end: int
) -> x509.CertificateBuilder:
    """What all our certificates have. `begin` and `end` in Unix seconds."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(epoch + timedelta(seconds=begin))
        .not_valid_after(epoch + timedelta(seconds=end))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


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


def _certificates(row: Any) -> tuple[x509.Certificate, ...]:
    if not row.certificates:
        return ()
    return tuple(x509.load_pem_x509_certificates(row.certificates.encode()))


def _name(trust_domain: str, text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, trust_domain[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Dialtone Kit {text}"),
        ]
    )


def _uri(spiffe_id: SpiffeId) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(str(spiffe_id))])


def _issued_by(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _private_pem(private: Any) -> str:
    return str(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
