"""The certificate of a class's service: your own, or one by the class's own authority."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
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

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, explained, shown
from dialtone_kit.client.trust import only, trust

AUTHORITY, AUTHORITY_KEY = "authority.pem", "authority-key.pem"
SERVER, SERVER_KEY = "server.pem", "server-key.pem"
YEAR, QUARTER, DAY = timedelta(days=365), timedelta(days=90), timedelta(days=1)
_WRONG = {  # what the TLS library says of a certificate, and what to do
    "expired": "has expired. Renew it.",
    "not yet valid": "isn't valid yet. Check this machine's clock.",
    "mismatch": "is for another name than {name}. Name the service as it does with --name.",
    "": "isn't vouched for by an authority that machines know. Name its CA with --ca.",
}


class BadCertificate(DialtoneError):
    """The certificate can't serve this class; the message is one line that says what to do."""


@dataclass(frozen=True)
class Identity:
    """Certificate and key of the service; `authority` (PEM) is what learners trust it by.

    `authority` is "" when the usual authorities vouch for it.
    """

    certificate: Path
    key: Path
    authority: str = field(default="", repr=False)


def own(certificate: Path, key: Path, ca: Path | None, name: str) -> Identity:
    """Your own certificate, checked as a learner's kit will check it. Raises BadCertificate."""
    content = _text(certificate)
    if "ENCRYPTED" in _text(key):
        raise BadCertificate(f"{shown(key)} is encrypted. Give a key without a passphrase.")
    authority = _text(ca) if ca is not None else content if _is_self_signed(content) else ""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as problem:
        if problem.reason == "KEY_VALUES_MISMATCH":
            text = f"{shown(key)} isn't the key of {shown(certificate)}. Give the two that match."
        else:
            text = f"{shown(certificate)} and {shown(key)} aren't a certificate and a key in PEM."
        raise BadCertificate(text) from None
    try:
        _greet(server, only(authority) if authority else trust(), name)
    except ssl.SSLCertVerificationError as problem:
        said = problem.verify_message.lower()
        text = next(line for sign, line in _WRONG.items() if sign in said)
        raise BadCertificate(f"{shown(certificate)} {text.format(name=name)}") from None
    return Identity(certificate.absolute(), key.absolute(), authority)


def generated(folder: PrivateFolder, name: str, now: datetime | None = None) -> Identity:
    """A certificate for `name` and this machine, by the class's own authority, made if need be.

    The authority lasts for a year, and learners' session files name it, so it stays the same.
    """
    moment = now or datetime.now(UTC)
    authority, signer = _authority(folder, moment)
    key = ec.generate_private_key(ec.SECP256R1())
    folder.write(SERVER_KEY, _key_pem(key))
    server = _signed(_leaf(name, moment), key.public_key(), authority.subject, signer)
    folder.write(SERVER, server.public_bytes(Encoding.PEM))
    pem = authority.public_bytes(Encoding.PEM).decode()
    where = folder.path.absolute()
    return Identity(where / SERVER, where / SERVER_KEY, pem)


def addresses() -> list[str]:
    """The addresses by which others may reach this machine."""
    found = [one.address for all in psutil.net_if_addrs().values() for one in all]
    known = ((address, _ip(address)) for address in dict.fromkeys(found))
    return [address for address, ip in known if ip and not ip.is_link_local]


def _authority(
    folder: PrivateFolder, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    with suppress(FileNotFoundError):
        try:
            found = x509.load_pem_x509_certificate(folder.read(AUTHORITY))
            key = load_pem_private_key(folder.read(AUTHORITY_KEY), None)
        except (ValueError, TypeError):
            raise BadCertificate(
                f"{shown(folder.path / AUTHORITY)} or its key is damaged. Remove both; learners "
                "then need their session files again."
            ) from None
        if isinstance(key, ec.EllipticCurvePrivateKey) and found.not_valid_after_utc > now + DAY:
            return found, key
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"Dialtone class, {now:%Y-%m-%d}")
    builder = _lasting(subject, now, YEAR).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = builder.add_extension(_usage(certificates=True), critical=True)
    made = _signed(builder, key.public_key(), subject, key)
    folder.write(AUTHORITY_KEY, _key_pem(key))
    folder.write(AUTHORITY, made.public_bytes(Encoding.PEM))
    return made, key


def _leaf(name: str, now: datetime) -> x509.CertificateBuilder:
    names = [name, socket.gethostname(), "localhost", "127.0.0.1", "::1", *addresses()]
    sans: list[x509.GeneralName] = []
    for one in dict.fromkeys(names):
        ip = _ip(one)
        with suppress(ValueError):  # a host name that no certificate can hold
            sans.append(x509.IPAddress(ip) if ip else x509.DNSName(one))
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        _lasting(_name("Dialtone class service"), now, QUARTER)
        .add_extension(x509.SubjectAlternativeName(sans), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(server, critical=False)
    )


def _lasting(subject: x509.Name, now: datetime, span: timedelta) -> x509.CertificateBuilder:
    """From a day ago, for learners whose clocks are behind."""
    builder = x509.CertificateBuilder().subject_name(subject)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - DAY).not_valid_after(now + span)


def _signed(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    own_id = x509.SubjectKeyIdentifier.from_public_key(key)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.issuer_name(issuer).public_key(key).add_extension(own_id, critical=False)
    return builder.add_extension(issuer_id, critical=False).sign(signer, hashes.SHA256())


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """A handshake in memory: what a learner's kit will find wrong is found here."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends: Sequence[ssl.SSLObject] = (
        client.wrap_bio(back, there, server_hostname=name),
        server.wrap_bio(there, back, server_side=True),
    )
    for _ in range(4):  # flights of a handshake
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()


def _is_self_signed(pem: str) -> bool:
    with suppress(ValueError):
        found = x509.load_pem_x509_certificate(pem.encode())
        return found.issuer == found.subject
    return False


def _text(path: Path) -> str:
    try:
        with explained(path, BadCertificate):
            return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise BadCertificate(f"There is no file {shown(path)}. Check its name.") from None


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
