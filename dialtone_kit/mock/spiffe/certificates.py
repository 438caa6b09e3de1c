"""The trust domain's certificates: root, intermediate, and the leaf for a workload."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dialtone_kit.spiffe.spiffe_id import SpiffeId

Chain = tuple[x509.Certificate, ...]


def new_authority(trust_domain: str, begin: int, end: int) -> tuple[Any, Chain]:
    """The key that signs leaves, and the certificates above them: intermediate and root.

    `begin` and `end` are in Unix seconds. The root's private key does not leave this function.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    serial = secrets.token_hex(4)
    root_name, name = (_name(trust_domain, f"{kind} {serial}") for kind in ("root", "intermediate"))
    root = _authority(
        trust_domain, root_name, root_name, root_key.public_key(), begin, end, depth=1
    ).sign(root_key, hashes.SHA256())
    intermediate = (
        _authority(trust_domain, name, root_name, key.public_key(), begin, end, depth=0)
        .add_extension(_issued_by(root), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return key, (intermediate, root)


def new_leaf(
    authority: x509.Certificate,
    private: Any,
    public_key: Any,
    spiffe_id: SpiffeId,
    begin: int,
    end: int,
) -> x509.Certificate:
    """A leaf for `public_key` as X.509-SVID §4 has it; `private` is the key of `authority`."""
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        _builder(x509.Name([]), authority.subject, public_key, begin, end)
        .add_extension(_uri(spiffe_id), critical=True)  # critical, since the subject is empty
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(_issued_by(authority), critical=False)
        .sign(private, hashes.SHA256())
    )


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _authority(
    trust_domain: str,
    subject: x509.Name,
    issuer: x509.Name,
    public_key: Any,
    begin: int,
    end: int,
    *,
    depth: int,
) -> x509.CertificateBuilder:
    """A certificate that signs others. `depth`: how many levels of authorities may be below it."""
    return (
        _builder(subject, issuer, public_key, begin, end)
        .add_extension(_uri(SpiffeId(trust_domain)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: Any, begin: int, end: int
) -> x509.CertificateBuilder:
    """What all our certificates have in common. `begin` and `end` are in Unix seconds."""
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
    key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id.value)


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
