"""A check always ends in time, whatever a learner's function does: an alarm or counted calls.

The alarm is a signal, so it ends Python code and most waits, in the main thread of a Unix machine.
Without one, and for C code that ignores signals, a line names the interrupt key.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from dialtone_kit.lesson.exercises.verdict import Wrong

PATIENCE = 7.0  # seconds for a whole check, with its calls to the service
AGAIN = 0.05  # a bare `except:` in a loop swallows the alarm, but not every time
CALLS = 30  # of one function, in one call of the learner's
STILL_WAITING = (
    "Your function hasn't returned yet, and the check can't stop it. Interrupt it with ■ in the "
    "toolbar, or press Esc, then I twice; then look for what it's waiting for."
)


class TooLong(BaseException):
    """The time is up. Not an Exception, so that `except Exception` lets it through."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooLong in this block once it has taken `seconds`."""
    watch = threading.Timer(seconds + 1, print, (STILL_WAITING,), {"file": sys.stderr})
    watch.daemon = True
    watch.start()
    try:
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
            with _alarm(seconds):
                yield
        else:
            yield
    finally:
        watch.cancel()


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """The alarm; one that someone else had set goes off at its own time."""

    def ring(*_: object) -> None:
        raise TooLong

    began, before = time.monotonic(), signal.signal(signal.SIGALRM, ring)
    theirs, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if theirs:
            left = max(theirs - (time.monotonic() - began), AGAIN)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


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
