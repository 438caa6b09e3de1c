"""`dialtone class ready`: what a class needs on the trainer's machine, checked one by one."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import psutil

from dialtone_kit.base import platform
from dialtone_kit.base.finding import Finding
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.classroom.class_service import class_service
from dialtone_kit.classroom.grading import sandbox
from dialtone_kit.classroom.in_use import SERVICE
from dialtone_kit.classroom.learner_files import PARAMETERS, has_parameters
from dialtone_kit.classroom.listed import learners, seats
from dialtone_kit.classroom.making import link_of
from dialtone_kit.classroom.session import SETTINGS, Session
from dialtone_kit.classroom.settings import settings_of
from dialtone_kit.local import process
from dialtone_kit.local.record import free_port

# Measured: 14 executed notebooks and the events of one learner take less than half of this.
DISK_OF_A_LEARNER = 5_000_000  # bytes
# A kernel with the kit and the local service that it talks to.
MEMORY_OF_A_WORKER = 300_000_000  # bytes


def examine(session: Session, notebooks: Path, today: date) -> Iterator[Finding]:
    """All findings about the class and this machine, one by one. Raises DialtoneError."""
    yield roster(session)
    yield lessons(session, notebooks)
    yield kept(session, today)
    yield disk(session)
    yield memory(platform.cores())
    yield from ports(session)
    yield bubblewrap()
    yield dask()


def roster(session: Session) -> Finding:
    """The learners, and whether each has their file."""
    lost = [one.seat for one in session.learners if not has_parameters(session.folder_of(one))]
    if lost:
        text = f"no {PARAMETERS} for {seats(lost)}. Run `dialtone class new` with the roster again."
        return Finding(False, "Roster", text)
    return Finding(True, "Roster", learners(len(session.learners)))


def lessons(session: Session, notebooks: Path) -> Finding:
    """The lessons that class.toml lists, and the link to them."""
    link = link_of(settings_of(session))
    absent = [one for one in session.lessons if not any(notebooks.glob(f"{one}-*.ipynb"))]
    if absent:
        return Finding(False, "Lessons", f"{shown(notebooks)} doesn't have {', '.join(absent)}.")
    text = f"{', '.join(session.lessons)}, in {shown(notebooks)}"
    return Finding(True, "Lessons", f"{text}; learners open them at {link}" if link else text)


def kept(session: Session, today: date) -> Finding:
    """Whether the days have passed for which the trainer meant to keep what the class holds."""
    until = settings_of(session).until
    if today <= until:
        return Finding(True, "Personal data", f"kept until {until:%d %B %Y}")
    text = f"was to be kept until {until:%d %B %Y}. Run `dialtone class end`, or change keep_days."
    return Finding(False, "Personal data", f"{text} in {SETTINGS}.")


def disk(session: Session) -> Finding:
    """Room for what all learners hand in or run here."""
    free = shutil.disk_usage(session.folder).free
    return _room("Disk", free, len(session.learners) * DISK_OF_A_LEARNER, "Free some space.")


def memory(workers: int) -> Finding:
    """Memory for one worker per core, as `dialtone class run` starts them."""
    free = psutil.virtual_memory().available
    text = "Close other programs, or run with fewer --workers."
    return _room("Memory", free, workers * MEMORY_OF_A_WORKER, text)


def ports(session: Session) -> Iterator[Finding]:
    """Whether local services can be started, and the class's own port is free."""
    try:
        socket.create_server(("127.0.0.1", 0)).close()
    except OSError as problem:
        yield Finding(
            False, "Ports", sentence(f"no port can be opened on 127.0.0.1: {cause(problem)}")
        )
        return
    service = class_service(session)
    if service is None or process.running(session.folder / SERVICE) is not None:
        yield Finding(True, "Ports", "free")
    elif free_port(service.port) != service.port:
        text = f"{service.port}, the port of your class's service, is taken. Close what uses it."
        yield Finding(False, "Ports", text)
    else:
        yield Finding(True, "Ports", f"free, also {service.port} for your class's service")


def bubblewrap() -> Finding:
    """The sandbox in which `dialtone class grade` runs what learners hand in."""
    if shutil.which("bwrap") is None:
        text = "not installed; only `dialtone class grade` needs it: sudo apt install bubblewrap"
        return Finding(True, "Bubblewrap", text)
    if why := sandbox.why_not():
        text = f"can't make a sandbox here ({why}). Grade on another machine, or ask whoever runs"
        return Finding(False, "Bubblewrap", f"{text} this one to allow user namespaces.")
    return Finding(True, "Bubblewrap", "makes a sandbox")


def dask() -> Finding:
    """What `dialtone class run` needs for more than one machine."""
    if find_spec("distributed") is not None:
        return Finding(True, "Dask", "installed")
    text = "not installed; only several machines need it. In your clone: "
    text += "pip install -e '.[classroom]'"
    return Finding(True, "Dask", text)


def _room(what: str, free: int, needed: int, todo: str) -> Finding:
    have = f"{free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed"
    return Finding(free >= needed, what, have if free >= needed else f"{have}. {todo}")
