"""A learner's loop ends: what a check hands to a function counts its calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from dialtone_kit.lesson.exercises.verdict import Wrong

PATIENCE = 7.0  # seconds for a whole check, with its calls to the service
CALLS = 30  # of one function, in one call of the learner's


class Calls:
    """A function handed to a learner. Counts its calls, and ends a loop that does not stop."""

    def __init__(
        self, function: Callable[..., Any], sentence: str, code: str = "", limit: int = CALLS
    ) -> None:
        self.function, self.sentence, self.code, self.limit = function, sentence, code, limit
        self.count = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.count += 1
        if self.count > self.limit:
            raise Wrong(self.sentence, self.code)
        return self.function(*arguments, **named)


def sealed(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` for a learner to call: it has no closure or member that leads to the answer."""
    handed = _Sealed()
    _BEHIND[handed] = function
    return handed


class _Sealed:
    """Calls the function that `_BEHIND` has for it, and holds nothing itself."""

    __slots__ = ("__weakref__",)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return _BEHIND[self](*arguments, **named)


_BEHIND: WeakKeyDictionary[_Sealed, Callable[..., Any]] = WeakKeyDictionary()
