"""The family of an approval: the tokens that came out of it, one after another, and how it ended.

It is drawn from the service's audit trail: what the service knows, and no more. It sees which
refresh token was shown, never who showed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dialtone_kit.base.display import Shown
from dialtone_kit.wire.picture import arrow, figure, stroke, text, token_glyph

STEP, LEFT, BOX, TOP = 214, 20, 170, 12  # pixels: box to box, margin, a box's width, its top
_GRANTS = {"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"}


@dataclass(frozen=True)
class Family:
    """`generations` token responses after one approval; `ended` says why all of it is dead."""

    generations: int
    ended: str = ""


def read_family(events: Iterable[Mapping[str, Any]], subject: str) -> Family:
    """The newest family of `subject` in the events of a realm, oldest event first."""
    family = Family(0)
    for event in events:
        if event.get("subject") != subject:
            continue
        kind = event.get("event")
        if kind == "device_approved":
            family = Family(0)
        elif kind == "token_issued" and event.get("grant") in _GRANTS:
            family = Family(family.generations + 1, family.ended)
        elif kind == "revocation":
            family = Family(family.generations, str(event.get("reason") or "it was revoked"))
    return family


def family_picture(family: Family) -> Shown:
    """The family as a row of boxes, from the approval to its end."""
    words = "\n".join(_words(family))
    shapes = _box(0, "the approval", "a person said yes", "sponsor")
    for number in range(1, family.generations + 1):
        shapes += _generation(number, family)
    width = LEFT + STEP * family.generations + BOX + LEFT
    height = TOP + 92
    if family.ended:
        end = f"{family.ended}: everything that came from the approval is dead"
        shapes += stroke(f"M{LEFT} {height} H{width - LEFT}", "refused", width=3)
        shapes += text(LEFT, height + 20, end, "refused")
        height += 30
    return Shown(figure("The family of an approval", words, shapes, max(width, 620), height), words)


def _generation(number: int, family: Family) -> str:
    used = number < family.generations
    role = "refused" if family.ended else "faint" if used else "token"
    state = "dead" if family.ended else "used" if used else "good once"
    x = LEFT + STEP * number
    head = token_glyph(x + BOX - 24, TOP + 8)
    return (
        arrow(x - (STEP - BOX) + 4, x - 4, TOP + 36, "faint")
        + _box(number, f"token {number}", f"refresh {number}: {state}", role, dashed=used)
        + head
    )


def _box(number: int, title: str, below: str, role: str, *, dashed: bool = False) -> str:
    x = LEFT + STEP * number
    outline = f"M{x} {TOP} h{BOX} v72 h-{BOX} z"
    return (
        stroke(outline, role, width=1.8, dashed=dashed)
        + text(x + 12, TOP + 30, title, "ink")
        + text(x + 12, TOP + 54, below, role if role != "token" else "ink")
    )


def _words(family: Family) -> Iterable[str]:
    yield "A person approved."
    for number in range(1, family.generations + 1):
        state = "used" if number < family.generations else "not used yet"
        yield f"Token {number} came with refresh token {number}, which is {state}."
    if family.ended:
        yield f"Then: {family.ended}. Everything that came from the approval is dead."
