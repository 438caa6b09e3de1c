"""A request that finds no service brings the local service back (`kill -9` in a lesson).

Anything that has taken its port meanwhile gets a challenge on each new connection, no more.
"""

from __future__ import annotations

from collections.abc import Callable

import httpcore
import httpx

from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.client import transport
from dialtone_kit.local.challenge import ask_on, explain
from dialtone_kit.local.record import Record, UnusableRecord, read_record
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.shell_files import ShellFiles
from dialtone_kit.wire.timing import CHALLENGE, RESTART, part

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
            self._brought_back()  # no connection: nobody has seen the request or its proof
        except _BROKEN_OFF:
            # Someone may have seen this one. The retry rules send it again, with a new proof.
            if not self._brought_back() or request.method != "GET" or "DPoP" in request.headers:
                raise
        return self._inner.handle_request(request)

    def _brought_back(self) -> bool:
        with part(RESTART):
            return self._revive()

    def close(self) -> None:
        self._inner.close()


class RevivingWire(Wire):
    """A recorder for the local service: it sends through a `Reviving` transport."""

    def __init__(self, revive: Callable[[], bool], files: ShellFiles | None = None) -> None:
        super().__init__(files)
        self._revive = revive

    def transport(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner` with revival inside and the recorder around it: one record for each request."""
        return super().transport(Reviving(inner, self._revive))


def only_ours(base_url: str, port: int, read: Callable[[], Record | None] = read_record) -> None:
    """From here on this process sends nothing to `port` but over connections proved to be ours.

    `read` gives the record by which the service proves itself: it may change meanwhile.
    """

    def prove(stream: httpcore.NetworkStream, timeout: float | None) -> None:
        """Raise httpx's "no connection", which `Reviving` knows, unless it is our service."""
        try:
            record = read()
        except UnusableRecord:
            raise httpcore.ConnectError("service.json can't be used") from None
        if record is None:
            raise httpcore.ConnectError("there is no service.json")
        if record.base_url != base_url:
            raise ServiceUnreachable(
                f"The local service has moved from {base_url} to {record.base_url}. Run start() "
                "again; register again there."
            )
        with part(CHALLENGE):
            occupant = ask_on(stream, record, timeout)
        if occupant.kind == "silent":
            raise httpcore.ConnectTimeout(explain("silent", port))
        if occupant.kind != "ours":
            raise httpcore.ConnectError(explain(occupant.kind, port))

    transport.challenge(port, prove)
