"""Where the time went: what was measured, in its parts, and nothing for what was not."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from dialtone_kit.client.transport import open_client
from dialtone_kit.local.reviving import Reviving
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.time_bar import milliseconds, time_bar, time_text
from dialtone_kit.wire.timing import CHALLENGE, PARTS, REST, RESTART, Stopwatch, part, timed


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_each_part_has_the_time_between_its_events() -> None:
    clock = Clock()
    watch = Stopwatch(clock)
    for event, seconds in (
        ("connection.connect_tcp", 5),
        ("connection.start_tls", 7),
        ("http11.send_request_headers", 1),
        ("http11.send_request_body", 2),
        ("http11.receive_response_headers", 30),
        ("http11.receive_response_body", 4),
        ("http11.response_closed", 1),
    ):
        watch.trace(f"{event}.started", {})
        clock.time += seconds
        watch.trace(f"{event}.complete", {})
    watch.add(CHALLENGE, 3)  # within connect_tcp
    assert watch.timing(watch.seconds()) == (
        ("connecting", 2),
        (CHALLENGE, 3),
        ("TLS", 7),
        ("waiting", 33),  # from the first byte of the request on
        ("reading", 4),
        (REST, 1),
    )


def test_a_step_that_failed_counts_and_one_that_never_ended_does_not() -> None:
    clock = Clock()
    watch = Stopwatch(clock)
    watch.trace("connection.connect_tcp.started", {})
    clock.time += 2
    watch.trace("connection.connect_tcp.failed", {})
    watch.trace("http11.send_request_headers.started", {})
    watch.trace("http11.send_request_body.complete", {})
    assert watch.timing(2.5) == (("connecting", 2), (REST, 0.5))


def test_nothing_measured_is_nothing_shown() -> None:
    wire = Wire()
    inner = httpx.MockTransport(lambda _: httpx.Response(200))
    with httpx.Client(transport=wire.transport(inner)) as http:
        http.get("https://id.example")
    assert wire.round_trips[0].timing == ()
    assert "time" not in wire.show().text + wire.show().html.lower()
    assert Stopwatch().timing(1.0) == ()


def test_a_real_send_has_its_parts_and_they_add_up(server: HTTPServer) -> None:
    wire = Wire()
    url = f"http://127.0.0.1:{server.server_port}"
    with open_client(url, timeout=5, wrap=wire.transport) as http:
        http.get(url)
        http.get(url)
    first, second = wire.round_trips
    names = [name for name, _ in first.timing]
    assert names == ["connecting", "waiting", "reading", REST]
    assert [name for name, _ in second.timing] == names[1:]  # the connection was open
    for trip in (first, second):
        assert sum(seconds for _, seconds in trip.timing) == pytest.approx(trip.seconds)
        assert all(seconds >= 0 for _, seconds in trip.timing)
        for name, seconds in trip.timing:
            assert f"{name} {milliseconds(seconds)}" in wire.show(2).text


def test_a_refused_connection_shows_where_the_time_went_too(server: HTTPServer) -> None:
    wire, url = Wire(), "http://127.0.0.1:9"
    with (
        open_client(url, timeout=5, wrap=wire.transport) as http,
        pytest.raises(httpx.ConnectError),
    ):
        http.get(url)
    assert [name for name, _ in wire.round_trips[0].timing] == ["connecting", REST]


def test_a_restarted_service_and_its_challenge_are_parts_of_their_own() -> None:
    def gone_then_there(request: httpx.Request) -> httpx.Response:
        trace = request.extensions["trace"]
        trace("connection.connect_tcp.started", {})
        if not revived:
            trace("connection.connect_tcp.failed", {})
            raise httpx.ConnectError("nobody there")
        with part(CHALLENGE):
            pass
        trace("connection.connect_tcp.complete", {})
        return httpx.Response(200)

    def revive() -> bool:
        with part(CHALLENGE):  # the search for the service has one, too: it is part of the restart
            revived.append(True)
        return True

    revived: list[bool] = []
    wire = Wire()
    inner = Reviving(httpx.MockTransport(gone_then_there), revive)
    with httpx.Client(transport=wire.transport(inner)) as http:
        http.get("http://127.0.0.1:8787")
    [trip] = wire.round_trips
    assert [name for name, _ in trip.timing] == [RESTART, "connecting", CHALLENGE, REST]


def test_a_trace_that_the_caller_asked_for_is_called_and_put_back() -> None:
    heard: list[str] = []

    def theirs(event: str, _info: object) -> None:
        heard.append(event)

    request = httpx.Request("GET", "https://id.example", extensions={"trace": theirs})
    with timed(request):
        request.extensions["trace"]("connection.connect_tcp.started", {})
    assert heard == ["connection.connect_tcp.started"]
    assert request.extensions["trace"] is theirs
    bare = httpx.Request("GET", "https://id.example")
    with timed(bare):
        pass
    assert "trace" not in bare.extensions


def test_the_bar_says_each_part_in_words_and_numbers() -> None:
    timing = tuple((name, 0.0123 * number) for number, name in enumerate(PARTS, 1))
    html = time_bar(timing)
    for name, seconds in timing:
        assert f"{name}</th>" in html
        assert f">{milliseconds(seconds)}</td>" in html
        assert f"{name} {milliseconds(seconds)}" in time_text(timing)
    assert len(re.findall(r'<span style="flex: \d+ 1 0;', html)) == len(timing)
    assert time_bar(()) == time_text(()) == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "under 0.1 ms"),
        (0.00004, "under 0.1 ms"),
        (0.00006, "0.1 ms"),
        (0.00994, "9.9 ms"),
        (0.00996, "10 ms"),
        (1.5, "1500 ms"),
    ],
)
def test_milliseconds_are_as_exact_as_they_are_worth(seconds: float, shown: str) -> None:
    assert milliseconds(seconds) == shown
