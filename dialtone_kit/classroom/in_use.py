"""Who uses the folder of a class: while someone does, `dialtone class end` leaves it alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.local import process
from dialtone_kit.local.locks import held_at

SERVICE = "service"  # the folder of the class service, in that of the class


class StillUsed(DialtoneError):
    """Another command uses the class. Says which, and where to end it."""


def using(folder: Path, command: str) -> AbstractContextManager[None]:
    """Within, `dialtone class {command}` uses the class in `folder`; others may, too."""
    return held(folder / f"{command}-{os.getpid()}.lock")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock at `path`, which goes at the end. Raises StillUsed if another process does."""
    with held_at(path, 0, _still_used(path, path.parent)):
        try:
            yield
        finally:
            if platform.OPEN_FILES_MOVE:  # elsewhere, filelock removes it once it is free
                path.unlink(missing_ok=True)


def refuse_if_used(folder: Path, *, besides: Path) -> None:
    """Raise StillUsed if a command holds a lock other than `besides`, or a service runs."""
    for path in (*folder.glob("*.lock"), *(folder / SERVICE).glob("*.lock")):
        if path != besides:
            with held_at(path, 0, _still_used(path, folder)):
                pass
    live = process.running(folder / SERVICE)
    if live is not None:
        raise StillUsed(
            f"The class service still runs (process {live.pid}). End it with Ctrl-C where it runs, "
            "then run this again."
        )


def _still_used(lock: Path, folder: Path) -> StillUsed:
    """Locks are named for the command that holds them: run.lock, board-1234.lock."""
    command = lock.name.partition(".")[0].partition("-")[0]
    return StillUsed(
        f"`dialtone class {command}` still uses {shown(folder)}. End it with Ctrl-C where it "
        "runs, then run this again."
    )
