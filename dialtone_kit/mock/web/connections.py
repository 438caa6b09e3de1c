"""Connections that can't hang: a request arrives in full and in time, or its connection ends.

When descriptors run out, those that wait for a request end first. Requests that are sent without
waiting for answers (pipelined) are few, since each takes room until its turn comes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Protocol

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dialtone_kit.base import platform

IDLE, HEAD, BODY, BUSY = range(4)  # what a connection does, in the order in which it may be closed
MOST_WAITING = 100  # requests behind the one that is being answered (RFC 9112 §9.3.2)
RESERVE = 64  # descriptors, at least, that are not for connections
ABSOLUTE = re.compile(rb"(?i)https?://([^/?#]*)")
LOST_IN_AN_UPGRADE = (b"upgrade", b"http2-settings")  # headers of an offer that we don't take up


class Connection(HttpToolsProtocol):
    """The server's protocol, with time limits; it ignores offers of another protocol."""

    def __init__(self, *server: Any, **more: Any) -> None:
        super().__init__(*server, **more)
        self.patience: float = self.app.service.settings.patience
        self._timer: asyncio.TimerHandle | None = None
        self._reading, self._since, self._offer = IDLE, self.loop.time(), False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end_after(self.patience, self._too_slow)
        make_room(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_timer()

    def data_received(self, data: bytes) -> None:
        """Feed the parser. It stops behind the head of a request that offers another protocol: we
        ignore the offer and answer the request (RFC 9110 §7.8)."""
        self._unset_keepalive_if_required()
        rest = memoryview(data)
        try:
            while rest:
                rest = self._fed(rest)
        except httptools.HttpParserError:
            if self.transport.is_closing():
                return
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._enter(HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. One in a trailer is none, and is dropped (RFC 9110 §6.5.1)."""
        if self._reading != BODY:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._offer = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._offer:
            return
        self._enter(BODY)
        self._take_host_of_target()
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:
            self.transport.abort()  # an answer would look like that to an earlier request
            raise httptools.HttpParserError("too many requests wait for their answers")

    def on_message_complete(self) -> None:
        if self._offer:
            return
        super().on_message_complete()
        self._enter(IDLE)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():  # for a client that does not read the answer: not forever
            self._end_after(self.patience, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """Idle for too long. The last answer is dropped, too, if no one has read it by now."""
        self.transport.abort()

    @property
    def rank(self) -> tuple[int, float]:
        """The lower it is, the earlier the connection may be closed to make room for others."""
        answering = self.cycle is not None and not self.cycle.response_complete
        busy = answering and self._reading == IDLE
        return BUSY if busy else self._reading, self._since

    def send_408_response(self) -> None:
        """The answer to a request that did not arrive in full; see bad_requests.py."""
        self.transport.abort()

    def _fed(self, data: memoryview) -> memoryview:
        """Feed `data`; returns what is left of it behind a head without its offer."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            if not self._offer:  # CONNECT
                raise httptools.HttpParserError("no tunnel") from None
            head = self._head_without_offer()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)
            return data[stopped.args[0] :]
        return data[:0]

    def _head_without_offer(self) -> bytes:
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [method + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(one for one in options if one.lower() not in LOST_IN_AN_UPGRADE)
            if name not in LOST_IN_AN_UPGRADE:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _take_host_of_target(self) -> None:
        """The host in an absolute target counts, not the Host field (RFC 9112 §3.2.2)."""
        if target := ABSOLUTE.match(self.url):
            hosts = [
                (name, target[1]) if name == b"host" else (name, value)
                for name, value in self.headers
            ]
            self.headers[:] = hosts  # the scope has this very list

    def _enter(self, reading: int) -> None:
        """From here on it waits for a head, for a body, or for nothing."""
        self._reading, self._since = reading, self.loop.time()
        self._unset_timer()
        if reading != IDLE:
            self._end_after(self.patience, self._too_slow)

    def _too_slow(self) -> None:
        """Its time is over. 408 (RFC 9110 §15.5.9), where something came and nothing was sent."""
        answering = self.cycle is not None and not self.cycle.response_complete
        started = answering and (self._reading == HEAD or self.cycle.response_started)
        if self._reading == IDLE or started:
            self.transport.abort()
            return
        self.send_408_response()
        self._end_after(self.patience, self.transport.abort)

    def _end_after(self, seconds: float, end: Callable[[], None]) -> None:
        self._unset_timer()
        self._timer = self.loop.call_later(seconds, end)

    def _unset_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Listed(Protocol):
    """One of the server's connections."""

    transport: asyncio.Transport

    @property
    def connections(self) -> set[Any]:
        """All of them."""

    @property
    def rank(self) -> tuple[int, float]:
        """The lower it is, the earlier the connection may be closed to make room for others."""


def make_room(newest: Listed) -> None:
    """When there are too many connections, close the one least needed, but never a busy one."""
    if len(newest.connections) <= capacity():
        return
    others: set[Listed] = newest.connections - {newest}
    spared = min(others, key=lambda one: one.rank)
    if spared.rank[0] != BUSY:
        newest.connections.discard(spared)  # its descriptor is free at the loop's next turn
        spared.transport.abort()


def capacity() -> int:
    """How many connections a process may hold: a part of its descriptors is for its own files."""
    limit = platform.most_open_files()
    return limit - max(RESERVE, limit // 4)
