"""One event of a learner, checked: what the board and the reports work with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dialtone_kit.lesson.events import VERSION, Event
from dialtone_kit.lesson.folding import since_reset

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
# The members that a class needs. The learner's own sentence isn't one of them.
_TEXTS = {
    "lesson": re.compile(r"[0-9]{2}"),
    "kind": re.compile(r"[a-z]{1,20}"),
    "id": _ID,
    "outcome": re.compile(r"right|wrong|not tried|can't tell"),
    "code": re.compile(r"M[0-9]{2}"),
    "confidence": re.compile(r"sure|unsure"),
    "form": re.compile(r"[AB]"),
    "pair": _ID,
    "asked": re.compile(r"pre|post"),
}
_COUNTED = ("right", "wrong", None)  # the outcomes of a try; None: by 0.1, which kept no outcome


@dataclass(frozen=True, slots=True)
class Happened:
    """An event. `at` and `seen` are in Unix seconds; `seen` is when the class service got it."""

    at: float
    lesson: str
    kind: str
    id: str | None = None
    outcome: str | None = None
    code: str | None = None
    confidence: str | None = None
    form: str | None = None
    pair: str | None = None
    asked: str | None = None
    right: bool | None = None
    seen: float | None = field(default=None, compare=False)

    @property
    def is_try(self) -> bool:
        """Whether it is a try at an exercise that counts."""
        return self.kind == "tried" and self.outcome in _COUNTED

    @property
    def is_wrong(self) -> bool:
        """Whether it is a wrong answer, to whatever was asked."""
        if self.kind == "tried":
            return self.outcome == "wrong"
        return self.kind in ("predicted", "quizzed") and self.right is False

    @property
    def sure(self) -> bool:
        """Whether the learner was sure of the answer."""
        return self.confidence == "sure"


def happened(event: Event) -> Happened | None:
    """What `event` says, or None if a member isn't what it must be."""
    at, seen, right = (event.get(name) for name in ("at", "received_at", "right"))
    when, received = _seconds(at), None if seen is None else _seconds(seen)
    if event["v"] > VERSION or when is None or (seen is not None and received is None):
        return None
    texts = {name: event[name] for name in _TEXTS if event.get(name) is not None}
    if not all(isinstance(text, str) and _TEXTS[n].fullmatch(text) for n, text in texts.items()):
        return None
    if right is not None and not isinstance(right, bool):
        return None
    return Happened(at=when, right=right, seen=received, **texts)


def standing(events: Sequence[Happened]) -> list[Happened]:
    """The events that no later reset covers."""
    rows = [{"kind": e.kind, "lesson": e.lesson, "id": e.id, "event": e} for e in events]
    return [row["event"] for row in since_reset(rows)]


def _seconds(moment: Any) -> float | None:
    """An RFC 3339 time in Unix seconds; None if it isn't one."""
    try:
        time = datetime.fromisoformat(moment)
        return time.timestamp() if time.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        return None
