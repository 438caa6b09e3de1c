"""On the way out: no redirect with credentials, no proxy for loopback, certificates verified."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dialtone_kit.base.errors import NotThisService, ServiceUnreachable
from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from tests.support.peers import JSON, peer, saying


def client(base_url: str, **options: float) -> IdentityClient:
    return IdentityClient(base_url, sleep=lambda _: None, **options)  # type: ignore[arg-type]


@pytest.mark.row("H2")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_are_not_carried_along_by_a_redirect(status: int) -> None:
    with ExitStack() as peers:
        other, heard_there = peers.enter_context(peer(saying(JSON + b"\r\n{}")))
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: {other}/x\r\nContent-Length: 0\r\n\r\n"
        url, heard = peers.enter_context(peer(saying(moved.encode())))
        went = client(url)
        answer = went.http.post(
            f"{url}/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic c2VjcmV0"},
            auth=DPoPAuth(ProofKey.generate()),
        )
        assert answer.status_code == status
        with pytest.raises(NotThisService, match="redirect"):
            went.discover()
        assert len(heard) == 2
        assert heard_there == []


def test_a_proxy_of_the_environment_never_sees_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = JSON + b"Content-Length: 2\r\n\r\n{}"
    with peer(saying(answer)) as (proxy, heard_by_proxy), peer(saying(answer)) as (url, heard):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert client(url).http.get(f"{url}/x").status_code == 200
    assert len(heard) == 1
    assert heard_by_proxy == []


# --- H3: certificates ---


def certificate(folder: Path, name: str, days: int = 1, since: int = -2) -> tuple[Path, Path]:
    """A self-signed certificate for `name`, good from one day from now to another, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    names: list[x509.GeneralName] = [x509.IPAddress(ip_address(name))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public, private


class Secure:
    """An https server that records what it receives."""

    def __init__(self, public: Path, private: Path) -> None:
        heard = self.heard = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *parts: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(public, private)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def secure(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Secure, Path]]:
    public, private = certificate(tmp_path / "server", *getattr(request, "param", ("127.0.0.1", 1)))
    running = Secure(public, private)
    yield running, public
    running.server.shutdown()
    running.server.server_close()


def refuses_to_speak(running: Secure, ca_file: Path | None, why: str = "not trusted") -> None:
    went = IdentityClient(running.url, sleep=lambda _: None, ca_file=ca_file)
    with pytest.raises(ServiceUnreachable, match=f"presented a certificate .*{why}"):
        went.discover()
    assert running.heard == []


@pytest.mark.row("H3")
def test_h3_a_certificate_that_no_one_vouches_for(secure: tuple[Secure, Path]) -> None:
    refuses_to_speak(secure[0], None)


@pytest.mark.row("H3")
def test_h3_another_authority_than_the_one_that_is_named(
    secure: tuple[Secure, Path], tmp_path: Path
) -> None:
    refuses_to_speak(secure[0], certificate(tmp_path / "other", "127.0.0.1")[0])


@pytest.mark.row("H3")
@pytest.mark.parametrize(
    ("secure", "why"),
    [
        (("127.0.0.2", 1), "for another name. Correct the host name"),
        (("127.0.0.1", -1), "that has expired. If it hasn't, your clock is ahead"),
        (("127.0.0.1", 9, 5), "that isn't valid yet. Your clock may be behind"),
    ],
    indirect=["secure"],
)
def test_h3_the_right_authority_but_the_wrong_certificate(
    secure: tuple[Secure, Path], why: str
) -> None:
    refuses_to_speak(*secure, why)


@pytest.mark.row("H3✓")
def test_a_private_authority_can_be_named(secure: tuple[Secure, Path]) -> None:
    running, public = secure
    went = IdentityClient(running.url, ca_file=public)
    assert went.http.get(f"{running.url}/x").status_code == 200
    assert running.heard == ["/x"]


@pytest.mark.row("H3✓")
def test_an_authority_in_the_systems_store_is_trusted(
    secure: tuple[Secure, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's own authority is installed there, and is in no package's list."""
    running, public = secure

    def from_the_system(context: ssl.SSLContext, *_: object) -> None:
        context.load_verify_locations(public)

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", from_the_system)
    went = IdentityClient(running.url)
    assert went.http.get(f"{running.url}/x").status_code == 200


def test_an_authority_named_by_the_environment_is_trusted(
    secure: tuple[Secure, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, public = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    went = IdentityClient(running.url)
    assert went.http.get(f"{running.url}/x").status_code == 200
