"""Connections: another protocol offered, a request never complete, descriptors run out."""

import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from dialtone_kit import ProofKey, build_proof
from tests.support.crowd import DESCRIPTORS, crowded
from tests.support.running_mock import Mock, Registered

FORM = "application/x-www-form-urlencoded"


def talk(mock: Mock, request: bytes, *more: bytes) -> bytes:
    """All that comes back until the service hangs up; `more` is sent a moment later."""
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10) as line:
        line.sendall(request)
        for piece in more:
            time.sleep(0.1)
            line.sendall(piece)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
        return answer


def token_request(client: Registered, *headers: str) -> tuple[bytes, bytes]:
    """Head and body of a request for a bearer token."""
    body = (
        f"grant_type=client_credentials&client_id={client.client_id}"
        f"&client_secret={client.client_secret}"
    ).encode()
    lines = [
        f"POST /realms/{client.realm}/token HTTP/1.1",
        f"Host: 127.0.0.1:{client.mock.port}",
        f"Content-Type: {FORM}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode(), body


JAVA = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")


@pytest.mark.parametrize(
    "offer",
    [
        JAVA,
        ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: eA=="),
        ("connection: upgrade", "upgrade: TLS/1.3"),
        ("Connection: keep-alive, upgrade", "Upgrade: a, b/2"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("pieces", [1, 2])
def test_an_offer_of_another_protocol_is_ignored(
    registered_client: Registered, offer: tuple[str, ...], chunked: bool, pieces: int
) -> None:
    plain = token_request(registered_client)[1]
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(plain)}"
    head, body = token_request(registered_client, *offer, size)
    if chunked:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    last = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    parts = (head + body + last,) if pieces == 1 else (head, body[:9], body[9:] + last)
    answers = talk(registered_client.mock, *parts)
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert b"access_token" in answers
    assert answers.count(b"HTTP/1.1 200 OK") == 2  # and the next request is answered, too
    assert b'"keys":' in answers


def test_many_offers_in_one_piece(mock: Mock) -> None:
    offer = "\r\n".join(("GET /jwks HTTP/1.1", "Host: localhost", *JAVA, "", "")).encode()
    last = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert talk(mock, offer * 50 + last).count(b"HTTP/1.1 200 OK") == 51


def test_a_tunnel_is_refused(mock: Mock) -> None:
    answer = talk(mock, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """A service that waits half a second for a head or a body."""
    folder = tmp_path_factory.mktemp("hurried")
    mine = Mock(folder, environment={"DIALTONE_PATIENCE": "0.5"}).start()
    yield mine
    mine.stop()
    mine.http.close()


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"", b""),
        (b"GET /jw", b"408"),
        (b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nX-A", b"408"),
        (b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na=b", b"408"),
        (
            b"POST /token HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
            b"Content-Length: 9\r\n\r\na=b",
            b"408",
        ),
        (
            b"POST /token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
            b"408",
        ),
        (b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\na=b", b"413"),
    ],
)
def test_a_request_that_never_comes_whole_ends_its_connection(
    hurried: Mock, start: bytes, status: bytes
) -> None:
    begin = time.monotonic()
    answer = talk(hurried, start)
    assert answer[9:12] == status
    assert time.monotonic() - begin < 5
    assert not status or b'"error":' in answer


def test_drops_do_not_buy_time(hurried: Mock) -> None:
    """A byte now and then: the time is for the whole head."""
    with socket.create_connection(("127.0.0.1", hurried.port), timeout=10) as line:
        begin, sent = time.monotonic(), 0
        line.sendall(b"GET /jwks HTTP/1.1\r\nX: ")
        try:
            while time.monotonic() - begin < 5:
                time.sleep(0.1)
                line.sendall(b"x")
                sent += 1
        except ConnectionError:
            pass
        assert sent < 20


def test_a_client_that_sends_in_time_may_pause_between_requests(hurried: Mock) -> None:
    line = HTTPConnection("127.0.0.1", hurried.port, timeout=10)
    line.connect()
    first = line.sock
    for _ in range(2):
        line.request("GET", "/agent.json")
        assert line.getresponse().read()
        time.sleep(0.8)  # longer than a head may take
    assert line.sock is first
    line.close()


@pytest.mark.parametrize("start", [b"", b"GET /jwks HTT"])
def test_a_learner_notices_nothing_of_those_who_only_wait(
    own_mock: Callable[..., Mock], start: bytes
) -> None:
    """They send nothing, or half a head."""
    mine = own_mock()
    client = mine.register("default")
    for _ in crowded(mine.port, [mine.process.pid], start, every=40):
        began = time.monotonic()
        assert client.token(bound=False)
        with socket.create_connection(("127.0.0.1", mine.port), timeout=10) as fresh:
            fresh.sendall(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert fresh.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - began < 2
        assert len(list(Path(f"/proc/{mine.process.pid}/fd").iterdir())) < DESCRIPTORS


# -- trailers ----------------------------------------------------------------------------------

CHUNKED = ("Transfer-Encoding: chunked", "Connection: close")


def in_chunks(body: bytes, size: int) -> bytes:
    """`body` in chunks of `size` bytes, without its end."""
    pieces = (body[n : n + size] for n in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_field_of_a_trailer_is_no_header_field(
    registered_client: Registered, pieces: int
) -> None:
    client = registered_client
    proof = build_proof(ProofKey.generate(), "POST", f"{client.issuer}/token")
    packed = b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
    head, body = token_request(client, *CHUNKED)

    def sent(body: bytes, *trailer: str) -> bytes:
        whole = [head + in_chunks(body, 99), "\r\n".join(["0", *trailer, "", ""]).encode()]
        return talk(client.mock, *([b"".join(whole)] if pieces == 1 else whole))

    answer = sent(body, "Authorization: Basic eDp5", f"DPoP: {proof}", "Content-Encoding: gzip")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"token_type":"Bearer"' in answer
    nobody = sent(b"grant_type=client_credentials", f"Authorization: Basic {packed}")
    assert nobody.startswith(b"HTTP/1.1 401 ")
    assert b"invalid_client" in nobody


@pytest.mark.parametrize(
    ("begun", "piece"),
    [(b"0\r\nX: ", b"a" * 99_999), (b"0\r\n", b"X: y\r\n" * 9_999), (b"5;", b"a" * 99_999)],
)
def test_what_is_around_the_chunks_of_a_body_is_limited(
    registered_client: Registered, begun: bytes, piece: bytes
) -> None:
    head, body = token_request(registered_client, *CHUNKED)
    with socket.create_connection(("127.0.0.1", registered_client.mock.port), timeout=10) as line:
        line.sendall(head + in_chunks(body, 99) + begun)
        time.sleep(0.1)
        with pytest.raises(ConnectionError):  # noqa: PT012  (the reset may come late)
            for _ in range(99):
                line.sendall(piece)
                time.sleep(0.01)


def test_a_body_of_the_full_length_may_come_in_chunks_of_one_byte(
    registered_client: Registered,
) -> None:
    head, body = token_request(registered_client, *CHUNKED)
    body += b"&x=" + b"y" * (64 * 1024 - len(body) - 3)
    answer = talk(registered_client.mock, head, in_chunks(body, 1) + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


# -- requests that wait for no answer ----------------------------------------------------------


def test_few_requests_may_wait_for_their_answers(own_mock: Callable[..., Mock]) -> None:
    mock = own_mock()
    one = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert talk(mock, one * 100 + last).count(b"HTTP/1.1 200 OK") == 101
    before = psutil.Process(mock.process.pid).memory_info().rss
    with ExitStack() as lines:
        for _ in range(10):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", mock.port), 10))
            with pytest.raises(ConnectionError):  # noqa: PT012  (the reset may come late)
                for _ in range(99):
                    line.sendall(one * 5_000)
                    time.sleep(0.01)
        assert psutil.Process(mock.process.pid).memory_info().rss - before < 20_000_000
    assert talk(mock, last).startswith(b"HTTP/1.1 200 OK")
