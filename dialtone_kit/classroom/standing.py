"""What a learner's events add up to: where they are, their tries, slips and quiz answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from dialtone_kit.classroom.happened import Happened, standing
from dialtone_kit.lesson import catalog

PAUSE = 15 * 60  # seconds: someone who does nothing for longer isn't at work on the lesson
When = Literal["before", "during", "after"]
_OF_AN_EXERCISE = ("tried", "hinted")
_WHEN: Mapping[str | None, When] = {"pre": "before", "post": "after", None: "during"}


@dataclass(frozen=True)
class Attempts:
    """One exercise: the best outcome since the last reset, and what it took in all.

    `open_tries` are those since the last reset while it isn't right; `code` is that of the last
    wrong try; `seconds` is the time spent before each try and hint.
    """

    outcome: str = "not tried"
    code: str = ""
    tries: int = 0
    open_tries: int = 0
    hints: int = 0
    right_at_once: bool = False
    seconds: float = 0


@dataclass(frozen=True)
class Slip:
    """A wrong answer: before the lessons, in them or after. `code` may be ""."""

    at: float
    code: str
    when: When
    sure: bool


@dataclass(frozen=True)
class Answer:
    """The first answer to an item of the quiz before or after the lessons."""

    right: bool
    sure: bool
    form: str


@dataclass(frozen=True)
class Record:
    """A learner. `lessons` has the state of each one they opened, `seconds` the time in it.

    `at` is where they are now: the lesson of the last event, "" if there is none. `ended` is
    whether that event was the end of the lesson.
    """

    at: str = ""
    last: float = 0  # Unix seconds
    ended: bool = False
    lessons: Mapping[str, Literal["begun", "done"]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    exercises: Mapping[str, Attempts] = field(default_factory=dict)
    slips: tuple[Slip, ...] = ()
    before: Mapping[str, Answer] = field(default_factory=dict)  # by pair
    after: Mapping[str, Answer] = field(default_factory=dict)
    tries: tuple[Happened, ...] = ()

    @property
    def done(self) -> int:
        """How many lessons were run to their end."""
        return sum(state == "done" for state in self.lessons.values())

    def is_open(self, number: str) -> bool:
        """Whether a lesson was run to its end, and one of its core exercises isn't right."""
        core = [one.id for one in catalog.exercises(number) if one.level == "core"]
        right = {name for name, one in self.exercises.items() if one.outcome == "right"}
        return self.lessons.get(number) == "done" and not right.issuperset(core)

    @property
    def open(self) -> int:
        """How many lessons were run to their end with a core exercise that isn't right."""
        return sum(map(self.is_open, self.lessons))

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(one.outcome == "right" for one in self.exercises.values())

    @property
    def minutes(self) -> float:
        """The minutes spent in lessons."""
        return sum(self.seconds.get(number, 0) for number in self.lessons) / 60

    @property
    def sure_and_wrong(self) -> int:
        """How many wrong answers the learner was sure of."""
        return sum(slip.sure for slip in self.slips)


def record_of(events: Sequence[Happened]) -> Record:
    """The record by `events`, oldest first."""
    if not events:
        return Record()
    current, spent = standing(events), _spent(events)
    every, now = _by_exercise(events), _by_exercise(current)
    return Record(
        at=events[-1].lesson,
        last=events[-1].at,
        ended=events[-1].kind == "done",
        lessons=_lessons(current),
        seconds=spent,
        exercises={
            name: _attempts(of, now.get(name, ()), spent.get(name, 0)) for name, of in every.items()
        },
        slips=tuple(_slips(events)),
        before=_answers(events, "pre"),
        after=_answers(events, "post"),
        tries=tuple(event for event in events if event.is_try),
    )


def _lessons(current: Sequence[Happened]) -> dict[str, Literal["begun", "done"]]:
    finished = {event.lesson for event in current if event.kind == "done"}
    return {e.lesson: "done" if e.lesson in finished else "begun" for e in current}


def _spent(events: Sequence[Happened]) -> dict[str, float]:
    """Seconds by lesson, from event to event, and by exercise, up to each try and hint.

    A pause counts as no time.
    """
    spent = defaultdict[str, float](float)
    for earlier, later in pairwise(events):
        passed = later.at - earlier.at
        if earlier.lesson != later.lesson or passed > PAUSE:
            continue
        spent[later.lesson] += passed
        if later.kind in _OF_AN_EXERCISE and later.id:
            spent[later.id] += passed
    return dict(spent)


def _by_exercise(events: Sequence[Happened]) -> dict[str, list[Happened]]:
    found: dict[str, list[Happened]] = {}
    for event in events:
        if event.kind in _OF_AN_EXERCISE and event.id:
            found.setdefault(event.id, []).append(event)
    return found


def _attempts(every: Sequence[Happened], now: Sequence[Happened], seconds: float) -> Attempts:
    """By all events of an exercise, and by those since its last reset."""
    counted = [event for event in every if event.is_try]
    is_right = any(event.outcome == "right" for event in now)
    wrong = [event.code or "" for event in now if event.outcome == "wrong"]
    latest = [event.outcome for event in now if event.outcome is not None]
    return Attempts(
        outcome="right" if is_right else latest[-1] if latest else "not tried",
        code=wrong[-1] if wrong and not is_right else "",
        tries=len(counted),
        open_tries=0 if is_right else sum(event.is_try for event in now),
        hints=sum(event.kind == "hinted" for event in every),
        right_at_once=bool(counted) and counted[0].outcome == "right",
        seconds=seconds,
    )


def _slips(events: Sequence[Happened]) -> Iterator[Slip]:
    """Wrong tries, and questions whose first answer was wrong."""
    asked = set[tuple[str | None, str | None]]()
    for event in events:
        if event.kind in ("predicted", "quizzed"):
            question = event.id, event.asked
            if question in asked:
                continue
            asked.add(question)
        if event.is_wrong:
            yield Slip(event.at, event.code or "", _WHEN[event.asked], event.sure)


def _answers(events: Sequence[Happened], asked: str) -> dict[str, Answer]:
    """The first answers to the quiz that was `asked` "pre" or "post", by pair."""
    found: dict[str, Answer] = {}
    for event in events:
        if event.kind == "quizzed" and event.asked == asked and event.pair:
            answer = Answer(event.right is True, event.sure, event.form or "")
            found.setdefault(event.pair, answer)
    return found
