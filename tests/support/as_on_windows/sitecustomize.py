"""Takes away from the kit what Windows lacks, in this process and in all that it starts.

Put this folder on PYTHONPATH. Only modules of the kit see the difference: `sys.platform` is win32
for them, names that Windows lacks are missing, and calls fail as they would there. The libraries
below it go on as on Linux. What this can't show: Windows' own libraries, its console, its access
lists, and the speed of anything.
"""

from __future__ import annotations

import builtins
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

KIT = "dialtone_kit"
# They call for the kit.
THROUGH = {"pathlib", "pathlib._local", "shutil", "tempfile", "contextlib", __name__}
LACKS = {
    os: (
        *("getuid", "geteuid", "getgid", "getegid", "fchmod", "fchown", "chown", "fork", "forkpty"),
        *("setsid", "getpgid", "killpg", "setpgid", "WNOHANG", "WIFEXITED", "mkfifo", "statvfs"),
        *("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "pread", "pwrite", "getloadavg"),
        *("memfd_create", "MFD_CLOEXEC", "sched_getaffinity", "posix_spawn", "sysconf", "uname"),
        *("execve", "pidfd_open", "fchdir", "sync", "getpriority", "nice", "pipe2", "openpty"),
    ),
    signal: (
        *("SIGHUP", "SIGKILL", "SIGALRM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGPIPE"),
        *("setitimer", "ITIMER_REAL", "alarm", "pause", "pthread_kill", "pthread_sigmask"),
    ),
    socket: ("AF_UNIX", "send_fds", "recv_fds", "SO_REUSEPORT"),
}
NO_MODULES = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "uvloop", "syslog"}
O_BINARY = 0x8000
CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, DETACHED_PROCESS = 0x200, 0x08000000, 0x8


def asks_from_kit(frame: FrameType | None, through: set[str] = THROUGH) -> bool:
    """Whether the kit made this call, itself or through a helper of the standard library."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] == KIT or (name == "__main__" and _is_kit(frame)):
            return True
        if name not in through:
            return False
        frame = frame.f_back
    return False


def _is_kit(frame: FrameType) -> bool:
    return f"{os.sep}{KIT}{os.sep}" in frame.f_code.co_filename


def change(module: types.ModuleType, names: dict[str, Callable[[Any], Any]]) -> None:
    """For the kit, each of `names` is what its function makes of the real value."""
    members: dict[str, Any] = {name: _member(module, name, made) for name, made in names.items()}
    # importlib makes every new module by type(sys): those stay plain.
    members["__new__"] = lambda _cls, *about: types.ModuleType(*about)
    module.__class__ = type("module", (types.ModuleType,), members)


def _member(module: types.ModuleType, name: str, made: Callable[[Any], Any]) -> property:
    def read(self: types.ModuleType) -> Any:
        if asks_from_kit(sys._getframe(1), set()):
            return made(vars(self).get(name))
        if name not in vars(self):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return vars(self)[name]

    def write(self: types.ModuleType, value: Any) -> None:
        vars(self)[name] = value

    return property(read, write)


def lacking(_: Any) -> Any:
    raise AttributeError("not on Windows")


def always(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


# --- files ---


class Status:
    """A status as Windows has it: everything belongs to user 0, and modes say little."""

    def __init__(self, real: os.stat_result) -> None:
        self._real = real
        kind, bits = real.st_mode & ~0o777, 0o777 if real.st_mode & 0o040000 else 0o666
        self.st_mode, self.st_uid, self.st_gid = kind | bits, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def as_status(real: Callable[..., os.stat_result]) -> Callable[..., Any]:
    def status(*arguments: Any, **named: Any) -> Any:
        if named.get("dir_fd") is not None:
            raise NotImplementedError("dir_fd unavailable on this platform")
        if str(arguments[0]).startswith("/proc"):
            raise FileNotFoundError(errno.ENOENT, "there is no /proc", arguments[0])
        return Status(real(*arguments, **named))

    return status


def path_status(real: Callable[..., os.stat_result]) -> Callable[..., Any]:
    def status(self: Path, *arguments: Any, **named: Any) -> Any:
        found = real(self, *arguments, **named)
        return Status(found) if asks_from_kit(sys._getframe(1), set()) else found

    return status


def path_rename(real: Callable[..., Path]) -> Callable[..., Path]:
    def rename(self: Path, target: Path | str) -> Path:
        if asks_from_kit(sys._getframe(1)) and os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        return real(self, target)

    return rename


def path_exists(real: Callable[..., bool]) -> Callable[..., bool]:
    def exists(self: Path, *arguments: Any, **named: Any) -> bool:
        hidden = str(self).startswith("/proc") and asks_from_kit(sys._getframe(1), set())
        return not hidden and real(self, *arguments, **named)

    return exists


def is_open(path: str) -> bool:
    """Whether this process has that file open, or one below that folder."""
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target == path or target.startswith(f"{path}/"):
            return True
    return False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail where Windows would: this hears of each such call. Checks ask whether it's direct."""
    check = CHECKS.get(event)
    if check is None:  # also for sys._getframe, which is such a call
        return
    frame = sys._getframe().f_back
    if asks_from_kit(frame):
        check(asks_from_kit(frame, set()), *arguments)


