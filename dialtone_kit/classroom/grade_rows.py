"""The grades that `dialtone class grade` left in the folder of the class, for the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.lesson.exercises.verdict import WORDS

FILE = "grades.json"
LARGEST = 64 * 1024 * 1024  # bytes
Grades = dict[tuple[int, str], "Grade"]  # by seat and exercise
_OUTCOMES = {word: name for name, word in WORDS.items()}


@dataclass(frozen=True)
class Grade:
    """What the trainer's machine made of an answer that was handed in."""

    outcome: str
    code: str = ""


def grades(folder: Path) -> Grades:
    """The grades of a class; none if nothing was graded. Raises DialtoneError."""
    with suppress(FileNotFoundError):
        content = PrivateFolder(folder, max_bytes=LARGEST).read(FILE)
        try:
            return dict(map(_grade, json.loads(content)["grades"]))
        except (ValueError, TypeError, LookupError, RecursionError):
            raise DialtoneError(
                f"{shown(folder / FILE)} is damaged. Run `dialtone class grade` again."
            ) from None
    return {}


def _grade(row: Mapping[str, object]) -> tuple[tuple[int, str], Grade]:
    seat, verdict = row["seat"], row["verdict"]
    if type(seat) is not int or not isinstance(verdict, str):
        raise TypeError
    outcome = _OUTCOMES.get(verdict, verdict)
    return (seat, str(row["exercise"])), Grade(outcome, str(row.get("code") or ""))
