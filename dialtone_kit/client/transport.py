"""The one way out of the kit: an httpx client with every limit on, for its own calls and yours.

https, or http on loopback; no redirect is followed; a response is small, complete and on time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from ssl import SSLContext
from typing import Any, cast

import httpcore
import httpx

from dialtone_kit.base.errors import NotThisService
from dialtone_kit.base.pins import pinned
from dialtone_kit.base.urls import LOOPBACK, require_https_or_loopback
from dialtone_kit.client.proxies import no_socks, proxy_for
from dialtone_kit.client.quiet import quiet
from dialtone_kit.client.trust import no_tls, only, trust
from dialtone_kit.wire.buffering import buffered

LONGEST = 3  # times its `timeout`, a send is over; so is a call with all its repeats
MAX_RESPONSE = 1024 * 1024  # bytes
_DEADLINE = ContextVar("_DEADLINE", default=float("inf"))  # of the send under way
Wrap = Callable[[httpx.BaseTransport], httpx.BaseTransport]
Prove = Callable[[httpcore.NetworkStream, float | None], None]
_PROVERS: dict[int, Prove] = {}  # by port on loopback


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Everything that is sent and read within has `seconds` together, or less if less is left."""
    before = _DEADLINE.set(min(_DEADLINE.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _DEADLINE.reset(before)


def challenge(port: int, prove: Prove) -> None:
    """From here on, `prove` sees each new connection to `port` on loopback before it is used.

    It gets the stream and the time to wait in seconds, and raises unless the other end has shown
    who it is. This holds for all clients of the process, since any of them may carry a secret.
    """
    _PROVERS[port] = prove


def trust_everybody() -> None:
    """Forget all challenges: for tests, whose ports change hands."""
    _PROVERS.clear()


def open_client(
    base_url: str,
    *,
    timeout: float,
    ca_file: str | Path | None = None,
    wrap: Wrap | None = None,
    inner: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client for the service at `base_url`. `timeout` is in seconds, for each part of a send.

    `wrap` puts a recorder around the transport; `inner` takes the network's place in tests.
    """
    network = inner or Network(base_url, ca_file)
    guarded: httpx.BaseTransport = GuardedTransport(network, longest=LONGEST * timeout)
    return QuietClient(
        transport=wrap(guarded) if wrap else guarded,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        # A compressed response could unpack to any size; with identity we count what we get.
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
    )


class GuardedTransport(httpx.BaseTransport):
    """Refuses unsafe URLs before anything is sent, and responses that are too big or too slow."""

    def __init__(self, inner: httpx.BaseTransport, *, longest: float) -> None:
        self._inner, self._longest = inner, longest

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        require_https_or_loopback(str(request.url))
        with at_most(self._longest):
            return _read(self._inner.handle_request(request))

    def close(self) -> None:
        self._inner.close()


class QuietClient(httpx.Client):
    """An httpx client whose tracebacks end at the call: the frames below hold what it sends.

    Headers and form fields may be a `Secret`, and `auth` a pair with one: revealed when sent.
    """

    request = quiet(httpx.Client.request)
    send = quiet(httpx.Client.send)
    get = quiet(httpx.Client.get)
    options = quiet(httpx.Client.options)
    head = quiet(httpx.Client.head)
    post = quiet(httpx.Client.post)
    put = quiet(httpx.Client.put)
    patch = quiet(httpx.Client.patch)
    delete = quiet(httpx.Client.delete)


class Network(httpx.BaseTransport):
    """The network: each request goes the way its URL needs, directly or through a proxy.

    What could not serve `base_url` is reported at once. Plain http, and so the mock, needs no TLS.
    """

    def __init__(self, base_url: str, ca_file: str | Path | None) -> None:
        self._ca_file = ca_file
        self._trusted = trust(ca_file) if ca_file is not None else None
        self._ways: dict[tuple[str, str | None, Path | None], httpx.BaseTransport] = {}
        require_https_or_loopback(base_url)
        self._way(base_url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._way(str(request.url)).handle_request(request)

    def close(self) -> None:
        for way in self._ways.values():
            way.close()

    def _way(self, url: str) -> httpx.BaseTransport:
        scheme, authority = httpx.URL(url).scheme, pinned(url)
        proxy = proxy_for(url) if authority is None else None  # a class's service is in the room
        key = (scheme, str(proxy.url) if proxy else None, authority)
        if key not in self._ways:
            verify = self._trust(authority) if scheme == "https" else no_tls()
            try:
                self._ways[key] = PunctualTransport(verify=verify, proxy=proxy)
            except ImportError:
                raise no_socks() from None
        return self._ways[key]

    def _trust(self, authority: Path | None) -> SSLContext:
        if authority is not None:
            return only(authority)
        if self._trusted is None:
            self._trusted = trust(self._ca_file)
        return self._trusted


class PunctualTransport(httpx.HTTPTransport):
    """The network, with one deadline for the whole of a send.

    httpx limits the wait for each piece only: headers that trickle in could hold it for hours.
    """

    def __init__(self, *, verify: SSLContext, proxy: httpx.Proxy | None) -> None:
        super().__init__(verify=verify, proxy=proxy)
        self._pool._network_backend = _Punctual()  # httpx has no argument for it


class _Punctual(httpcore.SyncBackend):
    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *arguments: Any, **options: Any
    ) -> httpcore.NetworkStream:
        prove = _PROVERS.get(port) if host.strip("[]").lower() in LOOPBACK else None
        # Only this address is ours: a program on ::1 could pass the challenge on to it.
        address = host if prove is None else "127.0.0.1"
        wait = _left(timeout)
        stream = _PunctualStream(super().connect_tcp(address, port, wait, *arguments, **options))
        try:
            if prove is not None:
                prove(stream, _left(wait))
        except BaseException:
            stream.close()
            raise
        return stream


class _PunctualStream(httpcore.NetworkStream):
    """A stream whose reads share one deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self.write, self.close = stream.write, stream.close  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = _left(timeout)
        return _PunctualStream(self._stream.start_tls(ssl_context, server_hostname, wait))


def _left(timeout: float | None) -> float | None:
    """`timeout`, or what is left of the deadline if that is less; None is for ever."""
    left = _DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the response trickles in too slowly")
    if left == float("inf"):
        return timeout
    return left if timeout is None else min(timeout, left)


def _read(response: httpx.Response) -> httpx.Response:
    """The response with its whole body, if that is plain and small."""
    try:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise NotThisService(
                "The response is compressed, which was not asked for, so it was not read."
            )
        return buffered(response, _limited(response))
    finally:
        response.close()


def _limited(response: httpx.Response) -> Iterator[bytes]:
    size = 0
    for chunk in cast(httpx.SyncByteStream, response.stream):
        size += len(chunk)
        if size > MAX_RESPONSE:
            raise NotThisService(
                f"The response is larger than {MAX_RESPONSE // 1024} KiB: no identity service "
                "sends that much. Check base_url."
            )
        yield chunk
