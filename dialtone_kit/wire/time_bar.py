"""Where the time of a round trip went: a bar, with the same in words and numbers."""

from __future__ import annotations

from dialtone_kit.base.display import BAD, BRAND, FAINT, GOOD, INK, PAPER, WARN
from dialtone_kit.base.masking import escaped
from dialtone_kit.wire.timing import CHALLENGE, REST, RESTART, Timing

# Neighbours differ in lightness too, and the gaps between them show the ground.
_COLOURS = {
    RESTART: BAD,
    "connecting": BRAND,
    CHALLENGE: WARN,
    "TLS": INK,
    "sending": FAINT,
    "waiting": GOOD,
    "reading": f"color-mix(in srgb, {BRAND} 50%, {PAPER})",
    REST: f"color-mix(in srgb, {INK} 35%, {PAPER})",
}
_MEANINGS = {
    RESTART: "the local service had stopped and was restarted",
    "connecting": "name resolution and TCP",
    CHALLENGE: "the local service proves that it is yours",
    "TLS": "handshake and certificate",
    "sending": "writing the request",
    "waiting": "until the response headers arrived",
    "reading": "the body of the response",
    REST: "in this kernel, between the parts",
}


def time_bar(timing: Timing) -> str:
    """The bar and its legend as HTML; nothing when nothing was measured."""
    if not timing:
        return ""
    parts = "".join(_segment(name, seconds) for name, seconds in timing)
    legend = "".join(_row(name, seconds) for name, seconds in timing)
    return (
        '<details open style="margin: 0"><summary style="cursor: pointer">Where the time went'
        f'<span aria-hidden="true" style="display: flex; gap: 2px; height: 8px; margin: 4px 0">'
        f"{parts}</span></summary>"
        '<table aria-label="Where the time went" style="border-collapse: collapse; margin: 4px 0; '
        f'font-size: inherit; color: inherit"><tbody>{legend}</tbody></table></details>'
    )


def time_text(timing: Timing) -> str:
    """The same as one line."""
    return ", ".join(f"{name} {milliseconds(seconds)}" for name, seconds in timing)


def milliseconds(seconds: float) -> str:
    """`seconds` in ms: to a tenth where it is little."""
    number = seconds * 1000
    if number < 0.05:
        return "under 0.1 ms"
    return f"{number:.1f} ms" if number < 9.95 else f"{number:.0f} ms"


def _segment(name: str, seconds: float) -> str:
    return f'<span style="flex: {seconds * 1e6:.0f} 1 0; min-width: 2px; {_ground(name)}"></span>'


def _row(name: str, seconds: float) -> str:
    cell = "padding: 0 16px 0 0; text-align: left; white-space: normal; border: none"
    return (
        f'<tr style="background: transparent"><th scope="row" style="{cell}; font-weight: 600">'
        '<span aria-hidden="true" style="display: inline-block; width: 8px; height: 8px; '
        f'margin-right: 6px; {_ground(name)}"></span>'
        f'{escaped(name)}</th><td style="{cell}; text-align: right; white-space: nowrap; '
        f'font-variant-numeric: tabular-nums">{milliseconds(seconds)}</td>'
        f'<td style="{cell}; color: {FAINT}">{escaped(_MEANINGS[name])}</td></tr>'
    )


def _ground(name: str) -> str:
    """The colour of a part. Where the system forces its own, the border alone is seen."""
    return f"border: 1px solid transparent; border-radius: 2px; background: {_COLOURS[name]}"
