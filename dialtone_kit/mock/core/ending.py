"""When the service ends by itself: with the process that owns it, or after a day without a call."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dialtone_kit.base import platform

OWNER = "DIALTONE_OWNER"  # "PID START": the service ends with this process
TEMPORARY = "DIALTONE_TEMPORARY"  # a folder that is removed when its owner was killed
PREFIXES = ("dialtone-run-", "dialtone-own-")  # of `dialtone run`, and of a lesson's own service
DAY = 24 * 3600.0  # seconds


class Idle:
    """How long ago the last call was; `now` is a clock that no one can set back, in seconds.

    Workers tell each other by the time stamp of the file `shared`: it takes no space on a full
    disk. The stamp is of that clock, too, which is one for all processes of a machine.
    """

    def __init__(
        self,
        limit: float | None,
        now: Callable[[], float] = time.monotonic,
        shared: Path | None = None,
    ) -> None:
        self._limit, self._now, self._shared = limit, now, shared
        self._last = now()
        if shared is not None:
            shared.touch(mode=0o600)

    def touch(self) -> None:
        """Note a call."""
        self._last = self._now()

    def over(self) -> bool:
        """Whether the last call is longer ago than the limit; never without one.

        Ask often: each time, the other workers are told of our last call.
        """
        return self._limit is not None and self._now() - self._last_of_all() > self._limit

    def _last_of_all(self) -> float:
        if self._shared is None:
            return self._last
        try:
            told = self._shared.stat().st_mtime
            if self._last <= told <= self._now():
                return told
            os.utime(self._shared, (self._last, self._last))
        except OSError:
            pass  # the file is gone: each worker counts for itself
        return self._last


def owner_is_gone() -> bool:
    """Whether there is an owner, and it has ended. A process with its old number is another.

    What can't be found out for lack of descriptors is no end.
    """
    pid, _, start = os.environ.get(OWNER, "").partition(" ")
    if not pid.isdigit():
        return False
    try:
        return bool(start) and platform.process_start(int(pid)) != start
    except OSError:
        return False


def remove_what_the_owner_left() -> None:
    """Remove the temporary folder of an owner that was killed before it could do so itself."""
    folder = Path(os.environ.get(TEMPORARY) or "/")
    if folder.name.startswith(PREFIXES) and not folder.is_symlink() and owner_is_gone():
        _let_go()
        shutil.rmtree(folder, ignore_errors=True)


def _let_go() -> None:
    """Leave the folder and close the log in it: Windows removes nothing that is in use."""
    os.chdir(tempfile.gettempdir())
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
