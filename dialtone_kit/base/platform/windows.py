"""Windows: the user's profile keeps others out, folders go by their paths, a process is ended."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
# Without this flag, os.open changes the ends of lines and stops at the byte 26.
_BYTES = getattr(os, "O_BINARY", 0)
WITHOUT_WAITING = _BYTES
READ = os.O_RDONLY | _BYTES
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BYTES
OPEN_OR_CREATE = os.O_RDWR | os.O_CREAT | _BYTES
PRIVATE = "in your profile"
OPEN_FILES_MOVE = False
# A file that another process has open can't be replaced or removed: a virus scanner, for example,
# or a kernel that reads it. They take milliseconds.
PATIENCE, PAUSE = 2.0, 0.02  # seconds

FORKS = False
# For subprocess.Popen: the child hears no Ctrl-C of ours. It outlives us in any case.
OWN_SESSION: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
# The same without a console window: it has a console that isn't shown, for its children as well.
IN_BACKGROUND: dict[str, Any] = {
    "creationflags": OWN_SESSION["creationflags"] | getattr(subprocess, "CREATE_NO_WINDOW", 0)
}
# SIGBREAK is Ctrl-Break, and what a console sends that is closed.
ENDING = (signal.SIGTERM, getattr(signal, "SIGBREAK", signal.SIGTERM))
LOOP = "asyncio"  # there is no uvloop
MOST_WORKERS = 1  # a worker could not end the main process in order


@dataclass(frozen=True)
class Folder:
    """An open folder. Windows lends out no descriptor of one, so each step goes by the path."""

    path: Path

    @classmethod
    def open(cls, path: Path, inside: Folder | None = None) -> Folder:
        """The folder at `path`, no link; with `inside`, the one of that name in there."""
        if inside is not None:
            path = inside.path / path.name
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        return cls(path)

    def close(self) -> None:
        """Nothing is open."""

    def status(self) -> os.stat_result:
        return self.path.lstat()

    def names(self) -> list[str]:
        return [path.name for path in self.path.iterdir()]

    def look(self, name: str) -> os.stat_result:
        """The status of what has that name, without following a link."""
        return (self.path / name).lstat()

    def open_file(self, name: str, flags: int) -> int:
        """A descriptor of that file; a new one inherits the folder's access list."""
        path = self.path / name
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        return _when_free(lambda: os.open(path, flags, 0o600))

    def replace(self, old: str, new: str) -> None:
        """Rename a file in one step, over another if there is one."""
        path = self.path / new
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        _when_free(lambda: (self.path / old).replace(path))

    def add(self, old: str, new: str) -> None:
        """Give the file `old` the name `new`. Raises FileExistsError if something has it."""
        (self.path / old).rename(self.path / new)  # on Windows it never replaces

    def remove(self, name: str) -> None:
        _when_free((self.path / name).unlink)

    def remove_all(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        if stat.S_ISDIR(self.look(name).st_mode):
            shutil.rmtree(self.path / name)
        else:
            self.remove(name)

    def sync(self) -> None:
        """A folder can't be synced; NTFS keeps a journal of its names."""


def user_id() -> int:
    """0, which is also the owner that Windows' file status has for everyone."""
    return 0


def is_root() -> bool:
    """False: no program is warned about an administrator here."""
    return False


def set_mode(descriptor: int, mode: int) -> None:
    """Nothing: modes say little here, and the access list is inherited."""
    del descriptor, mode


def open_to_others(status: os.stat_result, forbidden: int = 0o077) -> bool:
    """False: `unprotected` decides instead, by the place."""
    del status, forbidden
    return False


def unprotected(path: Path) -> str:
    """Why nothing at `path` can be private; "" inside your profile."""
    with suppress(RuntimeError):  # no profile at all
        if path.resolve().is_relative_to(Path.home().resolve()):
            return ""
    return "outside your user profile, and only that is closed to other users on Windows"


def is_appending(descriptor: int) -> bool:
    """True: the log has a single writer, which goes to the right place itself."""
    del descriptor
    return True


def most_open_files() -> int:
    """No limit of the kind that POSIX systems have."""
    return sys.maxsize


def cores() -> int:
    """How many processes can compute at a time here."""
    return os.cpu_count() or 1


def process_start(pid: int) -> str:
    """When that process started; "" when there is none. Setting the clock doesn't change it."""
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.6f}"
    except psutil.Error:
        return ""


def become(line: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Run that program, and end with its exit code: no process can turn into another here."""
    child = subprocess.Popen(list(line), env=dict(environment))  # noqa: S603 (our own line)
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:  # it heard that Ctrl-C too, and decides
            continue


def end_own_service(pid: int) -> None:
    """Have the service shut down in order. It is this process: see MOST_WORKERS."""
    del pid
    signal.raise_signal(signal.SIGTERM)


def interrupt(pid: int) -> bool:
    """False: os.kill would end the process at once, and it could not clean up."""
    del pid
    return False


def interrupt_main_thread() -> None:
    """Interrupt the main thread from another one. Only SIGINT ends a wait, such as a sleep."""
    signal.raise_signal(signal.SIGINT)


def _when_free(step: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE)
