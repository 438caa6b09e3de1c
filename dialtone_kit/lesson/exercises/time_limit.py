"""A check ends in time, whatever a learner's function does: by an alarm, and by a trace.

The alarm is a signal: it ends Python code and most waits, in the main thread of a Unix machine. A
bare `except:` swallows it, so each ring raises a second time, at one of the function's next lines:
in turn at the first, the second and so on, until one is outside every `try`. Without signals an
exception is sent to the thread, which ends what isn't waiting. For the rest, a line names the keys.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

AGAIN = 0.05  # seconds between two rings
LINES = 20  # the last line after a ring at which it raises again
GRACE = 1.0  # seconds for the alarm alone; then an exception is sent, and then the line is printed
STILL_RUNNING = (
    "Your function is still running, and the check can't stop it. Press ■ in the toolbar. If that "
    "doesn't end it, choose Kernel > Restart Kernel: your progress is stored, so nothing is lost. "
    "Then look for what your function is waiting for, or for a bare `except:`."
)


class TooLong(BaseException):
    """The time is up. Not an Exception, so that `except Exception` lets it through."""


class TooSlow(TooLong):
    """The check itself took the time: the service is slow."""


def called(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a learner's function: what runs inside is theirs, and ends when the time is up."""
    return function(*arguments)


def end_thread(number: int) -> None:
    """Raise TooLong in another thread, at its next step."""
    # Taking it back with NULL leaves Python 3.11 busy for good, so it's sent only where it's due.
    error = ctypes.py_object(TooLong)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(number), error)


class TimeLimit:
    """Ends the block within after `seconds`, without cutting short the clean-up of a `with`.

    Raises TooLong where a learner's function is running, and TooSlow where none is.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._over, self._lock = seconds, threading.Event(), threading.Lock()
        self._stderr = sys.stderr  # the check may keep what is printed within
        self._rings = 0  # while a learner's function was running
        self.in_request = False  # whether that was waiting for a response at the first ring

    def __enter__(self) -> Self:
        self._outside, self._began = sys._getframe(1), time.monotonic()
        self._thread, self._tracer = threading.get_ident(), sys.gettrace()
        main = threading.current_thread() is threading.main_thread()
        self._alarm = main and hasattr(signal, "setitimer")
        threading.Thread(target=self._watch, daemon=True).start()
        if self._alarm:
            self._handler = signal.signal(signal.SIGALRM, self._ring)
            self._timer = signal.setitimer(signal.ITIMER_REAL, self._seconds, AGAIN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._alarm:
            self._give_back_the_alarm()
        self._end_the_watch()
        if self._rings:
            sys.settrace(self._tracer)
            if error is None:  # swallowed, and then the function returned
                raise TooLong

    def _give_back_the_alarm(self) -> None:
        """One that someone else had set goes off at its own time."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler)
        theirs, interval = self._timer
        if theirs:
            left = max(theirs - self._passed(), AGAIN)
            signal.setitimer(signal.ITIMER_REAL, left, interval)

    def _passed(self) -> float:
        return time.monotonic() - self._began

    # -- the alarm ---------------------------------------------------------------------------

    def _ring(self, _: int, frame: FrameType | None) -> None:
        stack = _stack(frame, self._outside)
        theirs = _theirs(stack)
        if theirs is None and not self._may_end(stack):
            return
        if theirs is None and not self._rings and not _is_called_elsewhere():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise TooSlow
        if not self._rings:
            self.in_request = any(_module(one).startswith("httpcore") for one in stack)
        self._rings += 1
        if theirs:
            self._raise_at_a_line(stack, theirs)
        raise TooLong

    def _may_end(self, stack: Sequence[FrameType]) -> bool:
        """Whether the check's own code may be ended here: not in a clean-up, nor on the way out."""
        if any(one.f_code.co_name == "__exit__" for one in stack):
            return False
        return not self._rings or self._passed() > self._seconds + GRACE

    def _raise_at_a_line(self, stack: Sequence[FrameType], theirs: Mapping[str, Any]) -> None:
        """Raise once more at one of the next lines of the code whose globals are `theirs`."""
        left = (self._rings - 1) % LINES

        def each_line(_: FrameType, event: str, __: object) -> Any:
            nonlocal left
            left -= event == "line"
            if left < 0:
                raise TooLong
            return each_line

        sys.settrace(lambda frame, *_: each_line if frame.f_globals is theirs else None)
        for frame in stack:
            if frame.f_globals is theirs:
                frame.f_trace = each_line

    # -- without an alarm, or where it was of no use -----------------------------------------

    def _watch(self) -> None:
        if self._over.wait(self._seconds + (GRACE if self._alarm else 0)):
            return
        said = False
        while not self._over.wait(AGAIN):
            with self._lock:
                frame = sys._current_frames().get(self._thread)
                if not self._over.is_set() and _is_called(frame):
                    end_thread(self._thread)
            if not said and self._passed() > self._seconds + 2 * GRACE:
                said = True
                print(STILL_RUNNING, file=self._stderr)

    def _end_the_watch(self) -> None:
        while not self._over.is_set():
            with suppress(TooLong), self._lock:  # sent as the function returned
                self._over.set()


def _stack(frame: FrameType | None, outside: FrameType | None = None) -> list[FrameType]:
    """The frames from `frame` out to `outside`, which is not among them."""
    frames = []
    while frame is not None and frame is not outside:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _theirs(stack: Sequence[FrameType]) -> Mapping[str, Any] | None:
    """The globals of the learner's code that is running; empty if it's C code, None if none is."""
    notebook = [one for one in stack if _module(one) == "__main__"]  # a function, a repr, or alike
    codes = [one.f_code for one in stack]
    if not notebook and called.__code__ not in codes:
        return None
    inside = notebook or stack[: codes.index(called.__code__)]
    inside = [one for one in inside if not _module(one).startswith("dialtone_kit.")]
    return inside[-1].f_globals if inside else {}


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _is_called(frame: FrameType | None) -> bool:
    return any(one.f_code is called.__code__ for one in _stack(frame))


def _is_called_elsewhere() -> bool:
    """Whether a learner's function is running in another thread than this one."""
    others = sys._current_frames() | {threading.get_ident(): None}
    return any(map(_is_called, others.values()))
