"""Two calls of one function at the same time, line by line, for 10.downstream.

Threads alone would meet in a bad moment now and then. Here both take each line of the function
before either takes the next, so whatever they share is mixed up every time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import CodeType, FrameType
from typing import Any

from dialtone_kit.lesson.exercises.time_limit import end_thread

PATIENCE = 1.0  # seconds for the other one, who may wait for a lock; then they go on alone


class Pace:
    """Makes threads take each line of the same code together: `parties` of them."""

    def __init__(self, parties: int) -> None:
        self._barrier = threading.Barrier(parties)

    @contextmanager
    def kept(self, counts: Callable[[CodeType], bool]) -> Iterator[None]:
        """In this block and thread, each line of code that `counts` waits for the others."""

        def each_line(_: FrameType, event: str, __: object) -> Any:
            if event == "line":
                with suppress(threading.BrokenBarrierError):
                    self._barrier.wait(PATIENCE)
            return each_line

        sys.settrace(lambda frame, *_: each_line if counts(frame.f_code) else None)
        try:
            yield
        finally:
            sys.settrace(None)
            self._barrier.abort()  # the other one takes its last lines alone


def together(jobs: Sequence[Callable[[], None]], function: Callable[..., Any]) -> None:
    """Run each job in a thread. They call `function`; the first exception of theirs is raised."""
    pace, problems = Pace(len(jobs)), list[BaseException]()
    own = getattr(function, "__code__", None)

    def run(job: Callable[[], None]) -> None:
        with pace.kept(lambda code: code is own):
            try:
                job()
            except BaseException as problem:
                problems.append(problem)

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
