"""Where the time of one send went: measured where the work is done, and nothing guessed.

httpcore reports the steps of a connection and of a request; the kit adds its own challenge.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx

Timing = tuple[tuple[str, float], ...]  # part and seconds, in the order of PARTS
Clock = Callable[[], float]

# The last word of each event of httpcore's trace extension → the part it belongs to.
_EVENTS = {
    "connect_tcp": "connecting",  # name resolution and TCP: httpcore reports the two as one
    "connect_unix_socket": "connecting",
    "start_tls": "TLS",
    "send_request_headers": "sending",
    "send_request_body": "sending",
    "receive_response_headers": "waiting",
    "receive_response_body": "reading",
}
REST = "the rest"
RESTART, CHALLENGE = "restarting the service", "challenge"
PARTS = (RESTART, "connecting", CHALLENGE, "TLS", "sending", "waiting", "reading", REST)
_CURRENT: ContextVar[Stopwatch | None] = ContextVar("_CURRENT", default=None)


class Stopwatch:
    """Adds up the parts of one send. `clock` gives seconds."""

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock, self._start = clock, clock()
        self._began: dict[str, float] = {}
        self._spent: dict[str, float] = {}

    def trace(self, event: str, _info: Any) -> None:
        """What httpcore calls: `http11.send_request_body.started`, `.complete` or `.failed`."""
        step, _, state = event.rpartition(".")
        part = _EVENTS.get(step.rpartition(".")[2])
        if part is None:
            return
        if state == "started":
            self._began[step] = self._clock()
        elif step in self._began:
            self.add(part, self._clock() - self._began.pop(step))

    def add(self, part: str, seconds: float) -> None:
        """`seconds` more were spent on `part`."""
        self._spent[part] = self._spent.get(part, 0.0) + seconds

    def seconds(self) -> float:
        """The time since the start."""
        return self._clock() - self._start

    def timing(self, seconds: float) -> Timing:
        """The parts of a send that took `seconds`; none when nothing was measured."""
        spent = dict(self._spent)
        if not spent:
            return ()
        if CHALLENGE in spent:  # it is made on the new connection, before httpcore has it
            spent["connecting"] = spent.get("connecting", 0.0) - spent[CHALLENGE]
        spent[REST] = seconds - sum(spent.values())
        return tuple((part, max(0.0, spent[part])) for part in PARTS if part in spent)


@contextmanager
def timed(request: httpx.Request) -> Iterator[Stopwatch]:
    """A stopwatch for the send of `request`. A trace that the caller asked for is called too."""
    watch, before = Stopwatch(), request.extensions.get("trace")

    def trace(event: str, info: Any) -> None:
        watch.trace(event, info)
        if before is not None:
            before(event, info)

    request.extensions["trace"] = trace
    token = _CURRENT.set(watch)
    try:
        yield watch
    finally:
        _CURRENT.reset(token)
        if before is None:
            del request.extensions["trace"]
        else:
            request.extensions["trace"] = before


@contextmanager
def part(name: str) -> Iterator[None]:
    """What happens inside is the part `name` of the send under way, if one is timed."""
    watch, began = _CURRENT.get(), time.perf_counter()
    token = _CURRENT.set(None)
    try:
        yield
    finally:
        _CURRENT.reset(token)
        if watch is not None:
            watch.add(name, time.perf_counter() - began)
