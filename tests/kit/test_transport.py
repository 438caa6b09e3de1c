"""The way out against peers on a real socket: portals, cut-off, endless and slow answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from dialtone_kit.client import IdentityClient
from dialtone_kit.dpop_auth import DPoPAuth
from dialtone_kit.errors import NotThisService, ServiceUnreachable
from dialtone_kit.keys import ProofKey

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Speak = Callable[[socket.socket], None]


@contextmanager
def peer(speak: Speak) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and then says whatever `speak` makes it say."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536))
                with suppress(OSError):  # the client hangs up, as it should
                    speak(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)


def client(base_url: str, **options: float) -> IdentityClient:
    return IdentityClient(base_url, sleep=lambda _: None, **options)  # type: ignore[arg-type]


def saying(answer: bytes) -> Speak:
    return lambda connection: connection.sendall(answer)


@pytest.mark.row("H5")
def test_a_captive_portal_is_recognised() -> None:
    portal = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    with (
        peer(saying(portal)) as (url, _),
        pytest.raises(NotThisService, match="a web page instead of JSON"),
    ):
        client(url).discover()


@pytest.mark.row("H5")
def test_a_cut_off_answer_is_told_from_a_wrong_one() -> None:
    cut = JSON + b'Content-Length: 500\r\n\r\n{"issuer": "http'
    with peer(saying(cut)) as (url, heard), pytest.raises(NotThisService, match="broke off"):
        client(url).discover()
    assert len(heard) == 4


def test_something_that_does_not_speak_http_is_one_clear_line() -> None:
    with peer(saying(b"SSH-2.0-OpenSSH_9.9\r\n")) as (url, _), pytest.raises(NotThisService):
        client(url).discover()


@pytest.mark.row("H5")
def test_an_endless_answer_is_cut_short() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(JSON + b"\r\n")
        while True:
            connection.sendall(b" " * 65536)

    with peer(flood) as (url, _), pytest.raises(NotThisService, match="larger than 1024 KiB"):
        client(url).discover()


@pytest.mark.row("H5")
def test_an_answer_that_trickles_ends_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(JSON + b"\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    began = time.monotonic()
    with peer(drip) as (url, _), pytest.raises(ServiceUnreachable, match="in time"):
        client(url, timeout=0.1).discover()
    assert time.monotonic() - began < 5


@pytest.mark.row("H5")
def test_a_silent_peer_ends_in_time() -> None:
    with peer(lambda _: time.sleep(0.5)) as (url, _), pytest.raises(ServiceUnreachable):
        client(url, timeout=0.1).discover()


def test_nobody_there_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ServiceUnreachable, match="No connection"):
        client(url).discover()


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
