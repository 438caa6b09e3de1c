"""TLS whose handshake never ends: it counts as a connection from the start, and is closed first.

The server itself counts a connection when its handshake is over, and waits a minute for that. A
thousand that send nothing would take every descriptor.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property
from typing import Any

from dialtone_kit.mock.web.connections import Connection, make_room

SHAKING = -1  # what it does, before all that a connection does


class Handshakes:
    """Makes what the server asks for at each connection; it goes to the workers as it is."""

    def __init__(self, protocol: type[Connection], certificate: str, key: str) -> None:
        self._protocol, self._certificate, self._key = protocol, certificate, key

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        return context

    def __call__(self, **server: Any) -> Handshake:
        return Handshake(self._context, self._protocol(**server))


class Handshake(asyncio.Protocol):
    """A connection until its handshake is over; then `inner` has it."""

    def __init__(self, context: ssl.SSLContext, inner: Connection) -> None:
        self._context, self._inner = context, inner
        self._since, self._begun, self._is_lost = inner.loop.time(), False, False
        self._hello: list[bytes] = []  # what came before TLS was there to read it
        self._early: list[bytes] = []  # what came behind the handshake before `inner` had it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.pause_reading()
        self._inner.connections.add(self)  # type: ignore[arg-type]
        make_room(self)
        loop = self._inner.loop
        self._shaking = loop.create_task(self._shake_hands())
        loop.call_soon(loop.call_soon, self._pass_on)  # behind what start_tls() plans by then

    def data_received(self, data: bytes) -> None:
        (self._early if self._begun else self._hello).append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._is_lost = True

    @property
    def connections(self) -> set[Any]:
        """All connections of the server."""
        return self._inner.connections

    @property
    def rank(self) -> tuple[int, float]:
        """As in `Connection`."""
        return SHAKING, self._since

    def shutdown(self) -> None:
        """The server ends."""
        self.transport.abort()

    def _pass_on(self) -> None:
        """Give TLS what was read before it: uvloop reads once although it has to pause."""
        if self.transport.is_closing():
            return
        tls: Any = self.transport.get_protocol()
        for data in self._hello:
            tls.get_buffer(len(data))[: len(data)] = data
            tls.buffer_updated(len(data))

    async def _shake_hands(self) -> None:
        self._begun = True
        try:
            secured = await self._inner.loop.start_tls(
                self.transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._inner.patience,
            )
        except OSError:  # also what TLS finds wrong, and a handshake that takes too long
            self.transport.abort()
            return
        finally:
            self.connections.discard(self)
        if secured is None or self._is_lost or self.transport.is_closing():
            return  # uvloop tells of no error when the line is cut
        secured.set_protocol(self._inner)
        self._inner.connection_made(secured)
        for data in self._early:
            self._inner.data_received(data)
