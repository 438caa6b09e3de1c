"""What `dialtone doctor` looks at next: the services, their folders, and the policies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.code import fingerprint
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.base.finding import Finding
from dialtone_kit.base.masking import without_password
from dialtone_kit.base.private_files import is_irregular, shown
from dialtone_kit.client import credentials
from dialtone_kit.client.config_folder import FORBIDDEN, VARIABLE, config_dir
from dialtone_kit.local import leftovers, process
from dialtone_kit.local.challenge import ask, explain, why_not
from dialtone_kit.local.record import DEFAULT_PORT, Record, UnusableRecord, free_port, read_record
from dialtone_kit.local.running import LocalService, find
from dialtone_kit.local.seat import read_seat, session_path
from dialtone_kit.local.setup import DATABASE, SQLITE, read_setup, setup_to_revive
from dialtone_kit.local.state_folder import file_system_of, is_on_network, state_dir

_FILES = (  # in the state folder, next to service.json
    "service.lock",
    "setup.json",
    "mock.log",
    "mock.pid",
    "mock.sqlite3",
    "mock.sqlite3-wal",
    "mock.sqlite3-shm",
    "mock.key",
    "postgresql.key",
    "progress.jsonl",
    "progress.jsonl.lock",
    "report.html",
)
_ROOM = 10_000_000  # bytes


def state() -> Iterator[Finding]:
    """The folder of the local service: mode, disk, and the secret in it."""
    folder = state_dir()
    disk = file_system_of(folder) or "unknown"
    if is_on_network(folder):
        text = f"{shown(folder)} is on {disk}, where SQLite fails. Unset DIALTONE_STATE_DIR."
        yield Finding(False, "State folder", text)
    else:
        yield Finding(
            True, "State folder", f"{shown(folder)} ({platform.PRIVATE}, local disk, {disk})"
        )
    yield from _writable("State folder", folder, "DIALTONE_STATE_DIR")
    yield database()
    free = shutil.disk_usage(folder).free
    if free < _ROOM:
        text = (
            f"only {free // 1000} kB are free on its disk: nothing can be saved. Free some space."
        )
        yield Finding(False, "Disk", text)
    for name in _FILES:
        file = folder / name
        if is_irregular(file):
            yield Finding(False, name, _irregular(file))
        elif file.exists() and not os.access(file, os.R_OK | os.W_OK):
            yield Finding(False, name, _closed(file))
    try:
        read_record()
    except UnusableRecord as why:
        path = folder / "service.json"
        text = _irregular(path) if path.is_dir() else f"{why}; the next lesson repairs it."
        yield Finding(False, "service.json", text)


def _irregular(path: Path) -> str:
    return f"is not a regular file. Move {shown(path)} away."


def _closed(path: Path) -> str:
    """About a file that is there but not ours: what a run with sudo leaves in one's own home."""
    return f"can't be read and written by you. Run: sudo chown $(id -u) {shown(path)}"


