"""A request that finds nobody brings the local service back (`kill -9` in a lesson)."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from dialtone_kit.wire.recorder import Wire

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_BROKEN_OFF = (httpx.NetworkError, httpx.RemoteProtocolError)


class Reviving(httpx.BaseTransport):
    """Sends through `inner`; when the service is gone, calls `revive` and sends once more.

    `revive` returns whether it had to do anything: when a living service drops a connection, the
    lesson should see that.
    """

    def __init__(self, inner: httpx.BaseTransport, revive: Callable[[], bool]) -> None:
        self._inner, self._revive = inner, revive

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._inner.handle_request(request)
        except _NEVER_SENT:
            self._revive()  # there was no connection: nobody has seen the request or its proof
        except _BROKEN_OFF:
            # Somebody may have seen this one. The retry rules send it again, with a new proof.
            if not self._revive() or request.method != "GET" or "DPoP" in request.headers:
                raise
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class RevivingWire(Wire):
    """A recorder for the local service: it sends through a `Reviving` transport."""

    def __init__(self, revive: Callable[[], bool]) -> None:
        super().__init__()
        self._revive = revive

    def transport(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner` with revival inside and the recorder around it: one record for each request."""
        return super().transport(Reviving(inner, self._revive))
