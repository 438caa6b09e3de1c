"""The folders that runs of lessons work in, and those that a killed run left behind.

A run holds a lock in its folder. However the run ends, the system lets go of that lock, so an
unlocked folder belongs to nobody.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dialtone_kit.base import platform
from dialtone_kit.local import process

PREFIX = "dialtone-run-"
LOCK = "run.lock"
NEW = "new-" if platform.OPEN_FILES_MOVE else ""  # until it is locked


@contextmanager
def run_folder() -> Iterator[Path]:
    """A temporary folder for one run, removed at the end. What killed runs left goes first."""
    remove_all()
    made = Path(tempfile.mkdtemp(prefix=f"{NEW}{PREFIX}"))
    # Not the thread's: another one may clean up.
    lock = FileLock(made / LOCK, mode=0o600, thread_local=False)
    folder = made.with_name(made.name.removeprefix(NEW))
    try:
        with lock:
            if folder != made:
                made.rename(folder)  # before it was locked, others would take it for a leftover
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_all() -> list[Path]:
    """The folders of runs of this user that ended without removing them."""
    folders = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    return [folder for folder in folders if _is_abandoned(folder)]


def remove_all() -> list[Path]:
    """Remove them, and end what still runs there; returns what is gone now."""
    found = find_all()
    for folder in found:
        process.end_leftover(folder / "state")
        shutil.rmtree(folder, ignore_errors=True)
    return [folder for folder in found if not folder.exists()]


def _is_abandoned(folder: Path) -> bool:
    try:
        if folder.is_symlink() or folder.stat().st_uid != platform.user_id():
            return False
        if not (folder / LOCK).is_file():  # not a run's: someone chose the name
            return False
        with FileLock(folder / LOCK, timeout=0, mode=0o600):
            return True
    except (Timeout, OSError):
        return False
