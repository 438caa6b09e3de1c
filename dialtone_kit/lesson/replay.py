"""A replay as a timeline: when a proof is good, who came first, and how long it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError, LessonStop
from dialtone_kit.base.jws import json_object, split
from dialtone_kit.base.masking import masked
from dialtone_kit.base.times import CLOCK_SKEW, is_numeric_date
from dialtone_kit.client.responses import http_date
from dialtone_kit.lesson.timeline import Flag, Span, timeline
from dialtone_kit.rules import WINDOW
from dialtone_kit.wire.diagram import rule_of
from dialtone_kit.wire.raw import RawRequest
from dialtone_kit.wire.record import RoundTrip
from dialtone_kit.wire.recorder import Wire

SKEW = 2  # seconds between `Date` and our clock that rounding and latency explain
NOBODY = "No proof has been sent yet: run the cell that sends one, twice for a replay."


@dataclass(frozen=True)
class Use:
    """One send of the proof: seconds after its `iat` on the service's clock, and how it ended."""

    after: float
    status: int | None
    rule: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the service let it in."""
        return self.status is not None and self.status < 400

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.status is None:
            return "no answer"
        by = f", refused by {self.rule}" if self.rule else ", refused"
        return f"{self.status}, accepted" if self.accepted else f"{self.status}{by}"


def replay_timeline(wire: Wire, proof: str | None = None) -> Shown:
    """The life of `proof`, by default of the last one that was sent twice, else the last one.

    The window is the kit's, 60 s back and 5 s ahead (RFC 9449 §11.1 leaves the seconds to the
    service). Raises LessonStop if nothing was sent, DialtoneError if it can't be read.
    """
    sends = _sends(wire)
    chosen = proof if proof is not None else _chosen([raw for raw, _ in sends])
    iat = _iat_of(chosen)
    uses = [_use(raw, trip, iat) for raw, trip in sends if raw.proofs == [chosen]]
    return timeline(_title(uses), _flags(uses), _spans(uses), _note(uses))


def _sends(wire: Wire) -> list[tuple[RawRequest, RoundTrip]]:
    """The requests with a proof, each with its round trip, oldest first."""
    proved = [trip for trip in wire.round_trips if "dpop_proof" in trip.request.secrets]
    return list(zip(reversed(wire.raw), reversed(proved), strict=False))[::-1]


def _chosen(sent: Sequence[RawRequest]) -> str:
    proofs = [raw.proofs[0] for raw in sent if len(raw.proofs) == 1]
    if not proofs:
        raise LessonStop(NOBODY)
    return next((one for one in reversed(proofs) if proofs.count(one) > 1), proofs[-1])


def _iat_of(proof: object) -> float:
    """The `iat` of a compact JWS, in Unix seconds, unverified."""
    try:
        iat = json_object(split(proof).payload).get("iat") if isinstance(proof, str) else None
    except (ValueError, RecursionError):
        iat = None
    if not is_numeric_date(iat) or not 0 <= iat < 1e11:
        raise DialtoneError(
            "A timeline needs a proof with an iat in Unix seconds: pass the string that "
            "build_proof returned, or nothing for the last one sent."
        )
    return float(iat)


def _use(raw: RawRequest, trip: RoundTrip, iat: float) -> Use:
    return Use(_on_their_clock(raw, trip) - iat, raw.status, _rule_of(trip))


def _on_their_clock(raw: RawRequest, trip: RoundTrip) -> float:
    """When it was sent, by the service's clock as far as its `Date` shows it."""
    fields = httpx.Headers(list(trip.response.headers) if trip.response else [])
    date = http_date(fields.get("Date", ""))
    if date is None or abs(date - raw.sent_at) <= SKEW:
        return raw.sent_at
    return date


def _rule_of(trip: RoundTrip) -> str:
    if trip.response is None or trip.status is None or trip.status < 400:
        return ""
    return masked(rule_of(trip.response.body))


def _title(uses: Sequence[Use]) -> str:
    return "A proof and its replay" if len(uses) > 1 else "The life of a proof"


def _note(uses: Sequence[Use]) -> str:
    if any(use.accepted for use in uses):
        return "Remembered for longer than it is accepted: no second use gets in (RFC 9449 §11.1)."
    return "Only a proof that is accepted uses up its jti (RFC 9449 §11.1)."


def _flags(uses: Sequence[Use]) -> list[Flag]:
    """What happened: the proof was made, and then each use."""
    flags = [Flag(0.0, "made: iat", "proof")]
    names = ("first use", "second use", "third use")
    for number, use in enumerate(uses):
        name = names[number] if number < len(names) else f"use {number + 1}"
        flags.append(
            Flag(use.after, f"{name}: {use.ending}", "service" if use.accepted else "refused")
        )
    return flags


def _spans(uses: Sequence[Use]) -> list[Span]:
    """How long its `iat` is accepted, and how long the service remembers the `jti`."""
    spans = [
        Span(
            -CLOCK_SKEW,
            WINDOW,
            "its iat is accepted",
            "service",
            f"{CLOCK_SKEW} s ahead",
            f"{WINDOW} s old",
        )
    ]
    first = next((use for use in uses if use.accepted), None)
    if first is not None:
        end = max(first.after, 0.0) + WINDOW + CLOCK_SKEW
        kept = f"{WINDOW + CLOCK_SKEW} s after the first use"
        spans.append(Span(first.after, end, "the service remembers its jti", "token", "", kept))
    return spans
