"""Who uses the folder of a class: while someone does, `dialtone class end` leaves it alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.local import process

SERVICE = "service"  # the folder of the class service, in that of the class
_LOCK = re.compile(r"([a-z]+)(?:-[0-9]+)?\.lock")


class StillUsed(DialtoneError):
    """Another command uses the class. Says which, and where to end it."""


@contextmanager
def using(folder: Path, command: str) -> Iterator[None]:
    """Within, `dialtone class {command}` uses the class in `folder`, maybe beside others.

    If this process is killed, the system lets go of the lock.
    """
    path = folder / f"{command}-{os.getpid()}.lock"
    try:
        with FileLock(path, mode=0o600):
            yield
    finally:
        path.unlink(missing_ok=True)


def refuse_if_used(folder: Path) -> None:
    """Raise StillUsed if a command holds a lock in `folder`, or its service runs."""
    for path in (*folder.glob("*.lock"), *(folder / SERVICE).glob("*.lock")):
        match = _LOCK.fullmatch(path.name)
        if match and _is_held(path):
            raise StillUsed(
                f"`dialtone class {match[1]}` still uses {shown(folder)}. End it with Ctrl-C where "
                "it runs, then run this again."
            )
    live = process.running(folder / SERVICE)
    if live is not None:
        raise StillUsed(
            f"The class service still runs (process {live.pid}). End it with Ctrl-C where it runs, "
            "then run this again."
        )


def _is_held(path: Path) -> bool:
    with suppress(Timeout), FileLock(path, timeout=0):
        return False
    return True
