"""The end of a lesson: the state of its exercises, and the way to the next lesson."""

from __future__ import annotations

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import escaped
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.exercises.definition import Exercise
from dialtone_kit.lesson.exercises.verdict import MARKS
from dialtone_kit.lesson.progress import Progress


def report(number: str, progress: Progress) -> Shown:
    """The exercises of lesson `number`, one per line, with tries and hints."""
    rows = [_row(exercise, progress) for exercise in catalog.exercises(number)]
    if not rows:
        text = "This lesson has no exercises."
        return Shown(f"<p>{text}</p>", text)
    cells = "".join(f"<tr>{''.join(f'<td>{escaped(c)}</td>' for c in row)}</tr>" for row in rows)
    head = "<tr><th></th><th>Exercise</th><th>Outcome</th><th>Tries, hints</th></tr>"
    plain = "\n".join(
        f"{mark} {title}: {outcome}{f' ({counts})' if counts else ''}"
        for mark, title, outcome, counts in rows
    )
    return Shown(f"<table>{head}{cells}</table>", plain)


def recap(number: str, progress: Progress) -> Shown:
    """The report, and the link to the next lesson."""
    done, following = report(number, progress), _next(number)
    if following is None:
        text = "That was the last lesson."
        return Shown(f"{done.html}<p>{text}</p>", f"{done.text}\n{text}")
    line = f"Next: lesson {following.number}, {following.question}"
    anchor = f'<p>Next: <a href="{following.file}">lesson {following.number}</a>, '
    return Shown(f"{done.html}{anchor}{escaped(following.question)}</p>", f"{done.text}\n{line}")


def _row(exercise: Exercise, progress: Progress) -> tuple[str, str, str, str]:
    standing = progress.exercise(exercise.id)
    counts = [(standing.attempts, "try", "tries"), (standing.hints, "hint", "hints")]
    counted = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    level = "" if exercise.level == "core" else " (stretch)"
    return MARKS[standing.outcome], exercise.title + level, standing.outcome, counted


def _next(number: str) -> catalog.Notebook | None:
    return next((book for book in catalog.notebooks() if book.number > number), None)
