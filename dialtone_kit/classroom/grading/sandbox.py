"""Bubblewrap around a learner's code: no home, no network, no other process, a small private /tmp.

Of this machine it sees the system, the Python environment and the kit, all read-only. Killing
bubblewrap ends whatever still runs inside.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.grading import seccomp
from dialtone_kit.client.config_folder import VARIABLE as CONFIG
from dialtone_kit.local.state_folder import VARIABLE as STATE

CHILD = "dialtone_kit.classroom.grading.child"
TMP_SIZE = 64 << 20  # bytes in /tmp
KIT = Path(__file__).resolve().parents[2]
SOLUTIONS = KIT / "notebooks"  # where a wheel has the lessons
_OF_THE_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/lib32", "/sbin", "/etc/ld.so.cache")
NO_BUBBLEWRAP = (
    "Learners' code is run in bubblewrap, and there is no `bwrap` here. Install the package "
    "bubblewrap, or use --trust if you would run each of these notebooks yourself."
)
NOT_ALLOWED = (
    "bubblewrap can't make a sandbox here: {said}. Allow user namespaces, with a bubblewrap like "
    "Debian 12's, or use --trust if you would run each of these notebooks yourself."
)
IN_SIGHT = (
    "{path} is where learners' code could read it: in {folder}, which holds Python. Move it "
    "elsewhere, or use --trust if you would run each of these notebooks yourself."
)
NOT_ON_WINDOWS = "Grading needs bubblewrap, which only Linux has. On Windows, run it in WSL."


class NoSandbox(DialtoneError):
    """Learners' code can't be shut in on this machine."""


@contextmanager
def child(*, trust: bool) -> Iterator[socket.socket]:
    """The judge's end of a line to a new child; the child ends with this block."""
    with ExitStack() as ends:
        ours, theirs = socket.socketpair()
        ends.callback(ours.close)
        folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="dialtone-child-"))
        started = _plain(theirs, folder) if trust else _shut_in(theirs)
        theirs.close()
        ends.callback(_end, started)
        yield ours


def require(*, trust: bool = False) -> None:
    """Raise NoSandbox, in one line, unless answers can be run here; with `trust`, in the open."""
    if sys.platform == "win32":
        raise NoSandbox(NOT_ON_WINDOWS)
    if trust:
        return
    if shutil.which("bwrap") is None:
        raise NoSandbox(NO_BUBBLEWRAP)
    if said := why_not():
        raise NoSandbox(NOT_ALLOWED.format(said=said))


def require_hidden(paths: Iterable[Path]) -> None:
    """Raise NoSandbox, in one line, if an answer could read one of `paths`."""
    for path in paths:
        for folder in (*_OF_THE_SYSTEM, *_of_python()):
            if path.resolve().is_relative_to(Path(folder).resolve()):
                raise NoSandbox(IN_SIGHT.format(path=shown(path), folder=shown(Path(folder))))


def why_not() -> str:
    """Why bubblewrap can't make a sandbox here, in its own words; "" if it can."""
    line = [*_walls(), "--", sys.executable, "-c", f"import {CHILD}"]
    try:
        tried = subprocess.run(line, capture_output=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)[:200]
    if tried.returncode == 0:
        return ""
    said = tried.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
    return said[-1][:200]


def _shut_in(theirs: socket.socket) -> subprocess.Popen[bytes]:
    with ExitStack() as ends:
        walls, fds = _walls(), list[int]()
        if (rules := seccomp.program()) is not None:
            file = os.memfd_create("rules")
            ends.callback(os.close, file)
            os.pwrite(file, rules, 0)
            fds.append(file)
            walls += ["--seccomp", str(file)]
        # Bubblewrap's own environment can be read inside, in /proc/1, so it's the child's.
        return _started([*walls, "--", sys.executable, "-m", CHILD], theirs, "/", fds)


def _plain(theirs: socket.socket, folder: str) -> subprocess.Popen[bytes]:
    return _started([sys.executable, "-m", CHILD], theirs, folder)


def _started(
    command: Sequence[str], theirs: socket.socket, folder: str, fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        command,
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_environment(folder),
        pass_fds=fds,
        start_new_session=True,
    )


def _walls() -> list[str]:
    """Bubblewrap's options. /tmp comes first: the environment may be below it."""
    options = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    options += ["--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--clearenv"]
    environment = _environment("/tmp")  # noqa: S108  (the sandbox's own)
    if packages := _packages():
        environment["PYTHONPATH"] = os.pathsep.join([*packages, str(KIT.parent)])
    for name, value in environment.items():
        options += ["--setenv", name, value]
    options += ["--size", str(TMP_SIZE), "--tmpfs", "/tmp"]  # noqa: S108
    for path in (*_OF_THE_SYSTEM, *_of_python()):
        if Path(path).is_symlink() and path in _OF_THE_SYSTEM:
            options += ["--symlink", str(Path(path).readlink()), path]
        else:
            options += ["--ro-bind-try", path, path]
    if SOLUTIONS.is_dir():
        options += ["--tmpfs", str(SOLUTIONS), "--remount-ro", str(SOLUTIONS)]
    options += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]
    return [*options, "--chdir", "/tmp"]  # noqa: S108


def _of_python() -> list[str]:
    """The interpreter, its packages and the kit, where the system doesn't hold them already."""
    folders = {sys.base_prefix, sys.prefix, str(KIT), *_packages()}
    return sorted(
        one for one in folders if not one.startswith("/usr/") and one not in ("/usr", "/")
    )


def _packages() -> list[str]:
    """Folders of packages that aren't the environment's own, such as a user's in their home."""
    named = [one for one in sys.path if Path(one).name in ("site-packages", "dist-packages")]
    own = Path(sys.prefix), Path(sys.base_prefix)
    return [one for one in named if not any(Path(one).is_relative_to(prefix) for prefix in own)]


def _environment(folder: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        CONFIG: f"{folder}/own/config",  # with room around it: see child.py
        STATE: f"{folder}/state",
    }


def _end(started: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()
