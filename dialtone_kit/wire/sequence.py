"""A sequence diagram: an agent, its services, and what each said. SVG and plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import masked
from dialtone_kit.wire import picture
from dialtone_kit.wire.picture import LINE, lines, paint, text, wrapped
from dialtone_kit.wire.redaction import Redactor

Tone = Literal["good", "asks", "refused"]
_ROLES = {"good": "service", "asks": "proof", "refused": "refused"}
_MARKS = {"good": "✓", "asks": "?", "refused": "✕"}
_GLYPHS = {"access token": picture.token_glyph, "DPoP proof": picture.proof_glyph}
EDGE, GAP, NARROW, TOP = 118, 640, 330, 74  # pixels: margins, between lanes, boxes with their air


@dataclass(frozen=True)
class Step:
    """A request and what came back. Its texts are masked when they are drawn.

    `carries` names what came along, such as "DPoP proof"; `aside` says how it differs from the
    step before; `fresh` marks what was added last; `by` names a sender other than the lane's.
    """

    service: str
    asks: str
    says: str
    tone: Tone
    carries: Sequence[str] = ()
    aside: str = ""
    fresh: bool = False
    by: str = ""


def sequence(steps: Sequence[Step], title: str, *, sender: str = "agent", first: int = 1) -> Shown:
    """The steps as a diagram, top to bottom: a lane for the sender and one for each service.

    `first` is the number of the first one.
    """
    steps = [_masked(step) for step in steps]
    words = "\n".join(_words(step, sender) for step in steps)
    services = list(dict.fromkeys(step.service for step in steps))
    gap = GAP if len(services) == 1 else NARROW
    lanes = {name: EDGE + gap * n for n, name in enumerate(services, 1)}
    drawn, y = [], float(TOP)
    for number, step in enumerate(steps, first):
        shapes, below = _step(step, number, lanes[step.service], y)
        drawn.append(shapes)
        y = below
    width = max(lanes.values()) + EDGE
    shapes = _heads(sender, lanes, y) + "".join(drawn)
    return Shown(picture.figure(title, f"{title}.\n{words}", shapes, width, y + 10), words)


def _masked(step: Step) -> Step:
    """The step without secrets and addresses: before a label is broken into lines."""
    service, asks, says = (Redactor().text(masked(t)) for t in (step.service, step.asks, step.says))
    return replace(step, service=service, asks=asks, says=says)


def _words(step: Step, sender: str) -> str:
    brings = f"  [{', '.join(step.carries)}]" if step.carries else ""
    aside = f"  ({step.aside})" if step.aside else ""
    new = "  new" if step.fresh else ""
    return (
        f"{step.by or sender} ──▶ {step.service}  {step.asks}{brings}{aside}{new}\n"
        f"{step.by or sender} ◀── {_MARKS[step.tone]} {step.says}"
    )


def _heads(sender: str, lanes: dict[str, int], bottom: float) -> str:
    heads = [_lifeline(EDGE, bottom), picture.agent_box(EDGE, 12, 120, 40)]
    heads.append(_name(EDGE, 37, sender))
    for name, x in lanes.items():
        fits = wrapped(name.partition("://")[2] or name, 190)[:2]
        heads += [_lifeline(x, bottom), picture.service_box(x, 8, 206, 48)]
        heads += [_name(x, 39 - 8 * (len(fits) - 1) + LINE * n, one) for n, one in enumerate(fits)]
    return "".join(heads)


def _name(x: float, y: float, name: str) -> str:
    return text(x, y, name, style=picture.STRONG, anchor="middle")


def _lifeline(x: float, bottom: float) -> str:
    return picture.stroke(f"M{x} 54 V{bottom}", "line", dashed=True)


def _step(step: Step, number: int, x: float, top: float) -> tuple[str, float]:
    """One round trip from `top` on, and where the next begins."""
    room = x - EDGE - 44
    # A label that crosses another lane is written over it; on a band, a halo would show.
    style = picture.MONO if step.fresh else picture.HALO
    left, role = EDGE + 16, _ROLES[step.tone]
    asks = wrapped(step.asks, room)
    says = wrapped(f"{_MARKS[step.tone]} {step.says}", room)
    y = top + 14
    shapes = [_number(number, y + 4, step), lines(left, y, asks, style=style)]
    y += LINE * len(asks)
    if step.carries or step.aside:
        shapes.append(_carried(step, left, y, style))
        y += LINE + 2
    shapes.append(picture.arrow(EDGE, x, y - 6, "agent"))
    y += 12
    shapes.append(lines(left, y, says, role, style=style))
    y += LINE * len(says)
    shapes.append(picture.arrow(x, EDGE, y - 6, role, dashed=True))
    band = _band(x, top - 6, y - top + 8) if step.fresh else ""
    return f"<g>{band}{''.join(shapes)}</g>", y + 14


def _number(number: int, y: float, step: Step) -> str:
    """The number, and under it what there is to say of the step."""
    tags = [("new", "agent")] if step.fresh else []
    if step.by:
        tags.append((step.by, "refused"))
    return text(EDGE - 14, y, str(number), "faint", anchor="end") + "".join(
        text(EDGE - 14, y + LINE * n, tag, role, style=picture.STRONG, anchor="end")
        for n, (tag, role) in enumerate(tags, 1)
    )


def _carried(step: Step, x: float, y: float, style: str) -> str:
    """What comes along, each with its glyph, and how this try differs from the one before."""
    shapes = []
    for name in step.carries:
        glyph = _GLYPHS.get(name)
        if glyph is not None:
            shapes.append(glyph(x, y - 10))
            x += 22
        role = {"access token": "token", "DPoP proof": "proof"}.get(name, "faint")
        shapes.append(text(x, y, name, role, style=style))
        x += len(name) * picture.CHARACTER + 18
    if step.aside:
        shapes.append(text(x, y, step.aside, "proof", style=style))
    return "".join(shapes)


def _band(x: float, y: float, height: float) -> str:
    return (
        f'<rect x="{EDGE - 56}" y="{y}" width="{x - EDGE + 112}" height="{height}" rx="6" '
        f'style="fill: {paint("agent")}; opacity: 0.1"/>'
    )
