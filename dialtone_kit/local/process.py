"""The service's process: started in its own session, recognised by its start time, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from dialtone_kit.base import platform
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.base.jws import strict_json
from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.private_files import explained, open_private, read_regular, shown
from dialtone_kit.local.owner import of_background, this_process
from dialtone_kit.local.setup import DATABASE, Setup

COMMAND = ("-P", "-m", "dialtone_kit.mock")  # -P: a token.py in the notebooks' folder is not ours
BACKGROUND = "DIALTONE_BACKGROUND"  # in the environment of a service that a lesson started
LOG, PID = "mock.log", "mock.pid"
LOG_LIMIT = 1_000_000  # bytes; a longer log is emptied at the next start
T = TypeVar("T")
_started: list[subprocess.Popen[bytes]] = []  # held, so that a child that ends is reaped


def command(folder: Path, port: int, workers: int = 1) -> list[str]:
    """The command line of the service with its state in `folder`."""
    many = ["--workers", str(workers)] if workers > 1 else []
    return [sys.executable, *COMMAND, "--state-dir", str(folder), "--port", str(port), *many]


def environment(database: str | None) -> dict[str, str]:
    """The environment of a service whose state is in the PostgreSQL at that URL, or in a file."""
    rest = {name: value for name, value in os.environ.items() if name != DATABASE}
    return {**rest, **({DATABASE: database} if database else {})}


def launch(
    folder: Path, port: int, setup: Setup, owner: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the service in the background.

    It outlives us and hears no Ctrl-C of ours: a plain child of a kernel would die with it.
    `owner`: the variables that name a process with which it ends all the same.
    """
    reap()
    variables = environment(setup.url) | (owner or of_background()) | {BACKGROUND: "1"}
    child = _logging(command(folder, port, setup.workers), folder, variables)
    _started.append(child)
    return child


