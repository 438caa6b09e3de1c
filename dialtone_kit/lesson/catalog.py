"""What each lesson brings, read from its folder in content/: no lesson is listed anywhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from typing import TypeVar

from dialtone_kit.base.errors import DialtoneError, brief
from dialtone_kit.lesson.exercises.definition import Exercise
from dialtone_kit.lesson.questions import Questions, parse
from dialtone_kit.widgets.choices import Question

T = TypeVar("T")
_CONTENT = resources.files("dialtone_kit.lesson") / "content"
_FOLDER = re.compile(r"lesson_(\d\d)")


@dataclass(frozen=True)
class Notebook:
    """A lesson on the map: its number ("03"), its file and the question it answers."""

    number: str
    file: str
    question: str


@cache
def notebooks() -> tuple[Notebook, ...]:
    """All lessons, in order."""
    folders = (_FOLDER.fullmatch(entry.name) for entry in _CONTENT.iterdir())
    return tuple(_notebook(number) for number in sorted(match[1] for match in folders if match))


@cache
def exercises(number: str) -> tuple[Exercise, ...]:
    """The exercises of lesson `number` ("03"), in the order of its checks.py."""
    if not (_CONTENT / f"lesson_{number}" / "checks.py").is_file():
        return ()
    checks = import_module(f"dialtone_kit.lesson.content.lesson_{number}.checks")
    return tuple(value for value in vars(checks).values() if isinstance(value, Exercise))


def exercise(exercise_id: object) -> Exercise:
    """The exercise with this id. Raises DialtoneError, naming the lesson's exercises."""
    known = {entry.id: entry for entry in exercises(str(exercise_id)[:2])}
    return _named("exercise", exercise_id, known)


@cache
def questions(number: str) -> Questions:
    """The questions of lesson `number` ("02"); a lesson without a questions.toml has none."""
    file = _CONTENT / f"lesson_{number}" / "questions.toml"
    return parse(file.read_text(encoding="utf-8"), number) if file.is_file() else Questions({}, {})


def prediction(question_id: object) -> Question:
    """The prediction with this id, such as "02.what-it-holds"."""
    return _named("prediction", question_id, questions(str(question_id)[:2]).predictions)


def _named(what: str, name: object, known: Mapping[str, T]) -> T:
    """The one of that name. Raises DialtoneError with the names there are in its lesson."""
    found = known.get(str(name))
    if found is None:
        lesson, names = brief(str(name)[:2]), ", ".join(known) or "none"
        raise DialtoneError(f"There is no {what} {brief(name)}. Lesson {lesson} has: {names}.")
    return found


def quiz(number: str) -> tuple[Question, ...]:
    """The quiz of lesson `number`, in order."""
    items = tuple(questions(number).quiz.values())
    if not items:
        raise DialtoneError(f"Lesson {number} has no quiz.")
    return items


def _notebook(number: str) -> Notebook:
    lesson = import_module(f"dialtone_kit.lesson.content.lesson_{number}")
    return Notebook(number, lesson.NOTEBOOK, lesson.QUESTION)
