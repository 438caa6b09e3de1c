"""What the board shows at one moment, and its parts as HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialtone_kit.classroom import recent
from dialtone_kit.classroom.class_events import Seat
from dialtone_kit.classroom.gains import PairGain, gains
from dialtone_kit.classroom.pages import templates
from dialtone_kit.classroom.recent import Share, State, Stuck
from dialtone_kit.classroom.session import Learner

PARTS = (
    "title",
    "notices",
    "figures",
    "lessons",
    "exercises",
    "codes",
    "stuck",
    "sure",
    "pairs",
    "everyone",
)
TOP = 4  # exercises and misconceptions that are shown
MOST_STUCK = 6


@dataclass(frozen=True)
class LessonRow:
    """One lesson: how many learners are there now, are done with it, or left it unfinished.

    Each counts once: someone who opened a finished lesson again is there. `open` are those of
    `done` who have an exercise that isn't right.
    """

    number: str
    here: int
    done: int
    left: int
    open: int = 0


@dataclass(frozen=True)
class Place:
    """One learner on the board."""

    seat: Seat
    state: State
    stuck: Stuck | None = None


@dataclass(frozen=True)
class Board:
    """The class at the time `now`, in Unix seconds."""

    name: str
    now: float
    places: Sequence[Place]
    lessons: Sequence[LessonRow]
    exercises: Sequence[Share]
    codes: Sequence[Share]
    sure: Sequence[Share]
    pairs: Sequence[PairGain]
    notices: Sequence[str]

    @property
    def stuck(self) -> list[Stuck]:
        """Who may be stuck, the most urgent first."""
        return recent.most_urgent(place.stuck for place in self.places)

    def count(self, *states: State) -> int:
        """How many learners are in one of these states."""
        return sum(place.state in states for place in self.places)


def board_of(
    name: str, seats: Sequence[Seat], lessons: Sequence[str], now: float, notices: Sequence[str]
) -> Board:
    """The board of the class `name`, which takes `lessons`."""
    places = [_place(seat, lessons, now) for seat in seats]
    return Board(
        name,
        now,
        places,
        [_row(places, lesson) for lesson in lessons],
        recent.failing_exercises(seats, now)[:TOP],
        recent.failing_codes(seats, now)[:TOP],
        recent.sure_and_wrong(seats)[:TOP],
        gains([seat.record for seat in seats]),
        notices,
    )


def parts(board: Board, label: Callable[[Learner], str]) -> dict[str, str]:
    """The parts of the page that change, as HTML, by their ids."""
    module = templates().get_template("board_parts.html").make_module({"most": MOST_STUCK})
    return {name: str(getattr(module, name)(board, label)) for name in PARTS}


def _place(seat: Seat, lessons: Sequence[str], now: float) -> Place:
    state = recent.state(seat, lessons, now)
    return Place(seat, state, recent.stuck(seat, now) if state == "stuck" else None)


def _row(places: Sequence[Place], lesson: str) -> LessonRow:
    done = here = left = still_open = 0
    for place in places:
        record = place.seat.record
        state = record.lessons.get(lesson)
        is_there = record.at == lesson and place.state in ("working", "stuck")
        here += is_there
        done += state == "done" and not is_there
        still_open += record.is_open(lesson) and not is_there
        left += state == "begun" and not is_there
    return LessonRow(lesson, here, done, left, still_open)
