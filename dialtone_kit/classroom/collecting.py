"""Events that learners shared with the class service, brought into the folder of the class.

Each learner's go to their `shared.jsonl`; `collected.json` notes how far it went. Collecting again,
or after an interruption, adds nothing twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.lines import append_lines
from dialtone_kit.base.private_files import PrivateFolder, explained, private_dir, read_regular
from dialtone_kit.classroom.class_events import SHARED
from dialtone_kit.classroom.class_service import Row, class_service, shared_events
from dialtone_kit.classroom.happened import happened
from dialtone_kit.classroom.session import Session, open_session
from dialtone_kit.lesson.events import VERSION, Event, parsed
from dialtone_kit.local.locks import held_at

NOTE = "collected.json"
PATIENCE = 10  # seconds for another command that collects
MOMENT = 3.0  # seconds
OFTEN, LATER = 2.0, 10.0  # seconds to the next time, and to that after a failure


def collect(session: Session) -> int:
    """Add what is new at the class service; how many events that was, 0 without a service.

    Raises DialtoneError, in one line, when it can't be asked or nothing can be written.
    """
    service = class_service(session)
    if service is None:
        return 0
    busy = DialtoneError("Another command is collecting the events. Try again.")
    with held_at(session.folder / f"{NOTE}.lock", PATIENCE, busy):
        return take_over(session, partial(shared_events, service))


def collected(session: Session) -> Iterator[str]:
    """Collect. A line if that can't be done: what was collected before is still of use."""
    try:
        collect(session)
    except DialtoneError as problem:
        yield str(problem)


class Collector(threading.Thread):
    """Collects until `close()`. `trouble` is what went wrong the last time, "" if nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder, self._over = folder, threading.Event()
        self.trouble = ""

    def run(self) -> None:
        while not self._over.wait(LATER if self.trouble else OFTEN):
            try:
                collect(open_session(self._folder))
                self.trouble = ""
            except (DialtoneError, OSError) as problem:
                self.trouble = str(problem)

    def close(self) -> None:
        """Stop. A call that is under way gets a moment; what it would add comes the next time."""
        self._over.set()
        self.join(MOMENT)


def take_over(session: Session, ask: Callable[[int], Sequence[Row]]) -> int:
    """Add all that `ask` has: a page of what is newer than the number that it's given."""
    note, added = PrivateFolder(session.folder), 0
    last = _noted(note)
    after = last["id"] - 1 if last else 0  # the last one again: is it still the same?
    page = ask(after)
    if last and (not page or asdict(page[0]) != last):
        page = ask(0)  # the service has a new database, and starts to count again
    while page:
        added += _keep(session, page)
        note.write(NOTE, json.dumps(asdict(page[-1])))
        page = ask(page[-1].id)
    return added


def _noted(folder: PrivateFolder) -> dict[str, Any] | None:
    """The last row that was collected, None if that isn't known."""
    with suppress(FileNotFoundError, ValueError):
        row = json.loads(folder.read(NOTE))
        return row if isinstance(row, dict) and type(row.get("id")) is int else None
    return None


def _keep(session: Session, page: Sequence[Row]) -> int:
    """Add the events to the files of their seats. Those of a seat that nobody has are left out."""
    added, folders = 0, {one.seat: session.folder_of(one) for one in session.learners}
    by_seat: dict[int, list[Event]] = {}
    for row in page:
        event = _event(row)
        if row.seat in folders and event is not None:
            by_seat.setdefault(row.seat, []).append(event)
    for seat, events in by_seat.items():
        path = private_dir(folders[seat]) / SHARED
        with explained(path):
            known = _known(path)
            new = [event for event in events if _name(event) not in known]
            append_lines(path, *map(json.dumps, new))
        added += len(new)
    return added


def _event(row: Row) -> Event | None:
    """The event of a row as a line of the file, None if it can't be used."""
    received = {"received_at": row.received_at} if row.received_at else {}
    (usable, _) = parsed(json.dumps({"v": VERSION, **row.event, **received}))
    return usable[0] if usable and happened(usable[0]) is not None else None


def _known(path: Path) -> set[str]:
    """The events that the file has."""
    with suppress(FileNotFoundError):
        return set(map(_name, parsed(read_regular(path).decode("utf-8", "replace"))[0]))
    return set()


def _name(event: Event) -> str:
    """What makes it that event: everything but the time when it arrived."""
    members = {name: value for name, value in event.items() if name != "received_at"}
    return json.dumps(members, sort_keys=True)
