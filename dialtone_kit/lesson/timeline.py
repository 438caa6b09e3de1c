"""A timeline in seconds: what happened as flags, what lasts as bars. SVG and plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialtone_kit.base.display import Shown
from dialtone_kit.wire import picture
from dialtone_kit.wire.picture import paint, stroke, text

LEFT, WIDTH = 40, 780  # pixels: where the axis begins, and how long it is
TOP, FLAG, BAR = 34, 26, 44  # pixels: the first flag, from flag to flag, from bar to bar
AIR = 4.0  # seconds left free at both ends
FAR = 300.0  # seconds from the axis' zero beyond which a flag is drawn at the edge


@dataclass(frozen=True)
class Flag:
    """Something that happened `at` seconds, in words; `role` is its colour."""

    at: float
    words: str
    role: str


@dataclass(frozen=True)
class Span:
    """Something that lasts, from `start` to `end` in seconds; each end has its own name."""

    start: float
    end: float
    words: str
    role: str
    from_words: str
    to_words: str


@dataclass(frozen=True)
class _Scale:
    start: float
    end: float

    def x(self, seconds: float) -> float:
        inside = min(max(seconds, self.start), self.end)
        return LEFT + WIDTH * (inside - self.start) / (self.end - self.start)


def timeline(title: str, flags: Sequence[Flag], spans: Sequence[Span], note: str) -> Shown:
    """Flags in their order from the top, the axis below them, then the bars, and a note.

    The words name no measured time, so that they are the same in every run.
    """
    words = "\n".join([f"{title}, on the service's clock", *_words(flags, spans), f"  {note}"])
    scale = _scale(flags, spans)
    axis = TOP + FLAG * len(flags) + 8
    shapes = [_flag(flag, n, axis, scale) for n, flag in enumerate(flags)]
    shapes.append(_axis(axis, scale, spans))
    shapes += [_bar(span, axis + 40 + BAR * n, scale) for n, span in enumerate(spans)]
    height = axis + 40 + BAR * len(spans) + 12
    shapes.append(text(LEFT, height - 10, note, "faint", style=picture.SANS))
    heading = text(LEFT, 18, title, style=f"{picture.SANS} dk-strong")
    drawn = heading + "".join(shapes)
    return Shown(picture.figure(title, words, drawn, LEFT * 2 + WIDTH, height), words)


def _words(flags: Sequence[Flag], spans: Sequence[Span]) -> list[str]:
    happened = [f"  {n}. {flag.words}" for n, flag in enumerate(flags, 1)]
    lasting = [
        f"  {span.words}: "
        + (f"from {span.from_words} " if span.from_words else "")
        + f"until {span.to_words}"
        for span in spans
    ]
    return [*happened, *lasting]


def _scale(flags: Sequence[Flag], spans: Sequence[Span]) -> _Scale:
    near = [flag.at for flag in flags if abs(flag.at) <= FAR]
    starts = [*near, *(span.start for span in spans if abs(span.start) <= FAR)]
    ends = [*near, *(span.end for span in spans if abs(span.end) <= FAR)]
    return _Scale(min(starts) - AIR, max(ends) + AIR)


def _flag(flag: Flag, number: int, axis: float, scale: _Scale) -> str:
    x, y = scale.x(flag.at), TOP + FLAG * number + 10
    right = x < LEFT + WIDTH * 0.6
    anchor, beside = ("start", x + 12) if right else ("end", x - 12)
    shown = text(beside, y + 4, f"{flag.words}{_when(flag)}", flag.role, anchor=anchor)
    dot = f'<circle cx="{x:.1f}" cy="{y}" r="5" style="fill: {paint(flag.role)}"/>'
    return stroke(f"M{x:.1f} {y} V{axis}", flag.role, width=1.2) + dot + shown


def _when(flag: Flag) -> str:
    """How long after zero it was, for the eye alone."""
    if abs(flag.at) < 1:
        return "" if flag.at == 0 else " · within a second"
    return f" · {abs(flag.at):.0f} s {'later' if flag.at > 0 else 'earlier'}"


def _axis(y: float, scale: _Scale, spans: Sequence[Span]) -> str:
    line = stroke(f"M{LEFT} {y} H{LEFT + WIDTH}", "faint")
    ticks = sorted({0.0, *(end for span in spans for end in (span.start, span.end))})
    apart: list[float] = []
    for tick in ticks:
        if not apart or scale.x(tick) - scale.x(apart[-1]) > 38:
            apart.append(tick)
    marks = [
        stroke(f"M{scale.x(tick):.1f} {y - 4} v8", "faint")
        + text(scale.x(tick), y + 20, _signed(tick), "faint", anchor="middle")
        for tick in apart
    ]
    return line + "".join(marks)


def _signed(seconds: float) -> str:
    whole = int(seconds)  # as the words have it: 65 s after a first use in the same second
    return f"{whole:+d} s".replace("-", "−") if whole else "0"


def _bar(span: Span, y: float, scale: _Scale) -> str:
    left, right = scale.x(span.start), scale.x(span.end)
    ink = paint(span.role)
    bar = (
        f'<rect x="{left:.1f}" y="{y}" width="{right - left:.1f}" height="24" rx="4" '
        f'style="fill: {ink}; fill-opacity: 0.14; stroke: {ink}"/>'
    )
    ends = text(right - 8, y + 16, f"until {span.to_words}", anchor="end")
    return bar + text(left + 10, y + 16, span.words, span.role, style=picture.STRONG) + ends
