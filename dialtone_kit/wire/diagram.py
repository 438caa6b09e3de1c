"""Round trips as a sequence diagram: who sent what to whom. Inline SVG and plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from dialtone_kit.base.display import BORDER, BRAND, FAINT, INK, PAPER, Shown
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.wire.record import Message, RoundTrip
from dialtone_kit.wire.view import NOTHING, colour, outcome

LEFT, LANE, TOP, ROW = 90, 470, 40, 62  # pixels: first lane, between lanes, heads, a round trip
WIDE = 58  # characters that fit between two lanes
_WORDS = {
    "DPoP-Nonce": "nonce",
    "access_token": "access token",
    "basic": "client secret",
    "client_secret": "client secret",
    "dpop_proof": "DPoP proof",
    "poll_token": "poll token",
    "verification_code": "code",
}


def diagram(trips: Sequence[RoundTrip]) -> Shown:
    """A lane for you and one for each origin; a round trip is two arrows."""
    if not trips:
        return Shown(f"<em>{NOTHING}</em>", NOTHING)
    origins = list(dict.fromkeys(_origin(trip) for trip in trips))
    return Shown(_svg(trips, origins), _plain(trips))


def _origin(trip: RoundTrip) -> str:
    parts = urlsplit(trip.url)
    return f"{parts.scheme}://{parts.netloc}"


def _asks(trip: RoundTrip) -> str:
    return f"{trip.method} {urlsplit(trip.url).path or '/'}"


def _brings(names: Sequence[str]) -> str:
    """What of interest a message carries: by name, never by value."""
    return ", ".join(dict.fromkeys(_WORDS[name] for name in names if name in _WORDS))


def _returns(trip: RoundTrip) -> str:
    if trip.response is None:
        return outcome(trip)
    names = [*trip.response.secrets, *(name for name, _ in trip.response.headers)]
    carried = _brings(names)
    error = _error_of(trip.response)
    result = f"{trip.status} {error}" if error else outcome(trip)
    return result + (f" with {carried}" if carried else "")


def _error_of(response: Message) -> str:
    """The code of a refusal, from its line of the JSON."""
    match = re.search(r'^  "error": "([a-z_]{1,40})"', response.body, re.M)
    return match[1] if match else ""


# --- SVG ---


def _svg(trips: Sequence[RoundTrip], origins: Sequence[str]) -> str:
    width, height = LEFT + LANE * len(origins) + 120, TOP + ROW * len(trips) + 24
    lanes = [_lane(LEFT, "you", height)]
    lanes += [_lane(LEFT + LANE * n, name, height) for n, name in enumerate(origins, 1)]
    arrows = [
        _arrows(trip, LEFT + LANE * (1 + origins.index(_origin(trip))), TOP + ROW * row)
        for row, trip in enumerate(trips)
    ]
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="sequence diagram" '
        f'xmlns="http://www.w3.org/2000/svg" style="max-width: {width}px; width: 100%; '
        f"background: {PAPER}; border: {BORDER}; border-radius: 6px; "
        f'font: 12px var(--jp-code-font-family, monospace)">{"".join(lanes + arrows)}</svg>'
    )


def _lane(x: int, name: str, height: int) -> str:
    return (
        f'<text x="{x}" y="22" text-anchor="middle" style="fill: {INK}; font-weight: bold">'
        f"{escaped(_short(name, 34))}</text>"
        f'<line x1="{x}" y1="30" x2="{x}" y2="{height - 8}" style="stroke: {FAINT}; '
        'stroke-dasharray: 2 4"/>'
    )


def _arrows(trip: RoundTrip, x: int, y: int) -> str:
    brings = _brings(trip.request.secrets)
    asks = _short(_asks(trip), max(20, WIDE - len(brings)))
    return (
        f"<g><title>{escaped(trip.method)} {escaped(trip.url)}</title>"
        + _label(y + 14, asks, INK, brings)
        + _arrow(LEFT, x, y + 20, BRAND, dashed=False)
        + _label(y + 40, _short(_returns(trip), WIDE), colour(trip))
        + _arrow(x, LEFT, y + 46, colour(trip), dashed=True)
        + "</g>"
    )


def _label(y: int, text: str, ink: str, aside: str = "") -> str:
    more = f'<tspan style="fill: {FAINT}"> · {escaped(aside)}</tspan>' if aside else ""
    return f'<text x="{LEFT + 12}" y="{y}" style="fill: {ink}">{escaped(text)}{more}</text>'


def _arrow(start: int, end: int, y: int, ink: str, *, dashed: bool) -> str:
    back = -8 if end > start else 8
    dash = "; stroke-dasharray: 6 4" if dashed else ""
    return (
        f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}" style="stroke: {ink}{dash}"/>'
        f'<path d="M{end} {y} l{back} -4 v8 z" style="fill: {ink}"/>'
    )


def _short(text: str, limit: int) -> str:
    text = masked(text)  # before it is cut: half a secret is not known as one
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


# --- plain text ---


def _plain(trips: Sequence[RoundTrip]) -> str:
    lines = []
    for trip in trips:
        brings = _brings(trip.request.secrets)
        aside = f" [{brings}]" if brings else ""
        lines.append(f"you ──▶ {masked(_origin(trip))}  {masked(_asks(trip))}{aside}")
        lines.append(f"you ◀── {masked(_returns(trip))}")
    return "\n".join(lines)
