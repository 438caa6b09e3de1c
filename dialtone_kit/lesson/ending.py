"""How a lesson ended: skills, predictions next to what happened, minutes, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.catalog import Notebook
from dialtone_kit.lesson.estimates import Expected, expected
from dialtone_kit.lesson.events import Event
from dialtone_kit.lesson.progress import Progress, Standing
from dialtone_kit.lesson.questions import Seen, Skill
from dialtone_kit.widgets.choices import Pick, Question
from dialtone_kit.wire.record import RoundTrip

PAUSE = 600  # seconds without an event: longer is a break and is not counted


@dataclass(frozen=True)
class Reached:
    """A skill, and the exercise it still needs, if any."""

    text: str
    missing: Standing | None


@dataclass(frozen=True)
class Predicted:
    """A prediction: what the learner said, if anything, and what happened."""

    item: Question
    pick: Pick | None
    fact: str  # what this run has shown of it, or nothing

    @property
    def said(self) -> str:
        """The text of the choice that was picked."""
        return self.item.choices[self.pick.choice].text if self.pick is not None else ""

    @property
    def rank(self) -> int:
        """How much of a surprise it was: 0 for sure and wrong, 4 for one never answered."""
        if self.pick is None:
            return 4
        sure = self.pick.confidence == "sure"
        return (3 if sure else 2) if self.pick.right else (0 if sure else 1)


@dataclass(frozen=True)
class Ending:
    """A completed lesson. `seconds` is None when the record has no start."""

    number: str
    question: str
    seconds: float | None
    skills: Sequence[Reached]
    predictions: Sequence[Predicted]
    estimates: Sequence[Expected]
    following: Notebook | None


def ending(number: str, progress: Progress, trips: Iterable[RoundTrip]) -> Ending:
    """How lesson `number` ended, from its record and the requests it sent in this run."""
    asked, sent = catalog.questions(number), list(trips)
    predictions = [
        Predicted(item, _first(progress, item), _fact(asked.seen.get(name), sent))
        for name, item in asked.predictions.items()
    ]
    return Ending(
        number,
        next((book.question for book in catalog.notebooks() if book.number == number), ""),
        seconds_spent(number, progress.events()),
        [_reached(skill, progress) for skill in asked.skills],
        sorted(predictions, key=lambda prediction: prediction.rank),
        expected(number, progress),
        next((book for book in catalog.notebooks() if book.number > number), None),
    )


def seconds_spent(number: str, events: Iterable[Event]) -> float | None:
    """How long the last run of lesson `number` took, from opened to done.

    A gap between two events counts towards the lesson of the later one, and not at all if it is
    longer than PAUSE. None if there is no such run.
    """
    spent: float | None = None
    total, running, before = 0.0, False, None
    for event in events:
        at = _moment(event)
        if event["lesson"] == number:
            if event["kind"] == "opened" and not running:
                total, running = 0.0, True
            elif running and at is not None and before is not None and 0 <= at - before <= PAUSE:
                total += at - before
            if running and event["kind"] == "done":
                spent, running = total, False
        before = at
    return spent


def _moment(event: Event) -> float | None:
    try:
        return datetime.fromisoformat(event["at"]).timestamp()
    except ValueError:
        return None  # an event of 0.1 may have no time


def _first(progress: Progress, item: Question) -> Pick | None:
    pick = progress.prediction(item.id)
    return pick if pick is not None and pick.choice in range(len(item.choices)) else None


def _reached(skill: Skill, progress: Progress) -> Reached:
    standings = (progress.exercise(name) for name in skill.exercises)
    return Reached(skill.text, next((one for one in standings if one.outcome != "right"), None))


def _fact(seen: Seen | None, trips: Iterable[RoundTrip]) -> str:
    if seen is None or not any(_shows(trip, seen) for trip in trips):
        return ""
    answer = f"{seen.status}" + (f", with “{seen.text}”" if seen.text else "")
    return f"`{seen.method} {seen.path}` was answered {answer}."


def _shows(trip: RoundTrip, seen: Seen) -> bool:
    path = urlsplit(trip.url).path
    text = trip.response.body if trip.response is not None else ""
    return (
        (trip.method, trip.status) == (seen.method, seen.status)
        and path.endswith(seen.path)
        and seen.text in text
    )