def on_open(direct: bool, path: Any, mode: str | None, flags: int) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return
    name = os.fsdecode(path)
    if name.startswith("/proc/"):
        raise FileNotFoundError(errno.ENOENT, "there is no /proc", name)
    if direct and mode is None:  # os.open
        if Path(name).is_dir():
            raise PermissionError(errno.EACCES, "a folder can't be opened", name)
        if not flags & O_BINARY and name != os.devnull:
            raise RuntimeError(f"{name} is opened in text mode: O_BINARY is missing")


def on_remove(direct: bool, path: Any, folder: int) -> None:
    name = os.fsdecode(path)
    if folder != -1:
        if direct:
            raise NotImplementedError("dir_fd unavailable on this platform")
        name = str(Path(f"/proc/self/fd/{folder}").readlink() / name)
    refuse_if_open(name)


def on_rename(_: bool, old: Any, new: Any, old_folder: int, new_folder: int) -> None:
    if (old_folder, new_folder) != (-1, -1):
        raise NotImplementedError("src_dir_fd and dst_dir_fd unavailable on this platform")
    refuse_if_open(os.fsdecode(old))
    refuse_if_open(os.fsdecode(new))


def refuse_if_open(name: str) -> None:
    if is_open(os.path.realpath(name)):
        raise PermissionError(errno.EACCES, "another process is using the file", name)


def on_listing(direct: bool, path: Any) -> None:
    if direct and isinstance(path, int):
        raise TypeError("a path is wanted, no descriptor")


def never(*_: Any) -> None:
    raise NotImplementedError("not on Windows")


def on_link(_: bool, *names: Any) -> None:
    if names[2:] != (-1, -1):
        never()


CHECKS: dict[str, Callable[..., None]] = {
    "open": on_open,
    "os.remove": on_remove,
    "os.rename": on_rename,
    "os.link": on_link,
    "os.scandir": on_listing,
    "os.listdir": on_listing,
    "os.fork": never,
    "os.exec": never,
}


# --- processes ---


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """As on Windows: creation flags, and no sessions, descriptors or functions before the exec."""

    def __init__(self, *arguments: Any, creationflags: int = 0, **named: Any) -> None:
        for name in ("start_new_session", "pass_fds", "preexec_fn", "process_group"):
            if named.get(name):
                raise ValueError(f"{name} is not supported on Windows platforms")
        own = bool(creationflags & (CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW))
        super().__init__(*arguments, start_new_session=own, **named)


def kill(pid: int, number: int) -> None:
    """On Windows, every signal but two ends the process at once."""
    REAL_KILL(pid, REAL_SIGKILL)


def importing(real: Callable[..., Any]) -> Callable[..., Any]:
    def load(name: str, globals: Any = None, *more: Any, **named: Any) -> Any:
        asking = (globals or {}).get("__name__", "")
        if name in NO_MODULES and (name == "uvloop" or asking.partition(".")[0] == KIT):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, globals, *more, **named)

    return load


REAL_KILL, REAL_SIGKILL = os.kill, signal.SIGKILL
FLAGS = {
    "CREATE_NEW_PROCESS_GROUP": always(CREATE_NEW_PROCESS_GROUP),
    "CREATE_NO_WINDOW": always(CREATE_NO_WINDOW),
    "DETACHED_PROCESS": always(DETACHED_PROCESS),
}


def become_windows() -> None:
    status = dict.fromkeys(("stat", "lstat", "fstat"), as_status)
    for module, names in LACKS.items():
        own = dict.fromkeys(names, lacking)
        if module is os:
            own |= {**status, "kill": always(kill), "O_BINARY": always(O_BINARY)}
        if module is signal:
            own |= {"SIGBREAK": always(signal.SIGTTIN)}
        change(module, own)
    change(sys, {"platform": always("win32")})
    change(subprocess, {"Popen": always(Popen), **FLAGS})
    change(shutil, {"rmtree": _without_folders})
    Path.stat, Path.lstat = path_status(Path.stat), path_status(Path.lstat)  # type: ignore[method-assign]
    Path.rename, Path.exists = path_rename(Path.rename), path_exists(Path.exists)  # type: ignore[method-assign]
    psutil.Process.terminate = psutil.Process.kill
    builtins.__import__ = importing(builtins.__import__)
    sys.modules["uvloop"] = None  # type: ignore[assignment]
    sys.addaudithook(watch)


def _without_folders(real: Callable[..., None]) -> Callable[..., None]:
    def rmtree(*arguments: Any, **named: Any) -> None:
        if named.get("dir_fd") is not None:
            raise NotImplementedError("dir_fd unavailable on this platform")
        real(*arguments, **named)

    return rmtree


become_windows()
