"""The local service: one process per user on loopback, found or started from any kernel.

`find` looks, `ensure` sees to it that it runs, `stop` ends it, `serve` runs it in the foreground.
Whatever was left behind (a killed process, a stale file, a hung service) is mended with one line.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.local import process
from dialtone_kit.local import record as records
from dialtone_kit.local.challenge import Answer, ask, explain
from dialtone_kit.local.record import Record
from dialtone_kit.local.state_folder import state_dir

Say = Callable[[str], object]
LOCK = "service.lock"
PATIENCE = 10.0  # seconds; a busy machine is not a hung service


@dataclass(frozen=True)
class Service:
    """The running local service, which has proved that it is ours."""

    record: Record
    pid: int | None
    version: str

    @property
    def base_url(self) -> str:
        """Where it serves; every issuer of it begins with this."""
        return self.record.base_url

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return self.record.port


def find(*, timeout: float = 2.0) -> Service | None:
    """The running service, or None. Nothing is started, changed or told to a stranger."""
    try:
        record = records.read()
    except records.Unusable:
        return None
    if record is None:
        return None
    answer = ask(record, timeout=timeout)
    return _service(record, answer) if answer.kind == "ours" else None


def ensure(port: int | None = None, *, say: Say | None = None) -> Service:
    """The running service, started or mended when need be; `say` hears in one line what was done.

    `port` is for the very first start, or to move on purpose: the issuer changes with it.
    Raises ServiceUnreachable with the way out when it can't be had.
    """
    found = find()
    if found is not None and port in (None, found.port):
        return found
    remarks: list[str] = []
    with _lock():
        found = _prepare(port, remarks) or _start(remarks)
    if say is not None and remarks:
        say(" ".join(remarks))
    return found


def stop() -> bool:
    """End the service, hung or not. False when there was none."""
    with _lock():
        folder = state_dir()
        found = process.running(folder)
        if found is None:
            answering = find()  # its pid file was lost; what it says of itself is proved
            if answering is not None and answering.pid is not None:
                found = process.main_of(answering.pid)
        if found is not None:
            process.end(found)
        process.forget(folder)
    return found is not None


def serve(
    port: int | None = None, workers: int = 1, *, database: str | None = None, say: Say = print
) -> int:
    """Run the service in the foreground with the state that lessons use; returns its exit code.

    `database` is the URL of a PostgreSQL that holds its state instead of the file.
    KeyboardInterrupt ends it in order and is raised again.
    """
    with _lock():
        remarks: list[str] = []
        running = _prepare(port, remarks)
        if running is not None:
            say(f"The local service runs already on {running.base_url} (process {running.pid}).")
            return 0
        for remark in remarks:
            say(remark)
        record = _record()
        child = subprocess.Popen(  # noqa: S603 (our own interpreter, our own arguments)
            process.command(state_dir(), record.port, workers),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C comes to us alone, and we end it in order
            env=process.environment(database),
        )
        try:
            _wait(child, record, log=None)
        except BaseException:
            _end(child)
            raise
    try:
        say(f"The local service runs on {record.base_url} . Ctrl-C ends it.")
        return child.wait()
    finally:
        _end(child)


def _prepare(port: int | None, remarks: list[str]) -> Service | None:
    """With the lock held: the service if it runs, else None with the way clear for a start."""
    record = _usable_record(port, remarks)
    answer = _patiently(record)
    if answer.kind == "ours":
        if port not in (None, record.port):
            raise DialtoneError(
                f"The local service runs on port {record.port}. End it first (`dialtone stop`), "
                f"then start it on port {port}."
            )
        return _service(record, answer)
    answer = _clear_away(record, answer, remarks)
    if port is not None and port != record.port:
        answer = ask(replace(record, port=port))
    if answer.kind != "nothing":
        raise ServiceUnreachable(explain(answer.kind, port or record.port))
    if port is not None and port != record.port:
        remarks.append(f"The local service moved to port {port}; register anew there.")
        records.remember(port)
    return None


def _usable_record(port: int | None, remarks: list[str]) -> Record:
    """The record as it stands, made new where there is none or it can't be trusted."""
    try:
        record = records.read()
        if record is not None:
            return record
        _end_leftover()
        return records.remember(port or records.free_port())
    except records.LooseMode as loose:
        _end_leftover()
        remarks.append(f"service.json {loose}; the local service was given a new secret.")
        return records.remember(loose.record.port, loose.record.base_url)
    except records.Unusable as why:
        _end_leftover()
        record = records.remember(port or records.free_port())
        remarks.append(f"service.json {why}; it was written anew, with port {record.port}.")
        return record


def _patiently(record: Record) -> Answer:
    """Ask; and while it is a live process of ours that says nothing, ask again for a while."""
    deadline = time.monotonic() + PATIENCE
    answer = ask(record)
    while answer.kind == "silent" and time.monotonic() < deadline:
        if process.running(state_dir()) is None:
            break
        answer = ask(record)
    return answer


def _clear_away(record: Record, answer: Answer, remarks: list[str]) -> Answer:
    """End a process of ours that can't answer, forget one that was killed; who is there now?"""
    folder = state_dir()
    killed = process.was_left_behind(folder)
    if process.running(folder) is not None:
        remarks.append("The local service did not answer any more; it was ended and started again.")
    elif not killed:
        return answer
    _end_leftover()
    answer = ask(record)  # again: it may have been dying when it was asked before
    if killed and answer.kind == "nothing":
        remarks.append("The local service was gone (killed?); it was started again as it was.")
    return answer


def _end_leftover() -> None:
    folder = state_dir()
    leftover = process.running(folder)
    if leftover is not None:
        process.end(leftover, grace=1.0)
    process.forget(folder)


def _start(remarks: list[str]) -> Service:
    record = _record()
    child = process.launch(state_dir(), record.port)
    try:
        service = _wait(child, record, state_dir() / process.LOG)
    except BaseException:  # also Ctrl-C: a half-started service must not stay behind
        _end(child)
        raise
    if not remarks:
        remarks.append(f"Started the local service on {service.base_url} .")
    return service


def _wait(child: subprocess.Popen[bytes], record: Record, log: Path | None) -> Service:
    def ready() -> Service | None:
        answer = ask(record, timeout=1.0)
        return _service(record, answer) if answer.kind == "ours" else None

    return process.wait_until(child, ready, log)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        process.end(psutil.Process(child.pid))
    process.forget(state_dir())


def _record() -> Record:
    record = records.read()
    if record is None:
        raise ServiceUnreachable("service.json is gone while the service starts; run this again.")
    return record


def _service(record: Record, answer: Answer) -> Service:
    return Service(record, answer.pid, answer.version)


@contextmanager
def _lock() -> Iterator[None]:
    """Only one process at a time starts, mends or ends the service."""
    try:
        with FileLock(state_dir() / LOCK, timeout=90, mode=0o600):
            yield
    except Timeout:
        raise ServiceUnreachable(
            "Another process has been starting the local service for 90 s. See `dialtone doctor`."
        ) from None
