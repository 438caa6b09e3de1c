"""What the board and the report share: templates, the words for things, and small charts.

A chart is an inline SVG next to the number that it shows. It's hidden from screen readers, which
read the number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dialtone_kit.base.display import prose
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.classroom.gains import ALL
from dialtone_kit.classroom.session import Learner
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.misconceptions import title_of

TEMPLATES = Path(__file__).with_name("templates")
PAIRS = {
    "stolen": "Stolen token",
    "again": "Sending again",
    "asked": "Nonce demand",
    "address": "Right address",
    "believe": "What to trust",
    "covered": "What's covered",
    "pace": "Slowing down",
    "for-whom": "For whom",
    ALL: "All eight",
}


@cache
def templates() -> Environment:
    """The templates. Whatever they show is masked and escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: masked(value) if type(value) is str else value,  # not what is safe
    )
    environment.filters |= {"prose": prose, "clock": clock}
    environment.globals |= {"bar": bar, "steps": steps, "pair_name": pair_name, "code": code_name}
    environment.globals |= {"exercise": exercise_title, "lesson": lesson_question}
    return environment


def file(name: str) -> str:
    """A file next to the templates, as it is: a style sheet, a script."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def label_of(names: bool) -> Callable[[Learner], str]:
    """What stands for a learner: the seat, or with `names` the name."""
    return lambda learner: learner.name if names and learner.name else f"Seat {learner.seat}"


def exercise_title(exercise_id: str) -> str:
    """The title of an exercise, its id if this kit doesn't have it."""
    return _exercises().get(exercise_id, exercise_id)


def lesson_question(number: str) -> str:
    """The question that a lesson answers, "" for one that this kit doesn't have."""
    return next((book.question for book in catalog.notebooks() if book.number == number), "")


def pair_name(pair: str) -> str:
    """What a pair of the quiz is about, in two or three words."""
    return PAIRS.get(pair, pair)


def code_name(code: str) -> str:
    """A misconception by its code and what people think."""
    return f"{code} {title_of(code)}".strip()


def clock(seconds: float) -> str:
    """The time of day where the trainer is."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M")


def bar(total: float, parts: Mapping[str, float]) -> str:
    """A bar of parts, each with its CSS class, of a `total` that is the whole width."""
    drawn, x = [], 0.0
    for name, size in parts.items():
        width = 100 * size / total if total else 0
        drawn.append(f'<rect class="{escaped(name)}" x="{x:.2f}" width="{width:.2f}" height="10"/>')
        x += width
    return _svg("bar", "".join(drawn))


def steps(before: float, after: float) -> str:
    """Two shares from 0 to 1: an open mark for before, a full one for after, a line between."""
    x, y = 3 + 94 * before, 3 + 94 * after
    return _svg(
        "steps",
        '<path class="axis" d="M0 5H100"/>'
        f'<path class="way" d="M{x:.2f} 5H{y:.2f}"/>'
        f'<rect class="after" x="{y - 1.2:.2f}" y="1" width="2.4" height="8"/>'
        f'<rect class="before" x="{x - 1.2:.2f}" y="1" width="2.4" height="8"/>',
    )


def _svg(name: str, shapes: str) -> str:
    head = f'<svg class="{name}" viewBox="0 0 100 10" preserveAspectRatio="none"'
    return f'{head} aria-hidden="true">{shapes}</svg>'


@cache
def _exercises() -> dict[str, str]:
    return {
        one.id: one.title for book in catalog.notebooks() for one in catalog.exercises(book.number)
    }
