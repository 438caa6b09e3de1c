"""What went over the wire, recorded without its secrets: as messages, diagram or curl line.

wire.show()        the last round trip, its proof and token decoded
wire.sequence()    all of them as a diagram
print(wire.curl())
"""

from __future__ import annotations

import time
import warnings
from collections import deque

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.wire.buffering import buffered
from dialtone_kit.wire.curl import ShellLine
from dialtone_kit.wire.diagram import diagram
from dialtone_kit.wire.raw import RAW_KEPT, RawRequest, raw
from dialtone_kit.wire.record import RoundTrip, record
from dialtone_kit.wire.view import view

KEPT = 200  # round trips


class Wire:
    """The recorder. It keeps the last round trips without the secrets in them.

    `raw` holds the last requests with their secrets, for the proof checker: in memory only.
    """

    def __init__(self) -> None:
        self.round_trips: deque[RoundTrip] = deque(maxlen=KEPT)
        self.raw: deque[RawRequest] = deque(maxlen=RAW_KEPT)

    @property
    def exchanges(self) -> deque[RoundTrip]:
        """The former name of `round_trips`."""
        warnings.warn(
            "Use wire.round_trips instead of wire.exchanges.", DeprecationWarning, stacklevel=2
        )
        return self.round_trips

    def transport(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner`, with everything that passes through it recorded here."""
        return _Recorder(inner, self)

    def show(self, last: int = 1) -> Shown:
        """The last round trips in full, oldest first."""
        return view(list(self.round_trips)[-last:] if last > 0 else [])

    def sequence(self, last: int | None = None) -> Shown:
        """Who sent what to whom, in the order it happened."""
        return diagram(list(self.round_trips)[-(last or KEPT) :])

    def curl(self, index: int = -1) -> ShellLine:
        """The request as a curl line; set its variables in the shell first."""
        try:
            return self.round_trips[index].curl
        except IndexError:
            raise DialtoneError("Nothing was sent yet: run the cell that sends it first.") from None

    def clear(self) -> None:
        """Forget everything recorded."""
        self.round_trips.clear()
        self.raw.clear()

    def __repr__(self) -> str:
        return f"<Wire with {len(self.round_trips)} round trips: .show(), .sequence(), .curl()>"


class _Recorder(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        began = time.perf_counter()
        try:
            response = buffered(self._inner.handle_request(request))
        except (httpx.TransportError, DialtoneError) as error:
            problem = masked(str(error)) or "no answer"
            self._keep(request, None, began, problem)
            raise
        self._keep(request, response, began)
        return response

    def _keep(
        self,
        request: httpx.Request,
        response: httpx.Response | None,
        began: float,
        problem: str = "",
    ) -> None:
        seconds = time.perf_counter() - began
        self._wire.round_trips.append(record(request, response, seconds, problem))
        if "DPoP" in request.headers:
            self._wire.raw.append(raw(request, None if response is None else response.status_code))

    def close(self) -> None:
        self._inner.close()
