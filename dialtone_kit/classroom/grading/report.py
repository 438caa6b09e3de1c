"""Grades as a trainer reads them: a table, grades.csv and grades.json in the session folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from dialtone_kit.base.masking import masked
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.grading.run import Grade, Graded
from dialtone_kit.classroom.tables import csv_text
from dialtone_kit.lesson.exercises.checking import TOO_LONG
from dialtone_kit.lesson.exercises.verdict import MARKS, WORDS, word_of

CSV, JSON = "grades.csv", "grades.json"
_COLORS = {"right": "green", "wrong": "red", "not tried": "dim", "can't tell": "yellow"}


def keep(graded: Graded, folder: Path) -> list[Path]:
    """Write both files, 0600, with no secret in them; returns where they are."""
    private = PrivateFolder(folder)
    rows = [_row(one) for one in _sorted(graded.grades)]
    lines = {"not graded": graded.refused, "told": graded.told}
    made = {"grades": rows, **{name: list(map(masked, them)) for name, them in lines.items()}}
    text = json.dumps(made, ensure_ascii=False, indent=1)
    sheet = csv_text(list(rows[0]) if rows else (), [list(row.values()) for row in rows])
    return [private.write(CSV, sheet), private.write(JSON, f"{text}\n")]


def table(grades: Sequence[Grade]) -> Table:
    """A row for each notebook: its exercises, and in how many the learner's record differs."""
    made = Table("Seat", "Learner", "Lesson", "Exercises", "Own record")
    for _, same in groupby(_sorted(grades), lambda one: (one.learner.seat, one.lesson)):
        rows = list(same)
        first, differing = rows[0], [one for one in rows if one.own and one.own != one.outcome]
        record = (
            "none" if not first.own else f"{len(differing)} differ" if differing else "the same"
        )
        made.add_row(
            str(first.learner.seat),
            escape(masked(first.learner.name)),
            first.lesson,
            "  ".join(map(_short, rows)),
            record,
        )
    return made


def to_look_at(graded: Graded) -> dict[str, list[str]]:
    """By heading, a line for each file and exercise that a person has to look at."""
    found = {
        "Not graded": graded.refused,
        "To look at": list(_unclear(graded.grades)),
        "Notes": graded.told,
    }
    return {heading: lines for heading, lines in found.items() if lines}


def _unclear(grades: Sequence[Grade]) -> Iterator[str]:
    for one in _sorted(grades):
        if one.outcome == "can't tell":
            own = (
                f"Their own record says: {word_of(one.own)}." if one.own else "They have no record."
            )
            yield f"{one.learner.name}, {one.exercise}: {one.sentence} {own}"
        for note in one.notes:
            yield f"{one.learner.name}, {one.exercise}: {note}."


def _short(one: Grade) -> str:
    name = one.exercise.partition(".")[2]
    code = f" {one.code}" if one.code else " (took too long)" if one.sentence == TOO_LONG else ""
    color = _COLORS[one.outcome]
    return f"[{color}]{escape(f'{MARKS[one.outcome]} {name}{code}')}[/{color}]"


def _sorted(grades: Sequence[Grade]) -> list[Grade]:
    return sorted(grades, key=lambda one: (one.learner.seat, one.lesson))


def _row(one: Grade) -> dict[str, object]:
    return {
        "seat": one.learner.seat,
        "name": one.learner.name,
        "lesson": one.lesson,
        "exercise": one.exercise,
        "verdict": WORDS[one.outcome],
        "code": one.code,
        "sentence": masked(one.sentence),
        "own record": word_of(one.own) if one.own else "",
        "notes": masked("; ".join(one.notes)),
        "file": masked(one.file),
    }
