"""A request that finds nobody brings the local service back and goes on (`kill -9` in a lesson)."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from dialtone_kit.wire.recorder import Wire

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_BROKEN_OFF = (httpx.NetworkError, httpx.RemoteProtocolError)


class Reviving(httpx.BaseTransport):
    """Send by `inner`; when the service is gone, `revive` it and send once more.

    `revive` says whether it had to do anything: a connection that a living service dropped is
    something to see in a lesson, not to hide.
    """

    def __init__(self, inner: httpx.BaseTransport, revive: Callable[[], bool]) -> None:
        self._inner, self._revive = inner, revive

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._inner.handle_request(request)
        except _NEVER_SENT:
            self._revive()  # without a connection nobody has seen the request, proof and all
        except _BROKEN_OFF:
            # Somebody may have seen this one. The retry rules send others, with a new proof.
            if not self._revive() or request.method != "GET" or "DPoP" in request.headers:
                raise
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class RevivingWire(Wire):
    """A recorder for the local service: what it records is sent by a `Reviving` transport."""

    def __init__(self, revive: Callable[[], bool]) -> None:
        super().__init__()
        self._revive = revive

    def transport(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner` with revival inside and the recorder around it: one exchange a request."""
        return super().transport(Reviving(inner, self._revive))
