"""Linux and macOS: owners and modes, folders by descriptor, sessions and signals."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# For os.open. No link is followed, and no child process inherits the descriptor.
_SAFELY = os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: a pipe in the file's place would otherwise hang the kernel.
WITHOUT_WAITING = os.O_NONBLOCK
READ = os.O_RDONLY | _SAFELY | WITHOUT_WAITING
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY
OPEN_OR_CREATE = os.O_RDWR | os.O_CREAT | _SAFELY
_FOLDER = os.O_RDONLY | _SAFELY | os.O_DIRECTORY
_NO_LINKS_HERE = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
PRIVATE = "0700"  # how a private folder is closed, in a word
OPEN_FILES_MOVE = True  # what is open can be renamed and removed, and so can its folder

_ENDED = (b"Z", b"X")  # states in /proc: a zombie, and dead
# Whether a process with much imported may be forked, instead of starting another from nothing:
# macOS's own libraries don't survive it.
FORKS = sys.platform.startswith("linux")
# For subprocess.Popen: the child hears no Ctrl-C of ours and outlives us.
OWN_SESSION: dict[str, Any] = {"start_new_session": True}
IN_BACKGROUND = OWN_SESSION
ENDING = (signal.SIGTERM, signal.SIGHUP)  # signals that end a command
LOOP = "uvloop"  # the service's event loop
MOST_WORKERS = 64  # processes of the service


@dataclass(frozen=True)
class Folder:
    """An open folder: what is done in it goes through its descriptor, never again by its path."""

    descriptor: int

    @classmethod
    def open(cls, path: Path, inside: Folder | None = None) -> Folder:
        """The folder at `path`, no link; with `inside`, the one of that name in there."""
        if inside is None:
            return cls(os.open(path, _FOLDER))
        return cls(os.open(path.name, _FOLDER, dir_fd=inside.descriptor))

    def close(self) -> None:
        os.close(self.descriptor)

    def status(self) -> os.stat_result:
        return os.fstat(self.descriptor)

    def names(self) -> list[str]:
        with os.scandir(self.descriptor) as entries:
            return [entry.name for entry in entries]

    def look(self, name: str) -> os.stat_result:
        """The status of what has that name, without following a link."""
        return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)

    def open_file(self, name: str, flags: int) -> int:
        """A descriptor of that file; a new one gets mode 0600."""
        return os.open(name, flags, 0o600, dir_fd=self.descriptor)

    def replace(self, old: str, new: str) -> None:
        """Rename a file in one step, over another if there is one."""
        here = self.descriptor
        os.rename(old, new, src_dir_fd=here, dst_dir_fd=here)

    def add(self, old: str, new: str) -> None:
        """Give the file `old` the name `new`. Raises FileExistsError if something has it."""
        here = self.descriptor
        try:
            os.link(old, new, src_dir_fd=here, dst_dir_fd=here)
        except OSError as problem:
            if problem.errno not in _NO_LINKS_HERE:
                raise
            if new in self.names():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            self.replace(old, new)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self.descriptor)

    def remove_all(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        if stat.S_ISDIR(self.look(name).st_mode):
            shutil.rmtree(name, dir_fd=self.descriptor)
        else:
            self.remove(name)

    def sync(self) -> None:
        """Wait until the names in here are on the disk."""
        os.fsync(self.descriptor)


def user_id() -> int:
    """The number of the user we run as; files of any other are not trusted."""
    return os.geteuid()


def is_root() -> bool:
    """Whether that is the system's administrator."""
    return os.geteuid() == 0


def set_mode(descriptor: int, mode: int) -> None:
    """Give an open file exactly this mode, whatever the umask took away or left."""
    os.fchmod(descriptor, mode)


def open_to_others(status: os.stat_result, forbidden: int = 0o077) -> bool:
    """Whether the mode has one of the bits `forbidden`."""
    return bool(status.st_mode & forbidden)


def unprotected(path: Path) -> str:
    """Why nothing at `path` can be private; "" here, where owner and mode decide."""
    del path
    return ""


def is_appending(descriptor: int) -> bool:
    """Whether writes go to the end of the file, wherever that is by then."""
    import fcntl

    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND)


def most_open_files() -> int:
    """How many files and connections a process may have open."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def cores() -> int:
    """How many processes can compute at a time: those that this one may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def process_start(pid: int) -> str:
    """When that process started, counted from this boot: the clock may be set, this stays.

    "" where the system does not say so (on macOS), or when there is no such process. A process
    that has ended but hasn't been collected (a container often has no init) doesn't count.
    OSError where there are no descriptors left to find out.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The name in parentheses may hold anything; after it, field 22 of proc(5) is the 20th.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[0] in _ENDED else f"{boot} {int(fields[19])}"
    except (OSError, ValueError, IndexError) as problem:
        if isinstance(problem, OSError) and problem.errno in (errno.EMFILE, errno.ENFILE):
            raise
        return ""


def become(line: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Go on as that program, with its exit code."""
    os.execve(line[0], list(line), environment)  # noqa: S606 (no shell is wanted)


def end_own_service(pid: int) -> None:
    """Have the service that we are part of shut down in order; `pid` is its main process."""
    os.kill(pid, signal.SIGTERM)


def interrupt(pid: int) -> bool:
    """Interrupt a process as Ctrl-C does. False where a process can't be reached that way."""
    os.kill(pid, signal.SIGTERM)
    return True


def interrupt_main_thread() -> None:
    """The same for this process, from another thread: it ends what the main thread waits for."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
