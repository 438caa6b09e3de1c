"""Round trips as a learner reads them: request, its JWTs decoded, answer. HTML and plain text."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence

from dialtone_kit.base.display import (
    BAD,
    BORDER,
    BRAND,
    CODE,
    FAINT,
    GOOD,
    INK,
    PAPER,
    SHADE,
    WARN,
    Shown,
)
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.wire.record import Jwt, Message, RoundTrip
from dialtone_kit.wire.redaction import without_noise

NOTHING = "Nothing was sent yet."
_TITLES = {
    "dpop_proof": "DPoP proof, decoded",
    "access_token": "Access token, decoded (not verified)",
}
_MEMBER = re.compile(r"^(\s*)(&quot;.*?&quot;)(: )", re.M)


def view(trips: Sequence[RoundTrip]) -> Shown:
    """The round trips, one below the other."""
    if not trips:
        return Shown(f"<em>{NOTHING}</em>", NOTHING)
    return Shown("".join(map(_html, trips)), "\n\n".join(map(_text, trips)))


def outcome(trip: RoundTrip) -> str:
    """How it ended, in a few words: `200 OK`, or why there is no answer."""
    if trip.status is None:
        return f"no answer: {trip.problem}"
    return f"{trip.status} {trip.reason}".strip()


def colour(trip: RoundTrip) -> str:
    """The colour of the outcome: good, refused or broken."""
    if trip.status is None or trip.status >= 500:
        return BAD
    return GOOD if trip.status < 400 else WARN


# --- HTML ---


def _html(trip: RoundTrip) -> str:
    parts = [_head(trip), _message_html("Request", trip.request)]
    if trip.response is not None:
        parts.append(_message_html("Answer", trip.response))
    return (
        f'<div style="border: {BORDER}; border-radius: 6px; margin: 0 0 12px; overflow: hidden; '
        f'max-width: 960px; color: {INK}; background: {PAPER}">{"".join(parts)}</div>'
    )


def _head(trip: RoundTrip) -> str:
    left = (
        f'<span style="flex: 1 1 auto; overflow-wrap: anywhere"><b style="color: {BRAND}">'
        f"{escaped(trip.method)}</b> {escaped(trip.url)}</span>"
    )
    right = (
        f'<span><b style="color: {colour(trip)}">{escaped(outcome(trip))}</b> '
        f'<span style="color: {FAINT}">{trip.seconds * 1000:.0f} ms</span></span>'
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 6px 12px; '
        f'background: {SHADE}; {CODE}">{left}{right}</div>'
    )


def _message_html(title: str, message: Message) -> str:
    fields = "".join(
        f'<div style="overflow-wrap: anywhere"><span style="color: {FAINT}">{escaped(name)}:</span>'
        f" {escaped(value)}</div>"
        for name, value in without_noise(message.headers)
    )
    body = _pre(message.body) if message.body else ""
    jwts = "".join(map(_jwt_html, message.jwts))
    return (
        f'<div style="padding: 8px 12px; border-top: {BORDER}; {CODE}">'
        f"{_caption(title)}{fields}{body}{jwts}</div>"
    )


def _jwt_html(jwt: Jwt) -> str:
    columns = "".join(
        f'<div style="flex: 1 1 300px; min-width: 0"><span style="color: {FAINT}">{name}</span>'
        f"{_pre(json_text(value))}</div>"
        for name, value in (("header", jwt.header), ("payload", jwt.claims))
    )
    return (
        f'<div style="margin: 8px 0 2px; padding: 4px 12px; border-left: 3px solid {BRAND}">'
        f"{_caption(jwt_title(jwt))}"
        f'<div style="display: flex; flex-wrap: wrap; gap: 0 16px">{columns}</div>'
        f'<span style="color: {FAINT}">signature: ••••••</span></div>'
    )


def _caption(title: str) -> str:
    return (
        '<div style="font-family: var(--jp-ui-font-family, sans-serif); font-weight: 600; '
        f'margin-bottom: 2px">{escaped(title)}</div>'
    )


def _pre(text: str) -> str:
    """A block of text with the names of JSON members tinted; nothing else is added to it."""
    tinted = _MEMBER.sub(rf'\1<span style="color: {BRAND}">\2</span>\3', escaped(text))
    return (
        f'<pre style="margin: 4px 0; padding: 0; white-space: pre-wrap; overflow-wrap: anywhere; '
        f'color: inherit; background: transparent; {CODE}">{tinted}</pre>'
    )


# --- plain text ---


def _text(trip: RoundTrip) -> str:
    ended = f"{masked(outcome(trip))} · {trip.seconds * 1000:.0f} ms"
    parts = [f"── {masked(trip.method)} {masked(trip.url)}", f"   → {ended}"]
    parts += ["request", _message_text(trip.request)]
    if trip.response is not None:
        parts += ["answer", _message_text(trip.response)]
    return "\n".join(parts)


def _message_text(message: Message) -> str:
    lines = [f"{masked(name)}: {masked(value)}" for name, value in without_noise(message.headers)]
    if message.body:
        lines += ["", masked(message.body)]
    for jwt in message.jwts:
        lines += ["", jwt_title(jwt)]
        lines += [f"header  {masked(json_text(jwt.header))}"]
        lines += [f"payload {masked(json_text(jwt.claims))}", "signature ••••••"]
    return textwrap.indent("\n".join(lines), "  ")


# --- both ---


def jwt_title(jwt: Jwt) -> str:
    """What this JWT is, in words."""
    return _TITLES.get(jwt.name, f"{masked(jwt.name)}, decoded (not verified)")


def json_text(value: object) -> str:
    """JSON to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)
