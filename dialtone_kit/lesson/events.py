"""The file behind `Progress`: one JSON object a line, appended and never changed.

    {"v": 1, "at": "2026-11-26T19:09:03+00:00", "lesson": "02", "kind": "tried",
     "id": "02.tries", "outcome": "wrong", "code": "M25"}

| kind | members besides v, at, lesson, kind |
|---|---|
| opened, done | |
| tried | id, outcome (null: 0.1 kept only that there was a try), code; requests, if counted |
| predicted, quizzed | id, choice (from 0), right, confidence, code |
| quizzed before or after all lessons | the same and form ("A"), pair, asked ("pre", "post") |
| formed | form, seed: the form of the first quiz, and what orders its choices |
| estimated | id, choice |
| wrote | id, text: the learner's own sentence |
| hinted | id |
| reset | id; null for the whole lesson |

`choice` is the position in the content's file, whatever order was shown. A reader skips kinds and
members that it doesn't know, so adding some needs no new version; one that changes what is there
does.

It holds ids, choices, outcomes, misconception codes and times; no name, no address, and no
answers but the one sentence that lesson 13 keeps for its report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.lines import append_lines
from dialtone_kit.base.private_files import (
    PrivateFolder,
    private_dir,
    read_regular,
    shown,
)

VERSION = 1
LOCK_SECONDS = 3
Event = dict[str, Any]
_UNREADABLE = (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
_NONE = type(None)
# What a member may be, where it is known, and which of them an event of a kind has to have.
_MEMBERS: dict[str, tuple[type, ...]] = {
    "at": (str,),
    "lesson": (str,),
    "kind": (str,),
    "id": (str, _NONE),
    "choice": (int,),
    "right": (bool,),
    "confidence": (str, _NONE),
    "code": (str, _NONE),
    "outcome": (str, _NONE),
    "requests": (int,),
    "form": (str, _NONE),
    "pair": (str, _NONE),
    "asked": (str, _NONE),
    "seed": (str,),
    "text": (str,),
}
_ALWAYS = ("at", "lesson", "kind")
_ALSO: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("tried", "hinted", "estimated", "wrote"), ("id",)),
    **dict.fromkeys(("predicted", "quizzed"), ("id", "choice", "right")),
}


class ProgressNotKept(DialtoneError):
    """Progress can't be read or written; the message is one line that says what to do."""


class EventFile:
    """The events in the file at `path` (0600). A `.json` file from 0.1 next to it is imported."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = path.with_suffix(".json")

    def read(self) -> list[Event]:
        """All events of this version; half-written lines are skipped. Raises ProgressNotKept."""
        return [event for event in self._all() if event["v"] <= VERSION]

    def append(self, choose: Callable[[list[Event]], Event | None]) -> None:
        """Add the event that `choose` makes from those so far. Raises ProgressNotKept."""
        self._add(lambda so_far: [event for event in [choose(so_far)] if event is not None])

    def extend(self, lines: str) -> None:
        """Add events that another file had, a line each. Raises ProgressNotKept."""
        events = parsed(lines)[0]
        self._add(lambda _: events)

    def _add(self, choose: Callable[[list[Event]], list[Event]]) -> None:
        try:
            private_dir(self.path.parent)
            with FileLock(f"{self.path}.lock", timeout=LOCK_SECONDS, mode=0o600):
                events = self._all()
                self._refuse_newer(events)
                chosen = choose(events)
                if chosen:
                    self._take_over(events)
                    append_lines(self.path, *map(json.dumps, chosen))
        except Timeout:
            raise ProgressNotKept(
                f"Progress was not saved: another program holds {shown(self.path)}.lock. Close it "
                "and run the cell again."
            ) from None
        except OSError as problem:
            raise ProgressNotKept(self._line(problem.strerror or str(problem))) from None
        except ProgressNotKept:
            raise
        except DialtoneError as problem:
            raise ProgressNotKept(f"Progress was not saved: {problem}") from None

    def text(self) -> str:
        """The file as it is: for a copy that goes on elsewhere. "" without one."""
        try:
            return _text_of(self.path)
        except FileNotFoundError:
            return ""

    def _all(self) -> list[Event]:
        try:
            text = _text_of(self.path)
        except FileNotFoundError:
            return self._from_before()
        except OSError as problem:
            raise ProgressNotKept(self._line(problem.strerror or str(problem))) from None
        return parsed(text)[0]

    def _from_before(self) -> list[Event]:
        """The file of 0.1 as events; none when it can't be read, and then it stays as it is."""
        try:
            return list(_events_of(json.loads(_text_of(self.before))))
        except _UNREADABLE:
            return []

    def _take_over(self, events: list[Event]) -> None:
        if events and not self.path.exists():
            text = "".join(_line_of(event) for event in events)
            PrivateFolder(self.path.parent).write(self.path.name, text, overwrite=False)

    def _refuse_newer(self, events: list[Event]) -> None:
        newest = max((event["v"] for event in events), default=VERSION)
        if newest > VERSION:
            raise DialtoneError(
                f"{shown(self.path)} was written by a newer Dialtone Kit (version {newest} of the "
                "file). Upgrade this one, or move the file away to start over."
            )

    def _line(self, why: str) -> str:
        return (
            f"Progress was not saved: {shown(self.path)}: {why}. Free some space or move the file "
            "away, then run the cell again."
        )


