"""The mistakes that the checks foresee: each answer, the code and a part of the sentence it gets.

Unusual right answers are with them. Wrong answers are made from a lesson, since some need the
running service. One module a lesson.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from dialtone_kit.lesson.lesson import Lesson

Make = Callable[[Lesson], Any]


@dataclass(frozen=True)
class Case:
    """One wrong answer. `says` is a regular expression for the sentence."""

    exercise: str
    name: str
    code: str
    says: str
    answer: Make


@dataclass(frozen=True)
class Right:
    """An answer that is right, though not written as the solution is."""

    exercise: str
    name: str
    answer: Any


class Chameleon:
    """An answer that claims to equal whatever it is compared with, and never to differ."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class ChameleonText(str):
    """The same as a string, for checks that ask for one."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


WRONG: list[Case] = []
RIGHT: list[Right] = []


def wrong(exercise: str, code: str, says: str) -> Callable[[Any], Any]:
    """Enter the decorated function as an answer, under its own name."""

    def enter(answer: Any) -> Any:
        name = answer.__name__.strip("_").replace("_", "-")
        WRONG.append(Case(exercise, name, code, says, lambda lesson: answer))
        return answer

    return enter


def value(exercise: str, name: str, says: str, make: Make, code: str = "") -> None:
    """Enter an answer that is no function, or that is made from the lesson."""
    WRONG.append(Case(exercise, name, code, says, make))


def right(exercise: str, name: str, answer: Any) -> None:
    """Enter an unusual answer that must pass."""
    RIGHT.append(Right(exercise, name, answer))


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
