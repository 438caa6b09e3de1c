"""The service of a class: its address, its certificate, its process, and the learners' seats."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import psutil

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, private_dir, shown
from dialtone_kit.base.stamps import stamp_of
from dialtone_kit.base.urls import LOOPBACK
from dialtone_kit.classroom import certificates, last_time, listed, seats
from dialtone_kit.classroom.address import Say, Wanted, must_be_free, place_of
from dialtone_kit.classroom.certificates import Identity
from dialtone_kit.classroom.policy_watch import PolicyWatch
from dialtone_kit.classroom.seats import TRAINER_FILE, service_folder
from dialtone_kit.classroom.session import LEARNERS, NoSession, Session, open_session
from dialtone_kit.client.trust import only, trust
from dialtone_kit.local import process
from dialtone_kit.local.challenge import ask_through
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.last_words import LastWords
from dialtone_kit.local.locks import held_at
from dialtone_kit.local.record import FILE as RECORD
from dialtone_kit.local.record import Record
from dialtone_kit.local.running import LocalService
from dialtone_kit.local.seat import written
from dialtone_kit.local.setup import setup_to_serve

LOCK = "serve.lock"
OFTEN = 1.0  # seconds between two looks at the roster


def serve(session: Session, wanted: Wanted, say: Say) -> int:
    """Run the class's service in the foreground; returns its exit code.

    KeyboardInterrupt ends it cleanly and is raised again. Raises DialtoneError when it can't run.
    """
    with _alone(session):
        trainer = place_of(session, wanted, say)
        must_be_free(wanted.host, trainer.port)
        identity = _identity(session, wanted, urlsplit(trainer.base_url).hostname or "")
        trainer = replace(trainer, authority=identity.authority if identity else "")
        _keep(session, trainer)
        last_time.keep(session, wanted)
        _tell(seats.issue(session, trainer), say)
        child = _launched(session, wanted, trainer, identity)
        try:
            _wait_until_it_answers(child, session, wanted, trainer)
            say(_where(session, trainer, alone=wanted.host in LOOPBACK))
            return _watch(child, session, trainer, say)
        finally:
            if child.poll() is None:
                process.end(psutil.Process(child.pid))
            process.forget(service_folder(session).path)


def _identity(session: Session, wanted: Wanted, name: str) -> Identity | None:
    if not wanted.tls:
        return None
    if wanted.certificate is not None and wanted.key is not None:
        return certificates.own(wanted.certificate, wanted.key, wanted.ca, name)
    private_dir(service_folder(session).path)
    return certificates.generated(service_folder(session), name)


def _keep(session: Session, trainer: Record) -> None:
    """What the service reads at its start, and what the trainer's other commands read."""
    members = {
        "base_url": trainer.base_url,
        "port": trainer.port,
        "secret": trainer.secret.reveal(),
    }
    service_folder(session).write(RECORD, json.dumps(members))
    PrivateFolder(session.folder, error=NoSession).write(TRAINER_FILE, written(trainer))


def _launched(
    session: Session, wanted: Wanted, trainer: Record, identity: Identity | None
) -> subprocess.Popen[bytes]:
    folder = service_folder(session).path.absolute()
    tls = (
        ("--certificate", str(identity.certificate), "--key", str(identity.key)) if identity else ()
    )
    setup = setup_to_serve(folder, wanted.workers, wanted.database)
    more = ("--host", wanted.host, "--seats", str(folder / seats.SEATS), *tls)
    return process.run_for_class(folder, trainer.port, setup, more)


def _wait_until_it_answers(
    child: subprocess.Popen[bytes], session: Session, wanted: Wanted, trainer: Record
) -> None:
    address = ("127.0.0.1" if wanted.anywhere else wanted.host, trainer.port)
    log = service_folder(session).path / process.LOG
    process.wait_until(child, lambda: _answers(address, trainer) or None, log)


def _answers(address: tuple[str, int], trainer: Record) -> bool:
    """Whether the service is at this address: its name may mean something to learners alone."""
    parts = urlsplit(trainer.base_url)
    try:
        with socket.create_connection(address, timeout=2.0) as plain:
            if parts.scheme == "http":
                return ask_through(plain, trainer).kind == "ours"
            trusted = only(trainer.authority) if trainer.authority else trust()
            with trusted.wrap_socket(plain, server_hostname=parts.hostname) as line:
                return ask_through(line, trainer).kind == "ours"
    except (OSError, ssl.SSLError):
        return False


def _watch(child: subprocess.Popen[bytes], session: Session, trainer: Record, say: Say) -> int:
    """Until the service ends, give seats to those who come late, and look at the policies."""
    roster, folder = session.folder / LEARNERS, service_folder(session).path
    seen, last_words = stamp_of(roster), LastWords(folder / process.LOG)
    controls = Controls(lambda: LocalService(trainer, child.pid, ""))
    policies = PolicyWatch(folder / "policies", controls.policies, say)
    while child.poll() is None:
        policies.look()
        last_words.look()
        with suppress(subprocess.TimeoutExpired):
            child.wait(OFTEN)
        if (now := stamp_of(roster)) != seen:
            seen = now
            try:
                _tell(seats.issue(open_session(session.folder), trainer), say)
            except DialtoneError as problem:
                say(str(problem))
    raise DialtoneError(f"{last_words.why(child.returncode)} Start it again.")


def _tell(issued: seats.Issued, say: Say) -> None:
    if issued.new:
        say(f"New session files: {listed.seats(issued.new)}. {seats.HAND_OUT} says who gets which.")
    if len(issued.lost) == 1:
        [seat] = issued.lost
        say(
            f"The session file of seat {seat} isn't here any more. If the learner lost it: "
            f"dialtone class serve --renew {seat}"
        )
    elif issued.lost:
        say(
            f"The session files of {listed.seats(issued.lost)} aren't here any more. If "
            "someone lost theirs: dialtone class serve --renew SEAT"
        )


def _where(session: Session, trainer: Record, *, alone: bool) -> str:
    only = "\nOnly this machine reaches it. To let others in, stop it and add --everyone."
    files = shown(session.folder / "learners" / "NNNN" / seats.SESSION_FILE)
    return (
        f"{trainer.class_name} is served on {trainer.base_url} for "
        f"{listed.learners(len(session.learners))}. "
        f"Press Ctrl-C to stop it.{only if alone else ''}\nGive each learner their own {files}; "
        f"they run `dialtone class join {seats.SESSION_FILE}`."
    )


@contextmanager
def _alone(session: Session) -> Iterator[None]:
    """One `dialtone class serve` for a class at a time."""
    folder = private_dir(service_folder(session).path)
    busy = DialtoneError(
        f"The service of {shown(session.folder)} runs already, in another terminal."
    )
    with held_at(folder / LOCK, 0, busy):
        process.end_leftover(folder)  # of a `class serve` that was killed
        yield
