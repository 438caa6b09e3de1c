"""Two calls of one function at the same time, line by line, for 10.downstream.

Threads alone would meet in a bad moment now and then. Here both take each line of the function
before either takes the next, so whatever they share is mixed up every time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

from dialtone_kit.lesson.exercises.time_limit import end_thread

PATIENCE = 1.0  # seconds for the other one, who may wait for a lock; then they go on alone


def together(jobs: Sequence[Callable[[], None]], function: Callable[..., Any]) -> None:
    """Run each job in a thread. They call `function`; the first exception of theirs is raised."""
    pace, problems = threading.Barrier(len(jobs)), list[BaseException]()
    code = getattr(function, "__code__", None)

    def run(job: Callable[[], None]) -> None:
        sys.settrace(_at_the_pace(pace, code))
        try:
            job()
        except BaseException as problem:
            problems.append(problem)
        finally:
            sys.settrace(None)
            pace.abort()  # the other one takes its last lines alone

    threads = [threading.Thread(target=run, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    finally:  # the time is up: they end, too
        for thread in threads:
            if thread.ident is not None and thread.is_alive():
                end_thread(thread.ident)
    if problems:
        raise problems[0]


def _at_the_pace(pace: threading.Barrier, code: CodeType | None) -> Callable[..., Any]:
    """A trace function that waits for the others before each line of `code`."""

    def each_line(_: FrameType, event: str, __: object) -> Any:
        if event == "line":
            with suppress(threading.BrokenBarrierError):
                pace.wait(PATIENCE)
        return each_line

    return lambda frame, *_: each_line if frame.f_code is code else None
