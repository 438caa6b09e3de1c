"""A few shapes for the lessons' pictures, so that an agent, a key or a proof looks the same in all.

A picture is one SVG file that works as an image anywhere: its own background, no font file, no
script, colours for light and dark, a title and a description for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from dialtone_kit.wire.picture import DARK, LIGHT

WIDTH = 880
LINE = 19  # pixels from one line of a text to the next

_GLYPHS = {
    "agent": '<rect x="-20" y="-13" width="40" height="32" rx="9"/><path d="M0-13v-7M-6 11h12"/>'
    '<circle cx="0" cy="-22" r="2.5"/><circle class="ink" cx="-8" cy="1" r="3"/>'
    '<circle class="ink" cx="8" cy="1" r="3"/>',
    "service": '<rect x="-22" y="-20" width="44" height="40" rx="3"/><path d="M-22-12h44M-6 0h20M-6'
    ' 11h20"/><circle class="ink" cx="-13" cy="0" r="2.5"/>'
    '<circle class="ink" cx="-13" cy="11" r="2.5"/>',
    "api": '<rect x="-22" y="-20" width="44" height="40" rx="3"/><path d="M-22-12h44M-5-5c-7 0-2 '
    '9-8 9 6 0 1 9 8 9M5-5c7 0 2 9 8 9-6 0-1 9-8 9"/>',
    "sponsor": '<circle cx="0" cy="-11" r="9"/><path d="M-19 20c0-13 8-18 19-18s19 5 19 18z"/>',
    "thief": '<circle cx="0" cy="-11" r="9"/><path d="M-19 20c0-13 8-18 19-18s19 5 19 18z"/>'
    '<path class="ink" d="M-10-14h20v5h-20z"/>',
    "key": '<circle cx="-9" cy="0" r="8"/><circle class="ink" cx="-11" cy="0" r="1.5"/>'
    '<path d="M-1 0h20v7M12 0v5"/>',
    "token": '<path d="M-22-12h44v7a5 5 0 0 0 0 10v7h-44v-7a5 5 0 0 0 0-10z"/>'
    '<path d="M-10-4h20M-10 4h13"/>',
    "proof": '<path d="M-14-19h19l9 9v29h-28zM5-19v9h9M-8-6h9M-8 1h14"/>'
    '<circle class="ink" cx="5" cy="11" r="5"/>',
    "mail": '<rect x="-20" y="-13" width="40" height="26" rx="3"/><path d="M-19-11l19 14 19-14"/>',
    "document": '<path d="M-14-19h19l9 9v29h-28zM5-19v9h9M-8-6h9M-8 2h16M-8 10h16"/>',
    "no": '<circle cx="0" cy="0" r="13"/><path d="M-6-6l12 12M6-6l-12 12"/>',
    "yes": '<circle cx="0" cy="0" r="13"/><path d="M-6 0l4 5 8-9"/>',
}

# The colours are those of the views; each kind of thing has a ground of its own, light and dark.
_GROUNDS = {
    "agent": ("#ddf4ff", "#121d2f"),
    "service": ("#dafbe1", "#12261e"),
    "sponsor": ("#fbefff", "#1f1a2e"),
    "key": ("#fff8c5", "#272115"),
    "token": ("#d5f5f6", "#10262a"),
    "proof": ("#fff1e5", "#2b1d12"),
    "refused": ("#ffebe9", "#25171c"),
}
_ALIKE = {"service": ".api, .yes", "sponsor": ".mail", "refused": ".thief, .no"}


def _kinds(colours: Mapping[str, str], dark: bool) -> str:
    """A rule for each kind of thing."""
    rules = []
    for role, grounds in _GROUNDS.items():
        kinds = ", ".join(filter(None, [f".{role}", _ALIKE.get(role)]))
        rules.append(
            f":is({kinds}) {{ stroke: {colours[role]}; fill: {grounds[dark]} }} "
            f":is({kinds}) .ink {{ fill: {colours[role]} }}"
        )
    rules.append(f"text.no {{ fill: {colours['refused']}; stroke: none }}")
    rules.append(f"text.yes {{ fill: {colours['service']}; stroke: none }}")
    return "\n".join(rules)


_STYLE = f"""
svg {{ font: 14.5px system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif }}
.paper {{ fill: #fff; stroke: #d0d7de }}
text {{ fill: #1f2328 }} .quiet {{ fill: #59636e }} .name {{ font-weight: 600 }}
.code {{ font-family: ui-monospace, "Liberation Mono", Consolas, monospace; font-size: 14px }}
.line {{ fill: none; stroke: #818b98; stroke-width: 1.5 }} .lane {{ stroke-dasharray: 3 5 }}
.tip {{ fill: #59636e }} .note {{ fill: #f6f8fa; stroke: #d0d7de }}
.document {{ stroke: #59636e; fill: #f6f8fa }}
.glyph {{ stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }}
{_kinds(LIGHT, dark=False)}
@media (prefers-color-scheme: dark) {{
.paper {{ fill: #0d1117; stroke: #3d444d }}
text {{ fill: #f0f6fc }} .quiet {{ fill: #9198a1 }}
.line {{ stroke: #656c76 }} .tip {{ fill: #9198a1 }} .note {{ fill: #151b23; stroke: #3d444d }}
.document {{ stroke: #9198a1; fill: #151b23 }}
{_kinds(DARK, dark=True)}
}}
"""


@dataclass
class Drawing:
    """A picture `height` pixels high; `description` says in words all that it shows."""

    title: str
    description: str
    height: int
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "middle") -> None:
        """Write `text`, line by line, the first baseline at `y`."""
        for n, line in enumerate(text.split("\n")):
            self.parts.append(
                f'<text class="{style}" x="{x:g}" y="{y + n * LINE:g}" text-anchor="{anchor}">'
                f"{escape(line, quote=False)}</text>"
            )

    def glyph(self, kind: str, x: float, y: float, name: str = "", scale: float = 1) -> None:
        """Draw a thing, with its name below."""
        size = f" scale({scale:g})" if scale != 1 else ""
        self.parts.append(
            f'<g class="glyph {kind}" transform="translate({x:g} {y:g}){size}">{_GLYPHS[kind]}</g>'
        )
        if name:
            self.text(x, y + 42, name, "name")

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a straight arrow."""
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        dx, dy = (x2 - x1) / length, (y2 - y1) / length
        back_x, back_y = x2 - 10 * dx, y2 - 10 * dy
        self.parts.append(
            f'<path class="line" d="M{x1:.1f} {y1:.1f}L{back_x:.1f} {back_y:.1f}"/>'
            f'<path class="tip" d="M{x2:.1f} {y2:.1f}L{back_x - 5 * dy:.1f} {back_y + 5 * dx:.1f}'
            f'L{back_x + 5 * dy:.1f} {back_y - 5 * dx:.1f}z"/>'
        )

    def path(self, d: str, style: str = "line") -> None:
        """Draw a path."""
        self.parts.append(f'<path class="{style}" d="{d}"/>')

    def bar(self, kind: str, x: float, y: float, width: float, height: float = 16) -> None:
        """Draw a bar in the colours of a kind of thing, its top left at `x`, `y`."""
        shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4"'
        self.parts.append(f'<g class="glyph {kind}"><rect {shape}/></g>')

    def circle(self, kind: str, x: float, y: float, radius: float) -> None:
        """Draw a circle in the colours of a kind of thing."""
        self.parts.append(
            f'<g class="glyph {kind}"><circle cx="{x:g}" cy="{y:g}" r="{radius:g}"/></g>'
        )

    def note(self, x: float, y: float, width: float, text: str, style: str = "") -> None:
        """Write `text` in a box centred at `x`, its top at `y`."""
        height = LINE * len(text.split("\n")) + 13
        self.parts.append(
            f'<rect class="note" x="{x - width / 2:g}" y="{y:g}" width="{width:g}" '
            f'height="{height}" rx="6"/>'
        )
        self.text(x, y + LINE + 2, text, style)

    def svg(self) -> str:
        """The file."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            f'width="{WIDTH}" height="{self.height}" role="img" aria-labelledby="t d">\n'
            f'<title id="t">{escape(self.title, quote=False)}</title>\n'
            f'<desc id="d">{escape(self.description, quote=False)}</desc>\n'
            f"<style>{_STYLE}</style>\n"
            f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{self.height - 1}" '
            'rx="10"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


@dataclass(frozen=True)
class Message:
    """An arrow from one lane to another; `cargo` are things that travel with it."""

    source: int
    target: int
    text: str
    cargo: tuple[str, ...] = ()
    style: str = ""


@dataclass(frozen=True)
class Note:
    """What happens in one lane, between messages."""

    lane: int
    text: str
    width: int = 280
    things: tuple[str, ...] = ()


def lanes(
    title: str,
    description: str,
    actors: list[tuple[str, str, int]],
    steps: list[Message | Note],
) -> Drawing:
    """A conversation: each actor is (kind, name, x); the steps follow each other downwards."""
    top, places = 106, []
    for step in steps:
        places.append(top)
        lines = len(step.text.split("\n"))
        top += LINE * lines + (36 if isinstance(step, Note) else 40)
    drawing = Drawing(title, description, int(top))
    for kind, name, x in actors:
        drawing.path(f"M{x} 96V{top - 14}", "line lane")
        drawing.glyph(kind, x, 38, name)
    for step, y in zip(steps, places, strict=True):
        if isinstance(step, Note):
            _note(drawing, actors[step.lane][2], y, step)
        else:
            _message(drawing, actors[step.source][2], actors[step.target][2], y, step)
    return drawing


def _note(drawing: Drawing, x: int, y: float, step: Note) -> None:
    drawing.note(x, y, step.width, step.text)
    height = LINE * len(step.text.split("\n")) + 13
    for n, thing in enumerate(step.things):
        side = x + step.width / 2 + 30 + 46 * n
        drawing.glyph(thing, side, y + height / 2, scale=0.75)


def _message(drawing: Drawing, start: int, end: int, y: float, step: Message) -> None:
    lines = len(step.text.split("\n"))
    line_y = y + LINE * lines + 10
    middle = (start + end) / 2
    drawing.text(middle + 21 * len(step.cargo), y + LINE - 3, step.text, step.style)
    edge = 6 if end > start else -6
    drawing.arrow(start + edge, line_y, end - edge, line_y)
    longest = max(len(line) for line in step.text.split("\n"))
    left = middle + 21 * len(step.cargo) - longest * 3.9 - 26
    for n, thing in enumerate(reversed(step.cargo)):
        drawing.glyph(thing, left - 44 * n, y + LINE * lines / 2 + 2, scale=0.72)
