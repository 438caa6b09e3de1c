"""The wall: the thirteen proof rules as tiles in a row, and how far each attack got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError, brief
from dialtone_kit.base.masking import masked
from dialtone_kit.lesson.answers import Answer, steady
from dialtone_kit.rules import RULES
from dialtone_kit.wire.picture import MONO, SANS, STRONG, arrow, figure, paint, stroke, text

TILE, HIGH, STEP = 42, 24, 52  # pixels: a tile, and from one to the next
LEFT, HEAD, ROW, WIDTH = 46, 100, 72, 860  # pixels
NAMES = tuple(rule.__name__ for rule in RULES)
TITLE = "How far each one got"
OFF = "off"


@dataclass(frozen=True)
class Attempt:
    """A response, and the rule that is off where it came from: "" for none, None if unsaid."""

    answer: Answer
    hole: str | None = ""

    @property
    def place(self) -> int | None:
        """The place of the tile that stopped it, None if no tile did."""
        rule = self.answer.reason.rule
        return NAMES.index(rule) if not self.answer.welcome and rule in NAMES else None

    @property
    def passed(self) -> int:
        """How many tiles it got past."""
        return len(NAMES) if self.answer.welcome else self.place or 0


def tile_named(name: str) -> str:
    """`name`, if it's the name of a tile. Raises DialtoneError otherwise."""
    if name not in NAMES:
        raise DialtoneError(
            f"off= takes the name of one of the thirteen rules; got {brief(repr(name))}."
        )
    return name


def wall_picture(attempts: Sequence[Attempt]) -> Shown:
    """A row for each attempt: the tiles that it passed, and the one that stopped it.

    A token can be refused before any proof is looked at; then no tile is reached. A tile gets a
    tick only where it is known to be on.
    """
    told = [f"  {n}. {_in_words(one)}" for n, one in enumerate(attempts, 1)]
    tiles = ", ".join(f"{n} {name}" for n, name in enumerate(NAMES, 1))
    words = masked("\n".join([f"{TITLE}, tile by tile", *told, f"The tiles: {tiles}."]))
    shapes = _heads() + "".join(_row(one, n) for n, one in enumerate(attempts))
    high = HEAD + max(1, len(attempts)) * ROW + 4
    return Shown(figure(TITLE, words, shapes, WIDTH, high), words)


def _name(answer: Answer) -> str:
    asked = steady(answer.asked).split("/")
    return f"{asked[0]}…/{'/'.join(asked[-2:])}, let in" if answer.welcome else answer.odd


def _in_words(one: Attempt) -> str:
    answer, place = one.answer, one.place
    if answer.welcome:
        why = {"": "All thirteen tiles let it pass.", None: "One tile is off here."}
        off = why.get(one.hole, f"{one.hole} is off here.")
        return f"{steady(answer.asked)}: {answer.status}, let in. {off}"
    if place is None:
        return f"{answer.odd}: {answer.short}. No tile was reached."
    return f"{answer.odd}: {answer.short}, tile {place + 1} of {len(NAMES)}."


def _heads() -> str:
    """The name of each tile, above its column."""
    return "".join(
        f'<g transform="translate({LEFT + n * STEP + TILE // 2 - 4} {HEAD - 6}) rotate(-36)">'
        f"{text(0, 0, name, 'faint')}</g>"
        for n, name in enumerate(NAMES)
    )


def _row(one: Attempt, number: int) -> str:
    top = HEAD + number * ROW
    name = text(LEFT, top + 18, f"{number + 1}. {_name(one.answer)}", style=SANS)
    tiles = "".join(_tile(n, one, top + 26) for n in range(len(NAMES)))
    return name + tiles + _thief(top + 40) + _way(one, top + 62)


def _tile(number: int, one: Attempt, y: int) -> str:
    """Green where it let the request pass, red where it stopped it, a hole where it's off."""
    x, label, style = LEFT + number * STEP, str(number + 1), MONO
    shape = f"M{x} {y} h{TILE} v{HIGH} h-{TILE} z"
    if number == one.place:
        box, ink, style = stroke(shape, "refused", width=2.4, fill="paper"), "refused", STRONG
        label = f"✗ {label}"
    elif one.hole == NAMES[number]:
        box, ink, style = stroke(shape, "proof", width=2.4, dashed=True), "proof", STRONG
        label = OFF
    elif number >= one.passed:
        box, ink = stroke(shape, "line", dashed=True, fill="paper"), "faint"
    elif one.hole is None:  # it may be the one that is off: no tick
        box, ink = stroke(shape, "proof", fill="paper"), "faint"
    else:
        box, ink = stroke(shape, "service", fill="paper"), "faint"
        label = f"✓ {label}"
    return box + text(x + TILE / 2, y + 16, label, ink, style=style, anchor="middle")


def _thief(y: int) -> str:
    """Someone with a hat, 20 by 26 pixels, its middle at `y`."""
    body = stroke(f"M8 {y + 13} c0 -9 5 -12 11 -12 s11 3 11 12 z", "refused", fill="paper")
    return (
        f'<circle cx="19" cy="{y - 6}" r="6" '
        f'style="fill: {paint("paper")}; stroke: {paint("refused")}"/>' + body
    )


def _way(one: Attempt, y: int) -> str:
    """The arrow below the tiles, to where it ended, with the reason next to its tip."""
    answer, place = one.answer, one.place
    if answer.welcome:
        end, role = LEFT + len(NAMES) * STEP - 8, "proof"
    elif place is None:
        return text(LEFT, y + 4, answer.short, "refused")
    else:
        end, role = LEFT + place * STEP + TILE // 2, "refused"
    return arrow(LEFT - 30, end, y, role) + text(end + 8, y + 4, answer.short, role, style=STRONG)