def unread(path: Path) -> str | None:
    """One line about a file of 0.1 at `path` that can't be taken over, or None."""
    try:
        list(_events_of(json.loads(_text_of(path))))
    except FileNotFoundError:
        return None
    except _UNREADABLE:
        return (
            f"{shown(path)} is damaged or from a newer version: it is left alone, and progress "
            "starts a new file next to it. Upgrade Dialtone Kit if a newer one wrote it."
        )
    return None


def _text_of(path: Path) -> str:
    return read_regular(path).decode("utf-8", "replace")


def parsed(text: str) -> tuple[list[Event], int]:
    """The events in `text`, and how many of its lines are none, such as half an event."""
    found = [_event(line) for line in text.splitlines() if line.strip()]
    events = [event for event in found if event is not None]
    return events, len(found) - len(events)


def _line_of(event: Event) -> str:
    return json.dumps(event) + "\n"


def _event(line: str) -> Event | None:
    """The event in a line, or None if it isn't one, such as half an event."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or type(event.get("v")) is not int:
        return None
    if event["v"] > VERSION:
        return event
    known = event.keys() & _MEMBERS.keys()
    if any(type(event[name]) not in _MEMBERS[name] for name in known):
        return None
    needed = (*_ALWAYS, *_ALSO.get(event.get("kind", ""), ()))
    return event if all(event.get(name) is not None for name in needed) else None


def _events_of(document: dict[str, Any]) -> Iterator[Event]:
    """The content of a progress.json from 0.1, as events."""
    if document.get("version", 1) != 1:
        raise ValueError("not a file of 0.1")
    for lesson, row in document.get("lessons", {}).items():
        for member, moment in row.items():
            yield {"v": VERSION, "at": moment, "lesson": lesson, "kind": member[: -len("_at")]}
    for section, kind in (("predictions", "predicted"), ("quiz", "quizzed")):
        for name, rows in document.get(section, {}).items():
            for row in rows:
                yield {"v": VERSION, "at": row["at"], **_about(name, kind), **row}
    for name, row in document.get("exercises", {}).items():
        yield from _tries_of(name, row)


def _tries_of(name: str, row: dict[str, Any]) -> Iterator[Event]:
    at, counted = row.get("at", ""), row["outcome"] in ("right", "wrong")
    tried = {"v": VERSION, "at": at, **_about(name, "tried")}
    for _ in range(row.get("attempts", 0) - counted):
        yield tried | {"outcome": None, "code": None}
    yield tried | {"outcome": row["outcome"], "code": row.get("code")}
    for _ in range(row.get("hints", 0)):
        yield {"v": VERSION, "at": at, **_about(name, "hinted")}


def _about(name: str, kind: str) -> Event:
    return {"lesson": name[:2], "kind": kind, "id": name}
