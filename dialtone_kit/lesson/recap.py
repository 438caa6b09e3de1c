"""The state of a lesson's exercises."""

from __future__ import annotations

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import escaped
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.exercises.definition import Exercise
from dialtone_kit.lesson.exercises.verdict import MARKS, WORDS
from dialtone_kit.lesson.progress import Progress

_HEAD = ("Exercise", "Outcome", "Tries and hints")
_CELL = 'style="padding: 4px 16px 4px 0; text-align: left; vertical-align: top"'


def report(number: str, progress: Progress) -> Shown:
    """The exercises of lesson `number`, one per line, with tries and hints."""
    rows = [_row(exercise, progress) for exercise in catalog.exercises(number)]
    if not rows:
        text = "This lesson has no exercises."
        return Shown(f"<p>{text}</p>", text)
    plain = "\n".join(
        f"{mark} {title}: {outcome}{f' ({counts})' if counts else ''}"
        for mark, title, outcome, counts in rows
    )
    return Shown(_table(rows), plain)


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    head = "".join(f'<th scope="col" {_CELL}>{name}</th>' for name in _HEAD)
    body = "".join(
        f'<tr><th scope="row" {_CELL}>{escaped(title)}</th>'
        f"<td {_CELL}>{mark} {escaped(outcome)}</td><td {_CELL}>{escaped(counts)}</td></tr>"
        for mark, title, outcome, counts in rows
    )
    return f'<table aria-label="Exercises" style="margin: 0">{_grouped(head, body)}</table>'


def _grouped(head: str, body: str) -> str:
    return f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"


def _row(exercise: Exercise, progress: Progress) -> tuple[str, str, str, str]:
    standing = progress.exercise(exercise.id)
    counts = [(standing.attempts, "try", "tries"), (standing.hints, "hint", "hints")]
    counted = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    level = "" if exercise.level == "core" else " (stretch)"
    return MARKS[standing.outcome], exercise.title + level, WORDS[standing.outcome], counted
