"""What went over the wire, recorded without its secrets: as messages, diagram or curl line.

wire.show()        the last round trip, its proof and token decoded
wire.sequence()    all of them as a diagram
wire.curl()        the last request, to paste into a terminal
"""

from __future__ import annotations

import re
import warnings
from collections import deque
from typing import TYPE_CHECKING

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.keys import ProofKey
from dialtone_kit.wire.buffering import buffered
from dialtone_kit.wire.curl import ShellLine, curl
from dialtone_kit.wire.raw import RAW_KEPT, RawRequest, raw, with_fresh_proof
from dialtone_kit.wire.record import RoundTrip, record
from dialtone_kit.wire.shell_files import ShellFiles
from dialtone_kit.wire.timing import Stopwatch, timed
from dialtone_kit.wire.view import view

if TYPE_CHECKING:
    import httpx2

KEPT = 200  # round trips


class Wire:
    """The recorder. It keeps the last round trips without the secrets in them.

    `raw` holds the last requests with a proof, secrets and all, for the proof checker: in memory
    only. `files` is where `curl` puts its variables; without it the line names them and no more.
    """

    def __init__(self, files: ShellFiles | None = None) -> None:
        self.round_trips: deque[RoundTrip] = deque(maxlen=KEPT)
        self.raw: deque[RawRequest] = deque(maxlen=RAW_KEPT)
        self._secret: deque[tuple[RoundTrip, RawRequest]] = deque(maxlen=RAW_KEPT)
        self._files = files

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

    def async_transport(self, inner: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        """The same for httpx2, which the MCP SDK's client uses. A stream is recorded at its end."""
        from dialtone_kit.wire.async_recorder import AsyncRecorder  # only here: it loads httpx2

        return AsyncRecorder(inner, self._record)

    def show(self, last: int = 1) -> Shown:
        """The last round trips in full, oldest first."""
        return view(list(self.round_trips)[-last:] if last > 0 else [])

    def sequence(self, last: int | None = None, *, alone: bool = False) -> Shown:
        """Who sent what to whom, in the order it happened.

        `alone`: only the requests to the service that was called last.
        """
        from dialtone_kit.wire.diagram import diagram, origin_of

        trips = list(self.round_trips)
        if alone:
            trips = [trip for trip in trips if origin_of(trip) == origin_of(trips[-1])]
        return diagram(trips[-(last or KEPT) :])

    def curl(self, index: int = -1, *, key: ProofKey | None = None) -> ShellLine:
        """A recorded request as curl, to paste into a terminal with sh, bash or zsh.

        Its secrets are shell variables, in a private file that is made now, read by the line and
        removed within minutes. Each call makes a fresh proof: paste the line twice, and the second
        time the proof is a replay. `key` signs it if the recorded proof was made by hand.
        """
        try:
            trip = self.round_trips[index]
        except IndexError:
            raise DialtoneError(
                "Nothing has been sent yet: run the cell that sends it first."
            ) from None
        if self._files is None or not trip.curl.endswith("\nEND"):
            return trip.curl
        for kept, request in self._secret:
            if kept is trip:
                made = curl(with_fresh_proof(request, key))
                return made.line(self._files.write(_name(request), made.values))
        raise DialtoneError(
            f"The secrets of that request are gone: only the last {RAW_KEPT} requests keep theirs. "
            "Send it again."
        )

    def clear(self) -> None:
        """Forget everything recorded."""
        self.round_trips.clear()
        self.raw.clear()
        self._secret.clear()

    def _record(
        self,
        request: httpx.Request,
        response: httpx.Response | None,
        watch: Stopwatch,
        problem: str = "",
    ) -> None:
        seconds = watch.seconds()
        trip = record(request, response, seconds, problem, watch.timing(seconds))
        kept = raw(request, trip.status)
        self.round_trips.append(trip)
        if kept.proofs:
            self.raw.append(kept)
        if trip.curl.endswith("\nEND"):
            self._secret.append((trip, kept))

    def __repr__(self) -> str:
        return f"<Wire with {len(self.round_trips)} round trips: .show(), .sequence(), .curl()>"


class _Recorder(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with timed(request) as watch:
            try:
                response = buffered(self._inner.handle_request(request))
            except (httpx.TransportError, DialtoneError) as error:
                self._wire._record(request, None, watch, masked(str(error)) or "no response")
                raise
            self._wire._record(request, response, watch)
        return response

    def close(self) -> None:
        self._inner.close()


def _name(request: RawRequest) -> str:
    """What the file of variables is called: `post-token`."""
    last = re.sub(r"[^a-z0-9]+", "-", request.path.lower().rpartition("/")[2])[:24]
    return f"{request.method.lower()}-{last}".strip("-")
