"""The seats of a class: each learner's token and session file, and what the service knows of them.

The service's file has only the hash of each token. A token is in one place: the learner's session
file, which the trainer hands out. `session-files.csv` says who gets which, for a mail merge.
"""

from __future__ import annotations

import json
import secrets
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder, private_dir, shown
from dialtone_kit.classroom.in_use import SERVICE
from dialtone_kit.classroom.session import Learner, NoSession, Session
from dialtone_kit.classroom.tables import csv_text
from dialtone_kit.local.locks import held_at
from dialtone_kit.local.record import Record
from dialtone_kit.local.seat import parse, written

SEATS, LOCK, SESSION_FILE, TRAINER_FILE = "seats.json", "seats.lock", "session.json", "trainer.json"
HAND_OUT = "session-files.csv"
LOCK_SECONDS = 60.0
Entries = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Issued:
    """What was done: seats with a new token, and those whose session file is no longer here."""

    new: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()


def service_folder(session: Session) -> PrivateFolder:
    """The folder of the class's service."""
    return PrivateFolder(session.folder / SERVICE, error=NoSession)


def issue(session: Session, trainer: Record) -> Issued:
    """A session file for each learner who has none; the others' say where the service is now.

    A learner who isn't in the roster any more loses the seat, and their token stops working.
    """
    with _locked(session):
        known, entries = _read(session), Entries()
        new: list[int] = []
        lost: list[int] = []
        for learner in session.learners:
            number = str(learner.seat)
            if number in known:
                key = known[number]["key"]
                if not _brought_up_to_date(session, learner, trainer, key):
                    lost.append(learner.seat)
            else:
                key = _hand_out(session, learner, trainer)
                new.append(learner.seat)
            entries[number] = {"email": learner.email, "key": key}
        if entries != known:
            _write(session, entries)
        _list_files(session)
    return Issued(tuple(new), tuple(lost))


def renew(session: Session, trainer: Record, number: int) -> Path:
    """A new token for one seat: the old one stops working at once. Returns the session file."""
    learner = next((one for one in session.learners if one.seat == number), None)
    if learner is None:
        raise DialtoneError(f"There is no seat {number} in this class. Seats are in learners.csv.")
    with _locked(session):
        entries = _read(session)
        key = _hand_out(session, learner, trainer)
        _write(session, entries | {str(number): {"email": learner.email, "key": key}})
        _list_files(session)
    return session.folder_of(learner) / SESSION_FILE


def _brought_up_to_date(session: Session, learner: Learner, trainer: Record, key: str) -> bool:
    """Write where the service is now into the learner's session file; False if it isn't here."""
    folder = PrivateFolder(session.folder_of(learner), error=NoSession)
    try:
        content = folder.read(SESSION_FILE)
    except FileNotFoundError:
        return False
    held = parse(content, folder.path / SESSION_FILE)
    now = written(_place(trainer, learner, held.secret))
    if _hash(held.secret) == key and content.decode() != now:
        folder.write(SESSION_FILE, now)
    return True


def _hand_out(session: Session, learner: Learner, trainer: Record) -> str:
    token = Secret(f"seat_{secrets.token_urlsafe(32)}")
    private_dir(session.folder / "learners")
    folder = PrivateFolder(session.folder_of(learner), error=NoSession)
    folder.write(SESSION_FILE, written(_place(trainer, learner, token)))
    return _hash(token)


def _list_files(session: Session) -> None:
    """Who gets which file: they all have the same name."""
    rows = [
        (one.seat, one.name, one.email, str(session.folder_of(one).absolute() / SESSION_FILE))
        for one in session.learners
        if (session.folder_of(one) / SESSION_FILE).is_file()
    ]
    text = csv_text(("seat", "name", "email", "file"), rows)
    PrivateFolder(session.folder, error=NoSession).write(HAND_OUT, text)


def _place(trainer: Record, learner: Learner, token: Secret) -> Record:
    return replace(trainer, secret=token, seat=learner.seat)


def _hash(token: Secret) -> str:
    return sha256(token.reveal().encode()).hexdigest()


def _read(session: Session) -> Entries:
    folder = service_folder(session)
    with suppress(FileNotFoundError):
        try:
            seats: Any = json.loads(folder.read(SEATS))["seats"]
            return {str(n): {"email": one["email"], "key": one["key"]} for n, one in seats.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NoSession(
                f"{shown(folder.path / SEATS)} is damaged. Remove it; every learner then gets a "
                "new session file."
            ) from None
    return {}


def _write(session: Session, entries: Entries) -> None:
    service_folder(session).write(SEATS, json.dumps({"seats": entries}))


def _locked(session: Session) -> AbstractContextManager[None]:
    """One program at a time hands out tokens: a late learner may come while one is renewed."""
    path = private_dir(session.folder / SERVICE) / LOCK
    busy = DialtoneError("Another program is handing out session files. Try again.")
    return held_at(path, LOCK_SECONDS, busy)
