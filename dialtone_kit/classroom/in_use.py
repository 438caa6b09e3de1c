"""Who uses the folder of a class: while someone does, `dialtone class end` leaves it alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import explained, shown
from dialtone_kit.local import process

SERVICE = "service"  # the folder of the class service, in that of the class


class StillUsed(DialtoneError):
    """Another command uses the class. Says which, and where to end it."""


def using(folder: Path, command: str) -> AbstractContextManager[None]:
    """Within, `dialtone class {command}` uses the class in `folder`, maybe beside others."""
    return held(folder / f"{command}-{os.getpid()}.lock")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock at `path`. Raises StillUsed if another process does.

    If this process is killed, the system lets go of it.
    """
    lock = FileLock(path, timeout=0, mode=0o600)
    with explained(path):
        free = _acquired(lock)
    if not free:
        raise _still_used(path, path.parent)
    try:
        yield
    finally:
        if platform.OPEN_FILES_MOVE:  # elsewhere, filelock removes it once it is free
            path.unlink(missing_ok=True)
        lock.release()


def refuse_if_used(folder: Path, *, besides: Path) -> None:
    """Raise StillUsed if a command holds a lock other than `besides`, or a service runs."""
    for path in (*folder.glob("*.lock"), *(folder / SERVICE).glob("*.lock")):
        lock = FileLock(path, timeout=0)
        if path != besides and not _acquired(lock):
            raise _still_used(path, folder)
        lock.release()
    live = process.running(folder / SERVICE)
    if live is not None:
        raise StillUsed(
            f"The class service still runs (process {live.pid}). End it with Ctrl-C where it runs, "
            "then run this again."
        )


def _acquired(lock: BaseFileLock) -> bool:
    try:
        lock.acquire()
    except Timeout:
        return False
    return True


def _still_used(lock: Path, folder: Path) -> StillUsed:
    """Locks are named for the command that holds them: run.lock, board-1234.lock."""
    command = lock.name.partition(".")[0].partition("-")[0]
    return StillUsed(
        f"`dialtone class {command}` still uses {shown(folder)}. End it with Ctrl-C where it "
        "runs, then run this again."
    )
