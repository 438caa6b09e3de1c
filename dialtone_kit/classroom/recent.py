"""What a class is busy with right now: who is where, what fails most, who may be stuck."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dialtone_kit.classroom.class_events import Seat
from dialtone_kit.classroom.standing import Record

WINDOW = 20 * 60  # seconds that count as "now"
SILENT = 10 * 60  # seconds without an event before a lesson's end
MANY_TRIES = 5
AWAY = 3 * 60 * 60  # seconds: after that, the learner has left the room
State = Literal["not begun", "working", "stuck", "between", "done", "away"]


@dataclass(frozen=True)
class Stuck:
    """Someone who may need help: silent for so many minutes, or so many tries at an exercise."""

    seat: Seat
    minutes: int = 0
    exercise: str = ""
    tries: int = 0


@dataclass(frozen=True)
class Share:
    """How many of how many learners; `sure` of them were sure of a wrong answer."""

    id: str  # an exercise or a misconception
    count: int
    of: int
    sure: int = 0


def failing_exercises(seats: Sequence[Seat], now: float) -> list[Share]:
    """Of those who tried an exercise lately, whose last try was wrong. Most learners first."""
    last: dict[str, dict[int, bool]] = defaultdict(dict)
    for seat in seats:
        for event in seat.record.tries:
            if now - event.at <= WINDOW and event.id:
                last[event.id][seat.learner.seat] = event.is_wrong
    shares = [Share(name, sum(wrong.values()), len(wrong)) for name, wrong in last.items()]
    return _most_first(shares)


def failing_codes(seats: Sequence[Seat], now: float) -> list[Share]:
    """Of those with an event lately, who slipped on each misconception. Most learners first."""
    active = sum(_silence(seat.record, now) <= WINDOW for seat in seats if seat.events)
    return _most_first(_codes(seats, active, now - WINDOW))


def sure_and_wrong(seats: Sequence[Seat]) -> list[Share]:
    """Of those who answered anything, who was sure of a wrong answer, by misconception."""
    known = sum(bool(seat.events) for seat in seats)
    shares = [share for share in _codes(seats, known, 0) if share.sure]
    return sorted(shares, key=lambda share: (-share.sure, share.id))


def stuck(seat: Seat, now: float) -> Stuck | None:
    """Whether a learner may be stuck where they are, and why.

    In a finished lesson that someone opened again, tries count, and silence doesn't.
    """
    record, silence = seat.record, _silence(seat.record, now)
    if not seat.events or silence > AWAY or record.ended:
        return None
    for name, one in record.exercises.items():
        if name[:2] == record.at and one.open_tries >= MANY_TRIES:
            return Stuck(seat, exercise=name, tries=one.open_tries)
    if silence < SILENT or record.lessons.get(record.at) == "done":
        return None
    return Stuck(seat, minutes=int(silence // 60))


def most_urgent(found: Iterable[Stuck | None]) -> list[Stuck]:
    """Those with many tries first, then the longest silence."""
    known = [one for one in found if one is not None]
    return sorted(known, key=lambda one: (-one.tries, -one.minutes, one.seat.learner.seat))


def state(seat: Seat, lessons: Sequence[str], now: float) -> State:
    """The state of one learner, in a class that takes `lessons`."""
    record = seat.record
    if not seat.events:
        return "not begun"
    if all(record.lessons.get(lesson) == "done" for lesson in lessons):
        return "done"
    if _silence(record, now) > AWAY:
        return "away"
    if stuck(seat, now) is not None:
        return "stuck"
    return "between" if record.ended or _silence(record, now) >= SILENT else "working"


def _silence(record: Record, now: float) -> float:
    """Seconds since the last event; a learner's clock that is ahead counts as no silence."""
    return max(0.0, now - record.last)


def _codes(seats: Sequence[Seat], of: int, since: float) -> Iterator[Share]:
    who, sure = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for seat in seats:
        for slip in seat.record.slips:
            if slip.at >= since and slip.code:
                who[slip.code].add(seat.learner.seat)
                if slip.sure:
                    sure[slip.code].add(seat.learner.seat)
    return (Share(code, len(who[code]), of, len(sure[code])) for code in who)


def _most_first(shares: Iterable[Share]) -> list[Share]:
    failing = [share for share in shares if share.count]
    return sorted(failing, key=lambda share: (-share.count, -share.count / share.of, share.id))
