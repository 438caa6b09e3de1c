"""The local service: one process per user on loopback, found or started from any kernel.

`ensure` makes sure that it runs, `stop` ends it, `serve` runs it in the foreground.
Whatever was left behind (a killed process, a stale file, a hung service) is repaired with one line.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.local import process
from dialtone_kit.local.challenge import Occupant, ask, explain
from dialtone_kit.local.locks import held
from dialtone_kit.local.record import (
    LooseMode,
    Record,
    UnusableRecord,
    free_port,
    new_record,
    read_record,
)
from dialtone_kit.local.running import LocalService, find, if_ours
from dialtone_kit.local.setup import read_setup, setup_to_revive, setup_to_serve
from dialtone_kit.local.state_folder import state_dir

Say = Callable[[str], object]
LOCK = "service.lock"
LOCK_SECONDS = 90.0  # longer than any start takes
PATIENCE = 10.0  # seconds; a busy machine is not a hung service


def ensure(
    port: int | None = None, *, say: Say | None = None, current: bool = False
) -> LocalService:
    """The running service, started or repaired when need be; `say` gets one line on what was done.

    `port` is for the very first start, or to move on purpose: the issuer changes with it.
    `current` replaces one that still runs the code from before an upgrade. Raises
    ServiceUnreachable, saying what to do, when there can be none.
    """
    running = find()
    fits = running is not None and port in (None, running.port)
    if running is not None and fits and (running.is_current or not current):
        return running
    remarks: list[str] = []
    with _lock():
        running = _prepare(port, remarks, current) or _start(remarks, movable=port is None)
    if say is not None and remarks:
        say(" ".join(remarks))
    return running


def stop() -> bool:
    """End the service, hung or not. False when there was none."""
    with _lock():
        return _end_running(find)


@contextmanager
def ended() -> Iterator[bool]:
    """The service is over, and nobody starts it within. Yields whether there was one to end."""
    with _lock():
        yield _end_running(find)


def refuse_if_someone_serves() -> None:
    """Raise DialtoneError while a service runs in a terminal: it has to be ended there."""
    found = find()
    live = process.running(state_dir())
    if live is None and found is not None and found.pid is not None:
        live = process.main_of(found.pid)  # its pid file was lost
    if live is not None and not process.is_in_background(live):
        raise DialtoneError(
            f"The local service runs in the foreground (process {live.pid}): someone is using it. "
            "End it there with Ctrl-C first."
        )


def _end_running(answering: Callable[[], LocalService | None]) -> bool:
    """With the lock held: end the noted process, or else the one that answers."""
    folder = state_dir()
    live = process.running(folder)
    if live is None:
        running = answering()  # its pid file was lost; the pid that it names itself is proved
        if running is not None and running.pid is not None:
            live = process.main_of(running.pid)
    if live is not None:
        process.end(live)
    process.forget(folder)
    return live is not None


def serve(
    port: int | None = None, workers: int = 1, *, database: str | None = None, say: Say = print
) -> int:
    """Run the service in the foreground with the state that lessons use; returns its exit code.

    `database` is the URL of a PostgreSQL that holds its state, or "sqlite"; without it, the state
    stays where it was the last time. KeyboardInterrupt ends it cleanly and is raised again.
    """
    with _lock():
        remarks: list[str] = []
        running = _prepare(port, remarks, current=True)
        if running is not None:
            say(f"The local service already runs on {running.base_url} (process {running.pid}).")
            return 0
        for remark in remarks:
            say(remark)
        record, setup = _record(), setup_to_serve(state_dir(), workers, database)
        child = process.run_in_foreground(state_dir(), record.port, setup)
        with _ended_if_it_fails(child):
            _wait(child, record, log=None)
    try:
        say(f"The local service is running on {record.base_url} . Press Ctrl-C to stop it.")
        return child.wait()
    finally:
        _end(child)


def _prepare(port: int | None, remarks: list[str], current: bool) -> LocalService | None:
    """With the lock held: the service if it runs, else None with the way clear for a start."""
    record = _usable_record(port, remarks)
    occupant = _patiently(record)
    moves = port is not None and port != record.port
    running = if_ours(record, occupant)
    if running is not None:
        if moves:
            raise DialtoneError(
                f"The local service is running on port {record.port}. Stop it first (`dialtone "
                f"stop`), then start it on port {port}."
            )
        if running.is_current or not current:
            return running
        _replace(running, remarks)
        return None
    occupant = _clear_away(record, occupant, remarks)
    wanted = port or record.port
    if moves:
        occupant = ask(replace(record, port=wanted))
    if occupant.kind != "nothing":
        raise ServiceUnreachable(explain(occupant.kind, wanted))
    if moves:
        remarks.append(f"The local service moved to port {wanted}; register again there.")
        new_record(wanted)
    return None


def _replace(running: LocalService, remarks: list[str]) -> None:
    """End a service that runs the code from before an upgrade; its state stays."""
    setup_to_revive(state_dir())  # before that: what can't be started again is not ended
    _end_running(lambda: running)
    remarks.append(
        "The local service was still running older code (version "
        f"{running.version or 'unknown'}); it was restarted with the code that is installed now."
    )


def _usable_record(port: int | None, remarks: list[str]) -> Record:
    """The record as it is, or a new one if there is none or it can't be trusted."""
    try:
        record = read_record()
        if record is not None:
            return record
        process.end_leftover(state_dir())
        return new_record(port or free_port())
    except LooseMode as loose:
        process.end_leftover(state_dir())
        remarks.append(f"service.json {loose}; the local service was given a new secret.")
        return new_record(loose.record.port, loose.record.base_url)
    except UnusableRecord as why:
        process.end_leftover(state_dir())
        record = new_record(port or free_port())
        remarks.append(f"service.json {why}; it was rewritten, with port {record.port}.")
        return record


