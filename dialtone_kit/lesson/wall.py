"""The wall: the thirteen proof rules as tiles in a row, and how far each attack got."""

from __future__ import annotations

from collections.abc import Sequence

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import masked
from dialtone_kit.lesson.answers import Answer, steady
from dialtone_kit.rules import RULES
from dialtone_kit.wire.picture import MONO, SANS, STRONG, arrow, figure, paint, stroke, text

TILE, HIGH, STEP = 42, 24, 52  # pixels: a tile, and from one to the next
LEFT, ROW, WIDTH = 46, 72, 860  # pixels
NAMES = tuple(rule.__name__ for rule in RULES)
TITLE = "How far each one got"


def wall_picture(answers: Sequence[Answer]) -> Shown:
    """A row for each answer: the tiles that it passed, and the one that stopped it.

    A token can be refused before any proof is looked at; then no tile is reached.
    """
    told = [f"  {n}. {_in_words(answer)}" for n, answer in enumerate(answers, 1)]
    words = masked("\n".join([f"{TITLE}, tile by tile", *told]))
    shapes = "".join(_row(answer, n) for n, answer in enumerate(answers))
    return Shown(figure(TITLE, words, shapes, WIDTH, max(1, len(answers)) * ROW + 4), words)


def _stopped_at(answer: Answer) -> int | None:
    """The place of the tile that stopped it, None if no tile did."""
    return NAMES.index(answer.reason.rule) if answer.reason.rule in NAMES else None


def _name(answer: Answer) -> str:
    return "let in" if answer.welcome else answer.odd


def _in_words(answer: Answer) -> str:
    place = _stopped_at(answer)
    if answer.welcome:
        return f"{steady(answer.asked)}: {answer.status}, let in. No tile stopped it."
    if place is None:
        return f"{answer.odd}: {answer.short}. No tile was reached."
    return f"{answer.odd}: {answer.short}, tile {place + 1} of {len(NAMES)}."


def _row(answer: Answer, number: int) -> str:
    place, top = _stopped_at(answer), number * ROW
    name = text(LEFT, top + 18, f"{number + 1}. {_name(answer)}", style=SANS)
    tiles = "".join(_tile(n, place, top + 26) for n in range(len(NAMES)))
    return name + tiles + _thief(top + 40) + _way(answer, place, top + 62)


def _tile(number: int, place: int | None, y: int) -> str:
    """Passed in green, the one that stopped it in red; without one that did, nothing is known."""
    x, label = LEFT + number * STEP, str(number + 1)
    shape = f"M{x} {y} h{TILE} v{HIGH} h-{TILE} z"
    if place is None or number > place:
        box, ink, style = stroke(shape, "line", dashed=True, fill="paper"), "faint", MONO
    elif number == place:
        box, ink, style = stroke(shape, "refused", width=2.4, fill="paper"), "refused", STRONG
        label = f"✗ {label}"
    else:
        box, ink, style = stroke(shape, "service", fill="paper"), "faint", MONO
        label = f"✓ {label}"
    return box + text(x + TILE / 2, y + 16, label, ink, style=style, anchor="middle")


def _thief(y: int) -> str:
    """Someone with a hat, 20 by 26 pixels, its middle at `y`."""
    body = stroke(f"M8 {y + 13} c0 -9 5 -12 11 -12 s11 3 11 12 z", "refused", fill="paper")
    return (
        f'<circle cx="19" cy="{y - 6}" r="6" '
        f'style="fill: {paint("paper")}; stroke: {paint("refused")}"/>' + body
    )


def _way(answer: Answer, place: int | None, y: int) -> str:
    """The arrow below the tiles, to where it ended, with the reason next to its tip."""
    if answer.welcome:
        end, role = LEFT + len(NAMES) * STEP - 8, "proof"
    elif place is None:
        return text(LEFT, y + 4, answer.short, "refused")
    else:
        end, role = LEFT + place * STEP + TILE // 2, "refused"
    return arrow(LEFT - 30, end, y, role) + text(end + 8, y + 4, answer.short, role, style=STRONG)
