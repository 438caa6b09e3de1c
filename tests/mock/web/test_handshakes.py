"""TLS: connections whose handshake never ends take no room from those who go on."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.classroom.certificates import Identity, generated
from tests.support.crowd import crowded
from tests.support.running_mock import Mock

HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01"
ASKS = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

Start = Callable[..., Mock]


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return generated(PrivateFolder(private_dir(tmp_path_factory.mktemp("ca") / "own")), "127.0.0.1")


@pytest.fixture
def start(tmp_path: Path, identity: Identity) -> Iterator[Start]:
    """Starts a service over TLS."""
    started: list[Mock] = []

    def run(**more: object) -> Mock:
        files = ("--certificate", str(identity.certificate), "--key", str(identity.key))
        mock = Mock(tmp_path / f"mock-{len(started)}", arguments=files, **more)  # type: ignore[arg-type]
        mock.base_url = mock.base_url.replace("http:", "https:")
        note = {"base_url": mock.base_url, "port": mock.port, "secret": mock.secret}
        mock.write_private("service.json", note)
        mock.http = httpx.Client(timeout=20, trust_env=False, verify=trusting(identity))
        started.append(mock)
        return mock.start()

    yield run
    for mock in started:
        mock.stop()
        mock.http.close()
        assert "Traceback" not in mock.log, mock.log


def trusting(identity: Identity) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=identity.authority)


def talk(mock: Mock, identity: Identity) -> bytes:
    """What a client gets that has just come."""
    plain = socket.create_connection(("127.0.0.1", mock.port), timeout=10)
    with trusting(identity).wrap_socket(plain, server_hostname="127.0.0.1") as line:
        line.sendall(ASKS)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
        return answer


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.full)])
@pytest.mark.parametrize("sent", [b"", HALF_A_HELLO], ids=["nothing", "half a hello"])
def test_a_learner_notices_nothing_of_handshakes_that_never_end(
    start: Start, identity: Identity, sent: bytes, workers: int
) -> None:
    mock = start(workers=workers)
    for _ in crowded(mock.port, [mock.process.pid, *children(mock)], sent, every=80):
        began = time.monotonic()
        assert talk(mock, identity).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - began < 3
    assert mock.process.poll() is None


def test_a_handshake_has_its_time(start: Start, identity: Identity) -> None:
    mock = start(environment={"DIALTONE_PATIENCE": "0.5"})
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10) as line:
        line.sendall(HALF_A_HELLO)
        began = time.monotonic()
        with suppress(ConnectionResetError):
            assert line.recv(1) == b""
        assert time.monotonic() - began < 5
    assert talk(mock, identity).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_tls_is_closed_and_others_go_on(start: Start, identity: Identity) -> None:
    mock = start()
    for nonsense in (ASKS, b"\x00" * 1000, b"\x16\x03\x01\xff\xff" + b"x" * 70000):
        line = socket.create_connection(("127.0.0.1", mock.port), timeout=10)
        with line, suppress(ConnectionError):
            line.sendall(nonsense)
            while line.recv(65536):
                pass
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10):
        pass  # and gone
    assert talk(mock, identity).startswith(b"HTTP/1.1 200 ")


def test_requests_go_over_one_connection_and_know_that_they_are_over_tls(start: Start) -> None:
    mock = start()
    client = mock.register("default")
    assert [client.token(bound=True) for _ in range(3)]
    document = mock.http.get(f"{mock.base_url}/.well-known/openid-configuration").json()
    assert json.dumps(document).count("http://127") == 0


def children(mock: Mock) -> list[int]:
    return [one.pid for one in psutil.Process(mock.process.pid).children(recursive=True)]
