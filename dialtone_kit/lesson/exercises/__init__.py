"""The exercises of the lessons: their names, hints and checks, one module a lesson.

A check judges behaviour on data made a moment before, and where it can against the running
service, so that a copied constant fails. It returns when the answer is right and raises `Wrong`
with a sentence about *this* mistake when it is not.
"""

from __future__ import annotations

import dis
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import httpx

from dialtone_kit.base.display import BAD, FAINT, GOOD, WARN
from dialtone_kit.base.errors import MockOnly, NotThisService, ServiceError, ServiceUnreachable
from dialtone_kit.base.masking import escaped, masked

if TYPE_CHECKING:
    from dialtone_kit.lesson.lesson import Lesson

Outcome = Literal["right", "wrong", "not tried", "can't tell"]
Check = Callable[[Any, "Lesson"], None]
NUMBERS = ("01", "02", "03", "04", "05")
SERVICE_AWAY = (ServiceError, ServiceUnreachable, NotThisService, MockOnly, httpx.TransportError)
_MARKS = {"right": "✓", "wrong": "✗", "not tried": "○", "can't tell": "?"}
_COLORS = {"right": GOOD, "wrong": BAD, "not tried": FAINT, "can't tell": WARN}


class Wrong(Exception):
    """The answer is not right. The sentence is for the learner; `code` names the misconception."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class NotTried(Exception):
    """The answer is still the stub."""


@dataclass(frozen=True)
class Verdict:
    """What a check found out. In a notebook it shows itself as one line."""

    outcome: Outcome
    sentence: str
    code: str = ""

    def __repr__(self) -> str:
        tail = f" [{self.code}]" if self.code else ""
        return masked(f"{_MARKS[self.outcome]} {self.outcome.capitalize()}. {self.sentence}{tail}")

    def _repr_html_(self) -> str:
        badge = f" <code>{escaped(self.code)}</code>" if self.code else ""
        color = _COLORS[self.outcome]
        return (
            f'<div style="border-left: 4px solid {color}; padding: .4em .8em">'
            f'<b style="color: {color}">{_MARKS[self.outcome]} {self.outcome.capitalize()}.</b> '
            f"{escaped(self.sentence)}{badge}</div>"
        )


@dataclass(frozen=True)
class Exercise:
    """One exercise: `judge` is the check, `praise` is said after it passed, and adds the why."""

    id: str
    title: str
    hints: Sequence[str]
    praise: str
    level: Literal["core", "stretch"]
    judge: Check
    make: Callable[[Lesson], Any] | None = None


_REGISTRY: dict[str, Exercise] = {}


def exercise(
    exercise_id: str,
    title: str,
    *,
    hints: Sequence[str],
    praise: str,
    level: Literal["core", "stretch"] = "core",
    make: Callable[[Lesson], Any] | None = None,
) -> Callable[[Check], Check]:
    """Enter the decorated check under `exercise_id`, such as "03.coordinates".

    `make(lesson)` prepares what the learner works on (see `lesson.material`).
    """

    def enter(judge: Check) -> Check:
        if exercise_id in _REGISTRY:
            raise ValueError(f"{exercise_id} is entered twice")
        _REGISTRY[exercise_id] = Exercise(exercise_id, title, hints, praise, level, judge, make)
        return judge

    return enter


def find(exercise_id: str) -> Exercise:
    """The exercise with this id. Raises KeyError, naming the lesson's exercises."""
    known = {e.id: e for e in of_lesson(exercise_id[:2])}
    if exercise_id not in known:
        names = ", ".join(known) or "none"
        raise KeyError(f"no exercise {exercise_id!r}; lesson {exercise_id[:2]} has: {names}")
    return known[exercise_id]


def of_lesson(number: str) -> list[Exercise]:
    """The exercises of lesson `number` ("03"), in the order of the notebook."""
    if number in NUMBERS:
        importlib.import_module(f"{__name__}.lesson_{number}")
    return [e for e in _REGISTRY.values() if e.id.startswith(f"{number}.")]


def check(exercise_id: str, answer: object, lesson: Lesson) -> Verdict:
    """Judge `answer`. Never raises for a wrong answer, nor when the service is away."""
    entry = find(exercise_id)
    if is_untouched(answer):
        return _not_tried(entry)
    try:
        entry.judge(answer, lesson)
    except NotTried:
        return _not_tried(entry)
    except Wrong as wrong:
        return Verdict("wrong", masked(str(wrong)), wrong.code)
    except SERVICE_AWAY as away:
        return Verdict("can't tell", f"The service did not play along: {masked(str(away))}")
    return Verdict("right", entry.praise)


def material(exercise_id: str, lesson: Lesson) -> Any:
    """What the exercise works on, newly made; `lesson.material` keeps it for the check."""
    entry = find(exercise_id)
    if entry.make is None:
        raise KeyError(f"{exercise_id} needs no material")
    return entry.make(lesson)


def is_untouched(answer: object) -> bool:
    """Whether `answer` is still what the notebook came with: None, `...`, or a body of `...`."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, dict | list | tuple):
        values = answer.values() if isinstance(answer, dict) else answer
        return all(is_untouched(value) for value in values)
    return _is_stub(answer)


def _is_stub(answer: object) -> bool:
    """A function which does nothing but return None or `...`; told from its bytecode, because the
    source of a notebook's function is not always at hand."""
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    idle = {"RESUME", "NOP", "CACHE", "MAKE_CELL", "COPY_FREE_VARS", "RETURN_VALUE"}
    for step in dis.get_instructions(code):
        is_empty = step.opname in {"LOAD_CONST", "RETURN_CONST"} and step.argval in (None, ...)
        if step.opname not in idle and not is_empty:
            return False
    return True


def _not_tried(entry: Exercise) -> Verdict:
    return Verdict("not tried", f"{entry.title}: fill in the cell and run it again.")
