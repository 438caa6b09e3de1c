"""httpx2 through the wire: recorded like httpx, and a stream passes through piece by piece."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.mcp import McpDPoP
from dialtone_kit.wire import async_recorder
from dialtone_kit.wire.recorder import Wire
from tests.support.own_loop import finished

URL = "https://notes.example/mcp?code=s3cr3t"
KEY = ProofKey.generate()
HELLO = gzip.compress(b"hello")
TOKEN = "a.secret-token-" + "x" * 40


class Pieces(httpx2.AsyncByteStream):
    """A body that comes in pieces; an error among them is raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces, self.closed = pieces, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for one in self.pieces:
            if isinstance(one, Exception):
                raise one
            yield one

    async def aclose(self) -> None:
        self.closed = True


class Recorded:
    """A wire, and an httpx2 client that talks through it to `answer`."""

    def __init__(self, answer: httpx2.Response | Exception) -> None:
        self.wire, self.answer = Wire(), answer
        self.http = httpx2.AsyncClient(
            transport=self.wire.async_transport(httpx2.MockTransport(self._say))
        )

    def _say(self, request: httpx2.Request) -> httpx2.Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def post(self, **more: Any) -> httpx2.Response:
        auth = McpDPoP(KEY, TOKEN)
        return finished(self.http.post(URL, auth=auth, json={"tool": "whoami"}, **more))


def test_a_call_is_recorded_without_its_secrets() -> None:
    recorded = Recorded(httpx2.Response(200, json={"access_token": TOKEN, "result": "Ada"}))
    assert recorded.post().json()["result"] == "Ada"
    [trip] = recorded.wire.round_trips
    assert (trip.method, trip.status, trip.reason) == ("POST", 200, "OK")
    shown = f"{recorded.wire.show().html}{recorded.wire.show().text}{trip!r}{trip.curl}"
    assert "whoami" in shown
    assert "DPoP proof, decoded" in shown
    assert '"result": "Ada"' in recorded.wire.show().text
    assert TOKEN not in shown
    assert "s3cr3t" not in shown
    [raw] = recorded.wire.raw
    assert raw.access_token == TOKEN
    assert raw.prove is not None
    assert raw.prove() != raw.proofs[0]


def test_the_recorder_changes_nothing_on_the_way() -> None:
    fields = [("X-One", "1"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]
    zipped = httpx2.Response(207, headers=[*fields, ("Content-Encoding", "gzip")], content=HELLO)
    recorded = Recorded(zipped)
    answer = recorded.post()
    assert (answer.status_code, answer.text) == (207, "hello")
    assert answer.headers.get_list("set-cookie") == ["a=b", "c=d"]
    assert "hello" in recorded.wire.show().text


def test_a_stream_passes_through_as_it_comes_and_is_recorded_at_its_end() -> None:
    pieces = Pieces(b"data: one\r\n\r\n", b"data: two\r\n\r\n")
    kind = {"Content-Type": "text/event-stream"}
    recorded = Recorded(httpx2.Response(200, headers=kind, stream=pieces))

    async def read() -> list[tuple[bytes, int]]:
        async with recorded.http.stream("GET", URL) as response:
            parts = response.aiter_raw()
            return [(part, len(recorded.wire.round_trips)) async for part in parts]

    assert finished(read()) == [(b"data: one\r\n\r\n", 0), (b"data: two\r\n\r\n", 0)]
    assert pieces.closed
    [trip] = recorded.wire.round_trips
    assert trip.response is not None
    assert trip.response.body == "data: one\n\ndata: two\n\n"


def test_a_stream_that_is_left_early_is_recorded_as_far_as_it_came() -> None:
    kind = {"Content-Type": "text/event-stream"}
    pieces = Pieces(b"data: one\n\n", b"data: two\n\n")
    recorded = Recorded(httpx2.Response(200, headers=kind, stream=pieces))

    async def leave() -> None:
        async with recorded.http.stream("GET", URL) as response:
            async for _ in response.aiter_raw():
                break

    finished(leave())
    [trip] = recorded.wire.round_trips
    assert trip.response is not None
    assert trip.response.body == "data: one\n\n"


@pytest.mark.parametrize("cut", [b"no gzip at all", HELLO[:9]], ids=["junk", "cut off"])
def test_a_body_that_cant_be_unpacked_is_left_out(cut: bytes) -> None:
    recorded = Recorded(
        httpx2.Response(200, headers={"Content-Encoding": "gzip"}, stream=Pieces(cut))
    )

    async def read() -> bytes:
        async with recorded.http.stream("GET", URL) as response:
            return b"".join([part async for part in response.aiter_raw()])

    assert finished(read()) == cut
    [trip] = recorded.wire.round_trips
    assert trip.status == 200


def test_what_is_kept_of_a_long_stream_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(async_recorder, "MOST", 5)
    recorded = Recorded(httpx2.Response(200, stream=Pieces(b"abcd", b"efgh", b"ijkl")))
    assert recorded.post().content == b"abcdefghijkl"
    [trip] = recorded.wire.round_trips
    assert trip.response is not None
    assert trip.response.body == "abcde"


def test_a_failure_is_recorded_and_raised() -> None:
    recorded = Recorded(httpx2.ConnectError("no route"))
    with pytest.raises(httpx2.ConnectError, match="no route"):
        recorded.post()
    [trip] = recorded.wire.round_trips
    assert (trip.status, trip.problem) == (None, "no route")


def test_the_time_is_measured_and_a_trace_of_ones_own_is_called_too() -> None:
    seen: list[str] = []

    async def trace(event: str, _info: Any) -> None:
        seen.append(event)

    class Traced(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            for state in ("started", "complete"):
                await request.extensions["trace"](f"http11.send_request_headers.{state}", {})
            return httpx2.Response(200, json={})

    wire = Wire()
    http = httpx2.AsyncClient(transport=wire.async_transport(Traced()))
    finished(http.get(URL, extensions={"trace": trace}))
    assert seen == ["http11.send_request_headers.started", "http11.send_request_headers.complete"]
    assert [part for part, _ in wire.round_trips[0].timing] == ["waiting", "the rest"]


def test_a_session_id_is_hidden() -> None:
    session = "5f0c" * 8
    recorded = Recorded(httpx2.Response(200, headers={"Mcp-Session-Id": session}))
    recorded.post(headers={"Mcp-Session-Id": session})
    shown = f"{recorded.wire.show().text}{recorded.wire.curl()}{list(recorded.wire.round_trips)}"
    assert "Mcp-Session-Id" in shown
    assert session not in shown
