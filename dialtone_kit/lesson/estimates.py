"""What a learner expected of themselves, and what happened: the only score that they set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialtone_kit.base.display import prose
from dialtone_kit.base.masking import escaped
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.events import Event
from dialtone_kit.lesson.folding import since_reset
from dialtone_kit.lesson.pages import table
from dialtone_kit.lesson.progress import Progress

CAPSTONE = "13.dialtone"
LATE = " (said after the first try)"


@dataclass(frozen=True)
class Expected:
    """One estimate: the question, what the learner expected ("" if nothing), what happened."""

    question: str
    said: str
    happened: str


def expected(number: str, progress: Progress) -> list[Expected]:
    """The estimates of lesson `number` next to what happened at its capstone."""
    events = [one for one in since_reset(progress.events()) if one["lesson"] == number]
    facts = {"requests": _requests, "first-code": _first_code, "minutes": _minutes}
    made = []
    for item in catalog.questions(number).estimates:
        choice = progress.estimate(item.id)
        known = choice is not None and choice in range(len(item.choices))
        said = item.choices[choice].text if choice is not None and known else ""
        said += LATE if said and _too_late(events) else ""
        made.append(Expected(item.question, said, facts[item.id.partition(".")[2]](events)))
    return made


def estimates_table(made: Sequence[Expected]) -> str:
    """The estimates as a table."""
    names = ("About you", "You said", "What happened")
    rows = [(prose(one.question), escaped(one.said) or "–", escaped(one.happened)) for one in made]
    return table("Your own estimate", names, rows, (48, 22, 30))


def _is_try(event: Event) -> bool:
    return bool(event["kind"] == "tried" and event["id"] == CAPSTONE)


def _tries(events: Sequence[Event]) -> list[Event]:
    return list(filter(_is_try, events))


def _too_late(events: Sequence[Event]) -> bool:
    """Whether the first try came before the estimate."""
    first = next((one for one in events if one["kind"] == "estimated" or _is_try(one)), None)
    return first is not None and _is_try(first)


def _first_right(events: Sequence[Event]) -> Event | None:
    return next((one for one in _tries(events) if one.get("outcome") == "right"), None)


def _requests(events: Sequence[Event]) -> str:
    first = _first_right(events)
    return f"{first['requests']}" if first and first.get("requests") else "not solved yet"


def _first_code(events: Sequence[Event]) -> str:
    first = next(iter(_tries(events)), None)
    if first is None:
        return "not solved yet"
    return "none" if first.get("outcome") == "right" else str(first.get("code") or "another")


def _minutes(events: Sequence[Event]) -> str:
    first = _first_right(events)
    asked = next((one for one in events if one["kind"] == "estimated"), None)
    if first is None or asked is None:
        return "not solved yet" if first is None else "not measured: you didn't estimate first"
    spent = datetime.fromisoformat(first["at"]) - datetime.fromisoformat(asked["at"])
    return f"{max(math.ceil(spent.total_seconds() / 60), 1)}"
