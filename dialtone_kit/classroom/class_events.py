"""What happened in a class, seat by seat: the one source of the board and the reports.

A learner's own events are in two files of the seat's folder: `shared.jsonl`, which holds what they
shared with the class service, and `progress.jsonl`, if they handed theirs in. An event that is in
both counts once. `runs.jsonl` is apart: what `dialtone class run` did for them isn't their work.
A line that can't be used is counted, and stops nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dialtone_kit.base.private_files import read_regular
from dialtone_kit.base.stamps import stamp_of
from dialtone_kit.classroom import listed
from dialtone_kit.classroom.happened import Happened, happened
from dialtone_kit.classroom.session import Learner, Session
from dialtone_kit.classroom.standing import Attempts, Record, record_of
from dialtone_kit.lesson.events import parsed

PROGRESS, SHARED, RUNS = "progress.jsonl", "shared.jsonl", "runs.jsonl"
SOON = 60  # seconds in which an event that is shared at once arrives
LARGEST = 32 * 1024 * 1024  # bytes of a file that is read


@dataclass(frozen=True, eq=False)
class Seat:
    """A learner with their events, oldest first. `damaged` counts lines that were left out."""

    learner: Learner
    events: tuple[Happened, ...] = ()
    damaged: int = 0

    @cached_property
    def record(self) -> Record:
        """What the events add up to."""
        return record_of(self.events)

    def outcome_of(self, exercise: str) -> str | None:
        """How far an exercise came by these events; None if there are none at all."""
        return self.record.exercises.get(exercise, Attempts()).outcome if self.events else None


class ClassEvents:
    """The events of a class, read each time; a file that didn't change isn't read again.

    They are what learners did, or with `runs` what was run for them, unattended.
    """

    def __init__(self, *, runs: bool = False) -> None:
        self._files = (RUNS,) if runs else (SHARED, PROGRESS)
        self._known: dict[int, tuple[tuple[object, ...], Seat]] = {}

    def seats(self, session: Session) -> list[Seat]:
        """Everyone in the class, whether or not anything is known of them."""
        return [self._seat(learner, session.folder_of(learner)) for learner in session.learners]

    def _seat(self, learner: Learner, folder: Path) -> Seat:
        paths = [folder / name for name in self._files]
        stamp = (learner, *map(stamp_of, paths))
        before = self._known.get(learner.seat)
        if before is None or before[0] != stamp:
            before = self._known[learner.seat] = stamp, _read(learner, paths)
        return before[1]


def remarks(seats: Sequence[Seat], *, runs: bool = False) -> Iterator[str]:
    """Whether these are runs, whether lines were left out, and whether nothing has happened yet."""
    if runs:
        yield "This is what `dialtone class run` did, unattended. It is not what learners did."
    damaged = [seat for seat in seats if seat.damaged]
    if damaged:
        lines = sum(seat.damaged for seat in damaged)
        where = listed.seats([seat.learner.seat for seat in damaged])
        yield (
            f"{lines} {'line' if lines == 1 else 'lines'} in the event files of {where} can't be "
            "read: damaged, or from a newer kit. The rest counts."
        )
    if not any(seat.events for seat in seats):
        yield (
            "Nothing has been run yet. `dialtone class run` does that."
            if runs
            else "There are no events yet. Learners share theirs with lesson.share()."
        )


def _read(learner: Learner, paths: Sequence[Path]) -> Seat:
    merged, damaged = Counter[Happened](), 0
    for path in paths:
        events, left_out = _events_in(path)
        merged |= Counter(events)
        damaged += left_out
    events = _by_our_clock(list(merged.elements()))
    return Seat(learner, tuple(sorted(events, key=lambda event: event.at)), damaged)


def _by_our_clock(events: list[Happened]) -> list[Happened]:
    """What was shared, at the time by the service's clock: a learner's own may be hours off.

    The event that arrived soonest tells how far.
    """
    late = [event.seen - event.at for event in events if event.seen is not None]
    if not late or 0 <= min(late) <= SOON:
        return events
    return [e if e.seen is None else replace(e, at=e.at + min(late)) for e in events]


def _events_in(path: Path) -> tuple[list[Happened], int]:
    """The events in a file, and how many lines can't be used; a whole file may count as one."""
    try:
        if path.stat().st_size > LARGEST:
            return [], 1
        lines, damaged = parsed(read_regular(path).decode("utf-8", "replace"))
    except FileNotFoundError:
        return [], 0
    except OSError:
        return [], 1
    events = [event for line in lines if (event := happened(line)) is not None]
    return events, damaged + len(lines) - len(events)