def _writable(what: str, folder: Path, variable: str) -> Iterator[Finding]:
    """A finding when `folder`, or the one that it would be made in, can't be written to."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        text = f"{shown(there)} can't be written to. Set {variable} to a folder of your own."
        yield Finding(False, what, text)


def database() -> Finding:
    """Where the local service keeps its state, or would: never with a password."""
    used = process.database(state_dir())
    if used is not None:
        return Finding(True, "Database", used if used.startswith("postgres") else SQLITE)
    asked = os.environ.get(DATABASE)
    try:
        if read_setup(state_dir()) is None and asked:
            return Finding(True, "Database", f"{without_password(asked)}, as {DATABASE} says")
        return Finding(True, "Database", setup_to_revive(state_dir()).database)
    except ServiceUnreachable as problem:
        return Finding(False, "Database", str(problem))


def configuration() -> Iterator[Finding]:
    """The folder of the credentials, and every file in it."""
    folder = config_dir()
    yield from _writable("Credentials", folder, VARIABLE)
    if not folder.exists():
        yield Finding(True, "Credentials", f"none yet; they go to {shown(folder)}")
        return
    wrong = credentials.problems()
    if platform.open_to_others(folder.lstat(), FORBIDDEN):
        wrong.insert(0, f"{shown(folder)} can be written by others. Run: chmod 700 {shown(folder)}")
    for problem in wrong:
        yield Finding(False, "Credentials", problem)
    if not wrong:
        yield Finding(True, "Credentials", f"{shown(folder)}: yours alone")


def port() -> Iterator[Finding]:
    """Who is on the remembered port; in a class nobody has to be."""
    if session_path() is not None:
        yield Finding(True, "Local service", "not needed: lessons use your class's")
        return
    try:
        record = read_record()
    except UnusableRecord:
        return  # reported by state()
    if record is None:
        chosen = free_port()  # only the usual one is the same when a lesson asks
        where = chosen if chosen == DEFAULT_PORT else f"a free port, as {DEFAULT_PORT} is taken"
        yield Finding(True, "Local service", f"not started yet; a lesson starts it on {where}")
        return
    occupant = ask(record)
    if occupant.kind == "ours" and occupant.code != fingerprint():
        text = f"process {occupant.pid} runs older code (version {occupant.version or 'unknown'})"
        yield Finding(False, "Local service", f"{text}; the next start() replaces it.")
    elif occupant.kind == "ours":
        text = f"runs on {record.base_url} (process {occupant.pid}, version {occupant.version})"
        yield Finding(True, "Local service", text)
    elif occupant.kind == "nothing" and not database().ok:
        yield Finding(False, "Local service", "not running; it can't start without its database")
    elif occupant.kind == "nothing":
        yield Finding(True, "Local service", f"not running; a lesson starts it on {record.port}")
    elif process.running(state_dir()) is not None:
        yield Finding(False, "Local service", "does not answer. Run: dialtone stop")
    else:
        yield Finding(False, "Local service", explain(occupant.kind, record.port))


def seat() -> Iterator[Finding]:
    """Your class's service, if you have a seat in one; nothing otherwise."""
    mine = read_seat()
    if mine is None:
        return
    number = f"seat {mine.seat}" if mine.seat else "the trainer's place"
    occupant = ask(mine, timeout=5.0)
    ours = occupant.kind == "ours"
    text = f"Lessons use {mine.base_url}, and it answers" if ours else why_not(mine, occupant)
    yield Finding(ours, "Class", f"{mine.class_name}, {number}. {text}")


def runs() -> Iterator[Finding]:
    """What a killed `dialtone run` left behind; nothing if there is none."""
    for folder in leftovers.find_all():
        text = f"a killed `dialtone run` left {shown(folder)}. Run: dialtone stop"
        yield Finding(False, "Leftovers", text)


def policies() -> Iterator[Finding]:
    """The local service's policy files, and what it says about them while it runs."""
    from dialtone_kit.local.controls import Controls

    folder = state_dir() / "policies"
    yield from _odd_policies(folder)
    if not os.path.lexists(folder):
        text = f"the local service puts them in {shown(folder)} when it first starts"
        yield Finding(True, "Policies", text)
        return
    running = find()
    files = Controls(lambda: running).policies() if running is not None else []
    broken = [one.problem for one in files if one.problem]
    for problem in broken:
        yield Finding(False, "Policies", f"{shown(folder)}/{problem}")
    if not broken:
        valid = "all valid; " if files else ""
        text = f"{shown(folder)}: {valid}yours to edit; changes apply to the next request"
        yield Finding(True, "Policies", text)


def policies_of_class() -> Iterator[Finding]:
    """With the trainer's place, the policy files of the class's service; nothing otherwise."""
    trainer = read_seat()
    if trainer is not None and trainer.seat is None:
        yield class_policies(trainer)


def class_policies(trainer: Record) -> Finding:
    """What the class's service says about its policy files. Raises DialtoneError."""
    from dialtone_kit.local.controls import Controls

    files = Controls(lambda: LocalService(trainer, None, "")).policies()
    broken = [one.problem for one in files if one.problem]
    return Finding(not broken, "Class policies", " ".join(broken) or "all valid")


def _odd_policies(folder: Path) -> Iterator[Finding]:
    """What is no folder or no file where the service needs one; a link may lead to either."""
    for one in (folder, folder / ".in-force", folder / ".from-kit"):
        if os.path.lexists(one) and not one.is_dir():
            yield Finding(False, "Policies", f"{shown(one)} is not a folder. Move it away.")
            return
    for file in sorted(folder.rglob("*.cedar")) if folder.is_dir() else []:
        if file.exists() and not file.is_file():
            yield Finding(False, "Policies", _irregular(file))
