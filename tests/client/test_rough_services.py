"""Row H5 and its neighbours: whatever is at the other end, client and workload stop soon, use
little memory, and say what is wrong in a typed error."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest

from dialtone_kit.base.errors import (
    DialtoneError,
    NotThisService,
    RateLimited,
    ServiceError,
    ServiceUnreachable,
)
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.spiffe.evidence import Evidence
from dialtone_kit.spiffe.workload import Workload
from tests.spiffe.test_trust_bundle import ID
from tests.support.peers import JSON, Speak, body, peer, saying

MIB = 1024 * 1024
slept: list[float] = []


def platform(audience: str) -> Evidence:
    return Evidence("kubernetes", audience)


def by_client(url: str, timeout: float = 5) -> None:
    IdentityClient(url, sleep=slept.append, timeout=timeout).discover()


def by_workload(url: str, timeout: float = 5) -> None:
    Workload(url, ID, platform, sleep=slept.append, timeout=timeout).trust_bundle()


both = pytest.mark.parametrize("ask", [by_client, by_workload], ids=lambda ask: ask.__name__)
Ask = Callable[..., None]


def dripping(before: bytes, piece: bytes) -> Speak:
    """`before`, and then a small piece again and again, each in time; for 10 s, not forever."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(before)
        for _ in range(200):
            connection.sendall(piece)
            time.sleep(0.05)

    return speak


