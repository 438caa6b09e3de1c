"""What a learner shares with their trainer: events, as they happen, if the learner says so.

Only what `shared_form` leaves of an event is sent: ids, outcomes, misconception codes and times. No
text, no code and no address. `sharing.json`, next to the progress, remembers the choice and how far
the sending has come, so an event that couldn't be sent is sent later.
"""

from __future__ import annotations

import atexit
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import escaped
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.lesson.events import Event
from dialtone_kit.local.record import Record

FILE = "sharing.json"
KINDS = frozenset({"opened", "done", "tried", "predicted", "quizzed", "formed", "hinted", "reset"})
MEMBERS = (
    *("at", "lesson", "kind", "id", "outcome", "code", "confidence", "right"),
    *("form", "pair", "asked"),  # of a quiz
)
AT_ONCE = 100  # events in one call
LAST_WAIT = 2.0  # seconds that the end of a lesson or kernel waits for what is under way
SHOWN = 5  # events in a plain output; a page shows all of them
Send = Callable[[str, Sequence[Mapping[str, Any]]], object]


@dataclass(frozen=True)
class Choice:
    """The learner's choice: with which class, and how many events of the `series` were sent."""

    base_url: str
    seat: int
    series: str
    sent: int = 0


def shared_form(number: int, event: Event) -> dict[str, Any] | None:
    """What is sent of the event with this number; None if nothing is."""
    if event["kind"] not in KINDS:
        return None
    kept = {name: event[name] for name in MEMBERS if event.get(name) is not None}
    return {"number": number, **kept}


def _shared(events: Sequence[Event], start: int = 0) -> list[dict[str, Any]]:
    forms = (shared_form(number, events[number]) for number in range(start, len(events)))
    return [one for one in forms if one is not None]


class Sharing:
    """Sends the events of `events` by `send`, in the background, once the learner has agreed.

    `seat` finds the learner's place in a class, None without one. Nothing here stops a lesson: what
    can't be sent waits, and `say` gets one line.
    """

    def __init__(
        self,
        folder: Path,
        events: Callable[[], list[Event]],
        send: Send,
        seat: Callable[[], Record | None],
        say: Callable[[str], object] = print,
    ) -> None:
        self._folder, self._events, self._send = PrivateFolder(folder), events, send
        self._seat, self._say = seat, say
        self._thread: threading.Thread | None = None
        self._again, self._problem, self._said = False, "", ""
        self._guard = threading.Lock()

    def start(self) -> Shown:
        """Agree: show what is sent, and send it from here on. Raises DialtoneError in no class."""
        seat = self._seat()
        if seat is None or seat.seat is None:
            raise DialtoneError("You have no seat in a class, so there's no one to share with.")
        if self._choice() is None:
            self._keep(Choice(seat.base_url, seat.seat, secrets.token_hex(8)))
        shown = _shown(seat, [json.dumps(one) for one in _shared(self._events())])
        self.wake()
        return shown

    def stop(self) -> None:
        """Send nothing more."""
        self._folder.remove(FILE)

    def wake(self) -> None:
        """Send what is new, in the background; say so if the last time went wrong."""
        if self._problem and self._problem != self._said:
            self._said = self._problem
            self._say(f"Not shared yet, and tried again later: {self._problem}")
        if self._choice() is None:
            return
        with self._guard:
            self._again = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
                atexit.register(self.finish)

    def finish(self) -> None:
        """Wait a little for what is under way."""
        atexit.unregister(self.finish)
        thread = self._thread
        if thread is not None:
            thread.join(LAST_WAIT)

    def _run(self) -> None:
        while True:
            with self._guard:
                if not self._again:
                    self._thread = None
                    return
                self._again = False
            try:
                self._send_all()
                self._problem = ""
            except Timeout:
                pass  # another kernel is sending them
            except (DialtoneError, OSError) as problem:
                self._problem = str(problem)

    def _send_all(self) -> None:
        lock = self._folder.path / f"{FILE}.lock"
        with FileLock(lock, timeout=10, mode=0o600):
            while (choice := self._choice()) is not None:
                events = self._events()
                if choice.sent > len(events):  # the progress was started over
                    choice = replace(choice, series=secrets.token_hex(8), sent=0)
                part = _shared(events, choice.sent)[:AT_ONCE]
                if part:
                    self._send(choice.series, part)
                upto = part[-1]["number"] + 1 if len(part) == AT_ONCE else len(events)
                if upto == choice.sent:
                    return
                if self._choice() is not None:  # it was not taken back meanwhile
                    self._keep(replace(choice, sent=upto))

    def _choice(self) -> Choice | None:
        """The choice that holds for this class and seat; in another class, you're asked again."""
        try:
            members = json.loads(self._folder.read(FILE))
            choice = Choice(**members)
            seat = self._seat()
        except (FileNotFoundError, DialtoneError, ValueError, TypeError):
            return None
        here = seat is not None and (seat.base_url, seat.seat) == (choice.base_url, choice.seat)
        return choice if here else None

    def _keep(self, choice: Choice) -> None:
        self._folder.write(FILE, json.dumps(asdict(choice)))


def _shown(seat: Record, lines: Sequence[str]) -> Shown:
    """What is sent, in the very form in which it is sent."""
    events = "this event" if len(lines) == 1 else f"these {len(lines)} events"
    said = (
        f"You share with your trainer, as seat {seat.seat}: {events}, and those to come. Nothing "
        "else is sent: no text, no code, no address. lesson.share(False) stops it."
    )
    items = "\n".join(map(escaped, lines))
    unfold = f"<details><summary>The events</summary><pre>{items}</pre></details>"
    more = [f"… and {len(lines) - SHOWN} more like these"] if len(lines) > SHOWN else []
    return Shown(f"<p>{escaped(said)}</p>{unfold}", "\n".join([said, *lines[:SHOWN], *more]))
