"""A keep-alive load client: requests made beforehand, N connections, rate and latencies."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvloop


@dataclass(frozen=True)
class Measured:
    """What one run showed: requests per second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    slowest: float


def http_request(method: str, url: str, headers: dict[str, str], body: str = "") -> bytes:
    """The bytes of one HTTP/1.1 request."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def run(
    url: str, requests: Sequence[bytes], concurrency: int, *, refused: bool = False
) -> Measured:
    """Send all `requests` over `concurrency` kept-alive connections.

    Raises RuntimeError at the first answer that is not 200, or with `refused` not 4xx: a rate of
    refusals is no rate, unless it is the one to be measured.
    """
    good = b"HTTP/1.1 4" if refused else b"HTTP/1.1 200"
    port = urlsplit(url).port or 80
    return uvloop.run(_run(port, iter(requests), len(requests), concurrency, good))


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], times: list[float], good: bytes) -> None:
        self.requests, self.times, self.good = requests, times, good
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self.started = time.perf_counter()
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self.times.append(time.perf_counter() - self.started)
        if not head.startswith(self.good):
            self.transport.close()
            self.done.set_exception(RuntimeError(self.buffer.decode(errors="replace")[:600]))
            return
        self.buffer = b""
        self.send()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the service hung up: {problem}"))


def _content_length(head: bytes) -> int:
    at = head.lower().index(b"content-length:") + 15
    return int(head[at:].split(b"\r\n", 1)[0])


async def _run(
    port: int, requests: Iterator[bytes], count: int, concurrency: int, good: bytes
) -> Measured:
    loop, times = asyncio.get_running_loop(), []
    started = time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Connection(requests, times, good), "127.0.0.1", port)
        for _ in range(concurrency)
    ]
    await asyncio.gather(*(connection.done for _, connection in made))
    rate = count / (time.perf_counter() - started)
    percentiles = statistics.quantiles((1000 * t for t in times), n=100)
    return Measured(rate, percentiles[49], percentiles[98], 1000 * max(times))