def run_for_class(
    folder: Path, port: int, setup: Setup, more: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    """Start the service of a class: it ends with this process, and its output goes to its log."""
    line = [*command(folder, port, setup.workers), *more]
    return _logging(line, folder, environment(setup.url) | this_process())


def _logging(line: list[str], folder: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the service without a terminal: what it says goes to the log in `folder`."""
    handle = _open_log(folder / LOG)
    try:
        return subprocess.Popen(  # noqa: S603 (our own interpreter, our own arguments)
            line,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            **platform.IN_BACKGROUND,
        )
    finally:
        os.close(handle)


def _open_log(log: Path) -> int:
    with explained(log, ServiceUnreachable):
        full = log.exists() and log.stat().st_size > LOG_LIMIT
        handle = open_private(log, os.O_APPEND | (os.O_TRUNC if full else 0))
    os.lseek(handle, 0, os.SEEK_END)  # on Windows, the child doesn't know that it appends
    return handle


def run_in_foreground(folder: Path, port: int, setup: Setup) -> subprocess.Popen[bytes]:
    """Start the service with its output in our terminal. We end it, not the terminal's Ctrl-C."""
    return subprocess.Popen(  # noqa: S603 (our own interpreter, our own arguments)
        command(folder, port, setup.workers),
        stdin=subprocess.DEVNULL,
        env=environment(setup.url) | this_process(),
        **platform.OWN_SESSION,
    )


def reap() -> None:
    """Collect children that ended, so that none stays as a zombie."""
    _started[:] = [child for child in _started if child.poll() is None]


def wait_until(
    child: subprocess.Popen[bytes],
    ready: Callable[[], T | None],
    log: Path | None,
    timeout: float = 60.0,
) -> T:
    """What `ready` returns once it is not None. If `child` ends before that, it is an error.

    `log` is where the child writes, None for our own terminal.
    """
    deadline = time.monotonic() + timeout
    while True:
        outcome = ready()
        if outcome is not None:
            return outcome
        if child.poll() is not None:
            words = f"with: {last_line(log)} ." if log else "see its output above."
            more = f" More in {shown(log)} ." if log else ""
            raise ServiceUnreachable(
                f"The local service stopped while starting, {words}{more} See also `dialtone "
                "doctor`."
            )
        if time.monotonic() > deadline:
            raise ServiceUnreachable(
                f"The local service did not answer within {timeout:.0f} s; this machine may be "
                "busy. Run this again."
            )
        time.sleep(0.02)


def last_line(log: Path) -> str:
    """The last line of the log that is not empty."""
    try:
        text = read_regular(log)[-4000:].decode("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "nothing"
    return mask_text(lines[-1].removeprefix("dialtone: "))[:300].rstrip(".")


def running(folder: Path) -> psutil.Process | None:
    """The live process that `mock.pid` names, known by its start time: pids are reused."""
    try:
        noted = _noted(folder)
        process = psutil.Process(int(noted["pid"]))
        alive = _is_same(process, noted) and not _is_gone(process)
        return process if alive and not _is_of_another(process, folder) else None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, psutil.Error):
        return None


def is_in_background(process: psutil.Process) -> bool:
    """Whether a lesson started this service, and not a person with `dialtone serve`."""
    try:
        return bool(process.environ().get(BACKGROUND) == "1")
    except (psutil.Error, OSError):
        return False


def database(folder: Path) -> str | None:
    """Where the running service keeps its state, by its own account: never with a password."""
    if running(folder) is None:
        return None
    try:
        return str(_noted(folder)["database"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def was_left_behind(folder: Path) -> bool:
    """Whether a service here did not end cleanly: it was killed, or the machine went down."""
    return (folder / PID).exists() and running(folder) is None


def forget(folder: Path) -> None:
    """Remove the note of a process that no longer exists."""
    with explained(folder / PID):
        (folder / PID).unlink(missing_ok=True)


def main_of(pid: int) -> psutil.Process | None:
    """The service's main process, when `pid` is that or one of its workers."""
    try:
        process = psutil.Process(pid)
        parent = process.parent()
        while parent is not None and "dialtone_kit.mock" in parent.cmdline():
            process, parent = parent, parent.parent()
        return process
    except psutil.Error:
        return None


def end(process: psutil.Process, *, grace: float = 5.0) -> None:
    """End `process` and its workers: politely, and by force after `grace` seconds."""
    family = [process]
    try:
        family += process.children(recursive=True)
        process.terminate()
    except psutil.Error:
        pass
    if not _all_gone(family, grace):
        for one in family:
            try:
                one.kill()
            except psutil.Error:
                continue
        _all_gone(family, 5.0)
    reap()


def end_leftover(folder: Path) -> None:
    """End the process that `mock.pid` names, if it lives, and forget it."""
    leftover = running(folder)
    if leftover is not None:
        end(leftover, grace=1.0)
    forget(folder)


def _noted(folder: Path) -> Any:
    return strict_json(read_regular(folder / PID))


def _is_same(process: psutil.Process, noted: Any) -> bool:
    """Whether this is the process of the note, by what no step of the clock can change."""
    start = platform.process_start(process.pid)
    if start and noted.get("start"):
        return bool(start == noted["start"])
    return bool(abs(process.create_time() - float(noted["create_time"])) < 1.0)


def _is_of_another(process: psutil.Process, folder: Path) -> bool:
    """Whether its state is in another folder, of which this one with its note is a copy."""
    line = process.cmdline()
    try:
        return not folder.samefile(line[line.index("--state-dir") + 1])
    except (ValueError, IndexError, OSError):  # OSError: its folder has been renamed
        return False


def _all_gone(family: list[psutil.Process], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not all(_is_gone(one) for one in family):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _is_gone(process: psutil.Process) -> bool:
    """Ended, and its port free: a dead main thread may leave others, which still hold the port."""
    try:
        if not process.is_running():
            return True
        return bool(process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.Error:
        return True
