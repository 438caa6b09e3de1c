"""Requests whose head is too much, or whose path is a pattern, not a path."""

import socket

import pytest

from dialtone_kit.mock.core.settings import MAX_HEAD
from tests.support.running_mock import Mock, Registered


def ask(mock: Mock, head: bytes, name: str = "/jwks") -> bytes:
    """All that comes back to a GET with this after the Host, until the service hangs up."""
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10) as line:
        start = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % name.encode()
        answer = b""
        try:
            line.sendall(start + head)
            while piece := line.recv(65536):
                answer += piece
        except ConnectionError:  # it need not listen to the end
            pass
        return answer


def header(size: int) -> bytes:
    return b"X-Filling: " + b"x" * size + b"\r\nConnection: close\r\n\r\n"


def test_a_head_has_at_most_64_kib(mock: Mock) -> None:
    assert ask(mock, header(MAX_HEAD - 200)).startswith(b"HTTP/1.1 200 ")
    refused = ask(mock, header(MAX_HEAD))
    assert refused.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert b'"error":' in refused


def test_a_head_without_end_is_not_read_forever(mock: Mock) -> None:
    refused = ask(mock, b"X-Filling: " + b"x" * 3_000_000)
    assert refused == b"" or b"does not end within 64 KiB" in refused  # cut off while we sent
    assert mock.http.get(f"{mock.base_url}/jwks").status_code == 200


def test_a_body_does_not_count_for_the_head_that_follows(registered_client: Registered) -> None:
    """On one connection, kept alive."""
    client = registered_client
    for _ in range(4):
        answer = client.ask_token(client.proof("POST", client.token_url), filling="x" * 30_000)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/register/status/{enrollment_id}",
        "/realms/default/register/status/{enrollment_id}",
        "/.well-known/oauth-authorization-server/realms/{realm}",
        "/realms/{realm}/jwks",
    ],
)
def test_a_pattern_is_not_a_path(mock: Mock, path: str) -> None:
    assert ask(mock, b"Connection: close\r\n\r\n", path).startswith(b"HTTP/1.1 404 ")
