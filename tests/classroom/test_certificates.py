"""The certificate of a class's service: what a learner's kit would refuse is found at the start."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.certificates import BadCertificate, Identity, generated, own
from dialtone_kit.client.trust import only

NAME = "class.example"
NOW = datetime.now(UTC)


def made(folder: Path, name: str = NAME, now: datetime = NOW) -> Identity:
    return generated(PrivateFolder(folder), name, now)


def authority_of(folder: Path) -> Path:
    return folder / "authority.pem"


def test_a_generated_one_serves_by_its_name_and_on_this_machine(tmp_path: Path) -> None:
    identity = made(tmp_path / "service")
    for name in (NAME, "localhost", "127.0.0.1", "::1"):
        good = own(identity.certificate, identity.key, authority_of(tmp_path / "service"), name)
        assert good.authority == identity.authority
    with pytest.raises(BadCertificate, match=r"another name than other\.example"):
        own(identity.certificate, identity.key, authority_of(tmp_path / "service"), "other.example")


def test_everything_is_private(tmp_path: Path) -> None:
    made(tmp_path / "service")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "service").iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"authority-key.pem", "server-key.pem"} <= modes.keys()


def test_the_authority_stays_and_the_certificate_is_new(tmp_path: Path) -> None:
    first = made(tmp_path / "service")
    before = first.certificate.read_bytes()
    second = made(tmp_path / "service", "other.example", NOW + timedelta(days=100))
    assert second.authority == first.authority
    assert second.certificate.read_bytes() != before


def test_an_authority_at_its_end_is_replaced(tmp_path: Path) -> None:
    first = made(tmp_path / "service", now=NOW - timedelta(days=365))
    assert made(tmp_path / "service").authority != first.authority


def test_the_authority_vouches_for_no_other_authority(tmp_path: Path) -> None:
    authority = x509.load_pem_x509_certificate(made(tmp_path / "service").authority.encode())
    bounds = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (bounds.critical, bounds.value.ca, bounds.value.path_length) == (True, True, 0)


def test_who_trusts_it_checks_the_chain_and_the_name(tmp_path: Path) -> None:
    made(tmp_path / "service")
    context = only(authority_of(tmp_path / "service"))
    assert [one["subject"] for one in context.get_ca_certs()]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_an_expired_certificate_is_one_line(tmp_path: Path) -> None:
    old = made(tmp_path / "service", now=NOW - timedelta(days=120))
    with pytest.raises(BadCertificate, match=r"server.pem has expired. Renew it."):
        own(old.certificate, old.key, authority_of(tmp_path / "service"), NAME)


def test_one_that_nobody_knows_needs_its_authority(tmp_path: Path) -> None:
    identity = made(tmp_path / "service")
    with pytest.raises(BadCertificate, match="Name its CA with --ca"):
        own(identity.certificate, identity.key, None, NAME)


def test_a_key_of_another_certificate_is_one_line(tmp_path: Path) -> None:
    first, second = made(tmp_path / "one"), made(tmp_path / "two")
    with pytest.raises(BadCertificate, match="isn't the key of"):
        own(first.certificate, second.key, authority_of(tmp_path / "one"), NAME)


def test_an_encrypted_key_is_not_asked_about(tmp_path: Path) -> None:
    identity = made(tmp_path / "service")
    key = load_pem_private_key(identity.key.read_bytes(), None)
    closed = BestAvailableEncryption(b"secret")
    identity.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closed))
    with pytest.raises(BadCertificate, match="without a passphrase"):
        own(identity.certificate, identity.key, authority_of(tmp_path / "service"), NAME)


@pytest.mark.parametrize("content", [b"", b"no PEM", b"\xff\xfe"])
def test_what_is_no_certificate_is_one_line(tmp_path: Path, content: bytes) -> None:
    identity = made(tmp_path / "service")
    identity.certificate.write_bytes(content)
    with pytest.raises(BadCertificate, match="aren't a certificate and a key in PEM"):
        own(identity.certificate, identity.key, authority_of(tmp_path / "service"), NAME)


def test_a_file_that_is_missing_or_closed_is_one_line(tmp_path: Path) -> None:
    identity = made(tmp_path / "service")
    with pytest.raises(BadCertificate, match="There is no file"):
        own(tmp_path / "missing.pem", identity.key, None, NAME)
    with pytest.raises(BadCertificate, match=r"a folder, not a regular file|Is a directory"):
        own(tmp_path, identity.key, None, NAME)