def plenty(head: bytes, piece: bytes, number: int = 100) -> Speak:
    def speak(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(number):
            connection.sendall(piece)

    return speak


HTML = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
PORTAL = b"<html><h1>Welcome to our Wi-Fi</h1></html>"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: https://portal.example/login\r\nContent-Length: 0\r\n\r\n"
ZIPPED = gzip.compress(b'{"padding": "' + b" " * MIB + b'"}')
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"100000\r\n" + b" " * MIB + b"\r\n"
ROWS: list[tuple[str, Speak, type[DialtoneError], str]] = [
    ("not a word", lambda _: None, NotThisService, "was cut off"),
    ("dies in the head", saying(JSON), NotThisService, "was cut off"),
    (
        "dies in the body",
        saying(JSON + b'Content-Length: 99\r\n\r\n{"iss'),
        NotThisService,
        "was cut off",
    ),
    ("dies in a chunk", saying(CHUNKED + b'20\r\n{"iss'), NotThisService, "was cut off"),
    ("SSH", saying(b"SSH-2.0-OpenSSH_9.9\r\n"), NotThisService, "was cut off"),
    ("HTTP 0.9", saying(b"{}"), NotThisService, "was cut off"),
    ("a captive portal", body(PORTAL, HTML), NotThisService, "a web page instead of JSON"),
    ("a portal that redirects", saying(MOVED), NotThisService, "portal.example"),
    (
        "a gateway's error page",
        body(PORTAL, HTML.replace(b"200", b"502")),
        NotThisService,
        "a web page instead of JSON",
    ),
    (
        "JSON called text",
        body(b"{}", JSON.replace(b"application/json", b"text/plain")),
        NotThisService,
        "text/plain",
    ),
    ("JSON called nothing", body(b"{}", b"HTTP/1.1 200 OK\r\n"), NotThisService, "no content type"),
    ("JSON cut off", body(b'{"issuer": "http'), NotThisService, "broken JSON"),
    ("nothing at all", body(b""), NotThisService, "broken JSON"),
    ("deep JSON", body(b'{"a":' + b"[" * 100_000), NotThisService, "broken JSON"),
    ("an endless number", body(b'{"a": ' + b"1" * 10_000 + b"}"), NotThisService, "broken JSON"),
    ("NaN", body(b'{"a": NaN}'), NotThisService, "broken JSON"),
    ("not UTF-8", body(b'{"a": "\xff"}'), NotThisService, "broken JSON"),
    ("a list", body(b"[]"), NotThisService, "not with an object"),
    (
        "compressed",
        body(ZIPPED, JSON + b"Content-Encoding: gzip\r\n"),
        NotThisService,
        "compressed",
    ),
    (
        "100 MiB, announced",
        plenty(JSON + b"Content-Length: 104857600\r\n\r\n", b" " * MIB),
        NotThisService,
        "larger than 1024 KiB",
    ),
    ("100 MiB in chunks", plenty(CHUNKED, CHUNK), NotThisService, "larger than 1024 KiB"),
    (
        "100 MiB of head",
        plenty(JSON, b"X-Filler: " + b"x" * MIB + b"\r\n"),
        NotThisService,
        "was cut off",
    ),
    (
        "a head that trickles",
        dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        ServiceUnreachable,
        "in time",
    ),
    ("a body that trickles", dripping(JSON + b"\r\n", b" "), ServiceUnreachable, "in time"),
    (
        "a chunk's size that trickles",
        dripping(CHUNKED + b"5;x=", b"x"),
        ServiceUnreachable,
        "in time",
    ),
    (
        "early hints for ever",
        dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        ServiceUnreachable,
        "in time",
    ),
    ("silence", lambda _: time.sleep(0.5), ServiceUnreachable, "in time"),
]


@pytest.mark.sample(12)
@pytest.mark.row("H5")
@both
@pytest.mark.parametrize(
    ("speak", "kind", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_it_is_one_clear_error_and_soon(
    ask: Ask, speak: Speak, kind: type[DialtoneError], says: str
) -> None:
    tracemalloc.start()
    began = time.monotonic()
    try:
        with peer(speak) as (url, _), pytest.raises(kind, match=says) as failed:
            ask(url, 0.1 if says == "in time" else 5)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert type(failed.value) is kind
    assert "\n" not in str(failed.value)
    assert time.monotonic() - began < 3  # a drip ends after three times its timeout of 0.1 s
    assert held < 12 * MIB


@both
def test_no_one_there(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ServiceUnreachable, match="No connection"):
        ask(url)


@pytest.mark.row("H9", "H9✓")
@both
def test_a_date_to_come_back_at_is_waited_for_within_reason(ask: Ask) -> None:
    def limited(seconds: float) -> Speak:
        dates = b"Retry-After: %s\r\nDate: %s\r\n" % tuple(
            formatdate(time.time() + n, usegmt=True).encode() for n in (seconds, 0)
        )
        head = JSON.replace(b"200 OK", b"429 Too Many") + dates
        return body(b'{"error": "rate_limited", "error_description": "Often."}', head)

    slept.clear()
    with peer(limited(7200)) as (url, heard), pytest.raises(RateLimited, match="in 7200 s") as far:
        ask(url)
    assert (far.value.retry_after, len(heard), slept) == (7200, 1, [])
    with peer(limited(9)) as (url, heard), pytest.raises(RateLimited):
        ask(url)
    assert (len(heard), slept) == (4, [9, 9, 9])


@both
def test_a_stumbling_service_is_given_time(ask: Ask) -> None:
    slept.clear()
    busy = body(b'{"error": "temporarily_unavailable"}', JSON.replace(b"200 OK", b"503 Busy"))
    with peer(busy) as (url, heard), pytest.raises(ServiceError, match="503") as failed:
        ask(url)
    assert type(failed.value) is ServiceError
    assert len(heard) == 4
    assert [1 <= wait <= limit for wait, limit in zip(slept, (2, 4, 8), strict=True)] == [True] * 3


@pytest.mark.row("H2")
@both
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_nowhere(ask: Ask, status: int) -> None:
    with peer(body(b"{}")) as (other, heard_there):
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: {other}/x\r\nContent-Length: 0\r\n\r\n"
        redirected = pytest.raises(NotThisService, match=f"redirect to {other}")
        with peer(saying(moved.encode())) as (url, heard), redirected:
            ask(url)
    assert (len(heard), heard_there) == (1, [])


def test_the_limits_hold_for_hand_made_requests_too() -> None:
    with peer(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")) as (url, _):
        http = IdentityClient(url, timeout=0.1).http
        with pytest.raises(httpx.ReadTimeout, match=r"trickles|timed out"):
            http.get(f"{url}/x")