def _patiently(record: Record) -> Occupant:
    """Ask; and while it is a live process of ours that stays silent, ask again for a while."""
    deadline = time.monotonic() + PATIENCE
    occupant = ask(record)
    while occupant.kind == "silent" and time.monotonic() < deadline:
        if process.running(state_dir()) is None:
            break
        occupant = ask(record)
    return occupant


def _clear_away(record: Record, occupant: Occupant, remarks: list[str]) -> Occupant:
    """End a process of ours that can't answer, forget one that was killed; who is there now?"""
    folder = state_dir()
    killed = process.was_left_behind(folder)
    if process.running(folder) is not None:
        remarks.append("The local service had stopped answering; it was restarted.")
    elif not killed:
        return occupant
    process.end_leftover(state_dir())
    occupant = ask(record)  # again: it may have been dying the first time
    if killed and occupant.kind == "nothing":
        remarks.append("The local service was gone (killed?); it was restarted as it was.")
    return occupant


def _start(remarks: list[str], *, movable: bool) -> LocalService:
    record = _record()
    try:
        service = _launched(record)
    except ServiceUnreachable:
        # A class that starts at the same moment races for the usual port. Who has registered
        # nowhere yet can have another one.
        if not movable or read_setup(state_dir()) or ask(record).kind == "nothing":
            raise
        service = _launched(new_record(free_port(0)))
    if not remarks:
        remarks.append(f"Started the local service: {service.base_url}")
    return service


def _launched(record: Record) -> LocalService:
    child = process.launch(state_dir(), record.port, setup_to_revive(state_dir()))
    with _ended_if_it_fails(child):
        return _wait(child, record, state_dir() / process.LOG)


def _wait(child: subprocess.Popen[bytes], record: Record, log: Path | None) -> LocalService:
    return process.wait_until(child, lambda: if_ours(record, ask(record, timeout=1.0)), log)


@contextmanager
def _ended_if_it_fails(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """A half-started service must not stay behind, not even after Ctrl-C."""
    try:
        yield
    except BaseException:
        _end(child)
        raise


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        process.end(psutil.Process(child.pid))
    process.forget(state_dir())


def _record() -> Record:
    record = read_record()
    if record is None:
        raise ServiceUnreachable("service.json vanished while the service started; run this again.")
    return record


def _lock() -> AbstractContextManager[None]:
    """Only one process at a time starts, repairs or ends the service."""
    return held(
        LOCK,
        LOCK_SECONDS,
        f"Another process has been starting the local service for {LOCK_SECONDS:.0f} s. See "
        "`dialtone doctor`.",
    )
