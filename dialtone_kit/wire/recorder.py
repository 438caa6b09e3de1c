"""What went over the wire: recorded without its secrets, shown as exchanges, diagram or curl line.

wire.show()        the last exchange, its proof and token taken apart
wire.sequence()    all of them as a diagram
print(wire.curl())
"""

from __future__ import annotations

import time
from collections import deque
from typing import cast

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.wire.curl import ShellLine
from dialtone_kit.wire.diagram import diagram
from dialtone_kit.wire.record import Exchange, exchange
from dialtone_kit.wire.view import view

KEPT = 200  # exchanges


class Wire:
    """The recorder. It keeps the last exchanges, and none of the secrets in them."""

    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)

    def transport(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner`, overheard."""
        return _Recorder(inner, self.exchanges)

    def show(self, last: int = 1) -> Shown:
        """The last exchanges in full, oldest first."""
        return view(list(self.exchanges)[-last:] if last > 0 else [])

    def sequence(self, last: int | None = None) -> Shown:
        """Who said what to whom, in the order it happened."""
        return diagram(list(self.exchanges)[-(last or KEPT) :])

    def curl(self, index: int = -1) -> ShellLine:
        """The request as a curl line; set its variables in the shell first."""
        try:
            return self.exchanges[index].curl
        except IndexError:
            raise DialtoneError("Nothing was sent yet: run the cell that sends it first.") from None

    def clear(self) -> None:
        """Forget everything recorded."""
        self.exchanges.clear()

    def __repr__(self) -> str:
        return f"<Wire with {len(self.exchanges)} exchanges: .show(), .sequence(), .curl()>"


class _Recorder(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, exchanges: deque[Exchange]) -> None:
        self._inner, self._exchanges = inner, exchanges

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        began = time.perf_counter()
        try:
            response = buffered(self._inner.handle_request(request))
        except (httpx.TransportError, DialtoneError) as problem:
            said = masked(str(problem)) or "no answer"
            self._keep(request, None, began, said)
            raise
        self._keep(request, response, began)
        return response

    def _keep(
        self, request: httpx.Request, response: httpx.Response | None, began: float, said: str = ""
    ) -> None:
        seconds = time.perf_counter() - began
        self._exchanges.append(exchange(request, response, seconds, said))

    def close(self) -> None:
        self._inner.close()


def buffered(response: httpx.Response) -> httpx.Response:
    """The same answer with its body already read: to look into it on its way to the client."""
    try:
        return with_body(response, b"".join(cast(httpx.SyncByteStream, response.stream)))
    finally:
        response.close()


def with_body(response: httpx.Response, body: bytes) -> httpx.Response:
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=httpx.ByteStream(body),
        extensions=response.extensions,
    )
