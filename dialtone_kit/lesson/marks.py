"""The map with a learner's own marks: what they did in each lesson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dialtone_kit.base.display import BAD, FAINT, GOOD, Shown, prose
from dialtone_kit.base.masking import escaped
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.catalog import Notebook
from dialtone_kit.lesson.exercises.verdict import MARKS
from dialtone_kit.lesson.pages import FRAME, table
from dialtone_kit.lesson.progress import Progress

_STATES = {"done": ("✓", GOOD), "begun": ("◐", FAINT), "open": ("○", FAINT)}
_WORDS = {"done": "done", "begun": "begun", "open": "not opened"}


@dataclass(frozen=True)
class LessonMarks:
    """One lesson: how far it went, the outcome of each exercise, predictions right of answered."""

    book: Notebook
    state: str  # done, begun, open
    exercises: Sequence[str]
    right: int
    answered: int

    @property
    def guesses(self) -> str:
        """The predictions in words."""
        return f"{self.right} of {self.answered} predictions right" if self.answered else ""


def marks(progress: Progress) -> list[LessonMarks]:
    """The marks of every lesson, in order."""
    known = progress.export()  # once: the file is read again each time
    return [_marks_of(book, known) for book in catalog.notebooks()]


def _marks_of(book: Notebook, known: dict[str, Any]) -> LessonMarks:
    row = known["lessons"].get(book.number, {})
    tried, predicted = known["exercises"], known["predictions"]
    firsts = [
        predicted[name][0]
        for name in catalog.questions(book.number).predictions
        if predicted.get(name)
    ]
    return LessonMarks(
        book,
        "done" if "done_at" in row else "begun" if row else "open",
        [
            tried.get(one.id, {}).get("outcome", "not tried")
            for one in catalog.exercises(book.number)
        ],
        sum(bool(first["right"]) for first in firsts),
        len(firsts),
    )


def map_shown(progress: Progress) -> Shown:
    """The map of lesson 00, filled in."""
    made = marks(progress)
    html = f'<section aria-label="Your map" style="{FRAME}">{map_table(made)}</section>'
    return Shown(html, "\n".join(map(_line, made)))


def map_table(made: Sequence[LessonMarks], *, linked: bool = True) -> str:
    """The map as a table; `linked` to the notebooks, for a page that is next to them."""
    names = ("Lesson", "Yours", "Exercises")
    return table("The lessons", names, [_cells(one, linked) for one in made], (46, 30, 24))


def _cells(one: LessonMarks, linked: bool) -> tuple[str, str, str]:
    title = f"{one.book.number} · {prose(one.book.question)}"
    if linked:
        title = f'<a href="{escaped(one.book.file)}">{title}</a>'
    mark, tone = _STATES[one.state]
    guesses = f"<div>{one.guesses}</div>" if one.guesses else ""
    return (
        title,
        f'<span style="color: {tone}">{mark} {_WORDS[one.state]}</span>{guesses}',
        " ".join(_outcome(outcome) for outcome in one.exercises),
    )


def _outcome(outcome: str) -> str:
    tone = {"right": GOOD, "wrong": BAD}.get(outcome, FAINT)
    words = "not quite" if outcome == "wrong" else outcome
    return f'<span style="color: {tone}" title="{words}" role="img" aria-label="{words}">' + (
        f"{MARKS[outcome]}</span>"
    )


def _line(one: LessonMarks) -> str:
    outcomes = " ".join(MARKS[outcome] for outcome in one.exercises)
    parts = [f"{_STATES[one.state][0]} {one.book.number} {one.book.question}", outcomes]
    return "  ".join(part for part in (*parts, one.guesses) if part)
