"""Round trips as a learner reads them: request, its JWTs decoded, response. HTML and plain text."""

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
    WIDTH,
    Shown,
)
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.wire.record import Jwt, Message, RoundTrip
from dialtone_kit.wire.redaction import without_noise
from dialtone_kit.wire.time_bar import milliseconds, time_bar, time_text

_BLOCK = f"padding: 8px 12px; border-top: {BORDER}; {CODE}"
_CAPTION = "font-family: var(--jp-ui-font-family, sans-serif); font-weight: 600; margin-bottom: 2px"
NOTHING = "Nothing has been sent yet."
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
    """How it ended, in a few words: `200 OK`, or why there is no response."""
    if trip.status is None:
        return f"no response: {trip.problem}"
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
        parts.append(_message_html("Response", trip.response))
    if trip.timing:
        parts.append(f'<div style="{_BLOCK}">{time_bar(trip.timing)}</div>')
    name = f"{trip.method} {trip.url}, {outcome(trip)}"
    return (
        f'<div role="group" aria-label="{escaped(name)}" style="border: {BORDER}; '
        f"border-radius: 6px; margin: 0 0 12px; overflow: hidden; {WIDTH}; color: {INK}; "
        f'background: {PAPER}">{"".join(parts)}</div>'
    )


def _head(trip: RoundTrip) -> str:
    left = (
        '<span role="heading" aria-level="3" style="flex: 1 1 auto; overflow-wrap: anywhere">'
        f'<b style="color: {BRAND}">{escaped(trip.method)}</b> {escaped(trip.url)}</span>'
    )
    right = (
        f'<span><b style="color: {colour(trip)}">{escaped(outcome(trip))}</b> '
        f"<span>{milliseconds(trip.seconds)}</span></span>"
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 6px 12px; '
        f'background: {SHADE}; {CODE}">{left}{right}</div>'
    )


def _message_html(title: str, message: Message) -> str:
    fields = _fields(title, without_noise(message.headers))
    body = _pre(message.body) if message.body else ""
    jwts = "".join(map(_jwt_html, message.jwts))
    return (
        f'<div style="{_BLOCK}"><div role="heading" aria-level="4" style="{_CAPTION}">{title}'
        f"</div>{fields}{body}{jwts}</div>"
    )


def _fields(title: str, fields: Sequence[tuple[str, str]]) -> str:
    if not fields:
        return ""
    cell = "padding: 0; border: none; text-align: left; vertical-align: top; max-width: none"
    rows = "".join(
        f'<tr style="background: transparent"><th scope="row" style="{cell}; padding-right: 12px; '
        f'white-space: nowrap; font-weight: normal; color: {FAINT}">{escaped(name)}</th>'
        f'<td style="{cell}; white-space: normal; overflow-wrap: anywhere">{escaped(value)}</td>'
        "</tr>"
        for name, value in fields
    )
    return (
        f'<table aria-label="{title}, header fields" style="border: none; margin: 0; '
        f'border-collapse: collapse; color: inherit; {CODE}"><tbody>{rows}</tbody></table>'
    )


def _jwt_html(jwt: Jwt) -> str:
    columns = "".join(
        f'<div style="flex: 1 1 300px; min-width: 0"><span style="color: {FAINT}">{name}</span>'
        f"{_pre(json_text(value))}</div>"
        for name, value in (("header", jwt.header), ("payload", jwt.claims))
    )
    return (
        f'<details open style="margin: 8px 0 2px; padding: 4px 12px; border-left: 3px solid {BRAND}'
        f'"><summary style="cursor: pointer; {_CAPTION}">{escaped(jwt_title(jwt))}</summary>'
        f'<div style="display: flex; flex-wrap: wrap; gap: 0 16px">{columns}</div>'
        f'<span style="color: {FAINT}">signature: ••••••</span></details>'
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
    ended = f"{masked(outcome(trip))} · {milliseconds(trip.seconds)}"
    parts = [f"── {masked(trip.method)} {masked(trip.url)}", f"   → {ended}"]
    if trip.timing:
        parts.append(f"   time: {time_text(trip.timing)}")
    parts += ["request", _message_text(trip.request)]
    if trip.response is not None:
        parts += ["response", _message_text(trip.response)]
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
