"""A call that another process makes for this one, seen from here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.running.child import call_off

GONE = (EOFError, OSError)


class WorkerLost(DialtoneError):
    """The process ended before it answered: it was killed, or called off."""

    def __init__(self) -> None:
        super().__init__("A worker process ended before it answered. Run this again.")


class Call:
    """A process at the other end of `connection`, for one call of a function; see child.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._answered = False
        try:
            self.pid: int = connection.recv()
        except GONE:
            raise WorkerLost() from None

    def result(self, function: Callable[..., None], *arguments: object) -> Any:
        """What the function answers. Raises what it raises, or WorkerLost."""
        try:
            self._connection.send((function, arguments))
            answer = self._connection.recv()
        except GONE:
            raise WorkerLost() from None
        finally:
            self._answered = True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def interrupt(self) -> None:
        """Have it stop and clean up, which it does by itself once it has answered."""
        if not self._answered:
            with suppress(OSError):
                if not platform.interrupt(self.pid):
                    self._connection.send((call_off, ()))

    def kill(self) -> None:
        """End it at once, whatever it leaves behind."""
        with suppress(psutil.Error):
            psutil.Process(self.pid).kill()

    def has_ended(self, timeout: float = 0.0) -> bool:
        """Whether it has answered and the process is over; waits `timeout` seconds for its end."""
        if self._connection.closed or not self._answered:
            return self._answered
        try:
            if not self._connection.poll(timeout):
                return False
            self._connection.recv()
        except GONE:
            pass
        self._connection.close()
        return True
