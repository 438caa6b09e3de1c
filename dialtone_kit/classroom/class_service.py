"""What the board and the reports ask of the class service: the events that learners shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.address import trainer_of
from dialtone_kit.classroom.seats import TRAINER_FILE
from dialtone_kit.classroom.session import Session
from dialtone_kit.local.control_call import call
from dialtone_kit.local.record import Record

EVENTS = "/mock/class/events"
_NO_ROWS = (LookupError, TypeError, ValueError, AttributeError)


class ServiceAway(DialtoneError):
    """The class service can't be asked; the message is one line that says what to do."""


@dataclass(frozen=True)
class Row:
    """An event that the learner in `seat` shared; `id` is its number at the service."""

    id: int
    seat: int
    event: Mapping[str, Any]
    received_at: str | None = None


def class_service(session: Session) -> Record | None:
    """Where the service of a class is; None if it never ran. Raises DialtoneError."""
    return trainer_of(session) if (session.folder / TRAINER_FILE).exists() else None


def shared_events(service: Record, after: int) -> list[Row]:
    """A page of what learners shared, oldest first: what is newer than number `after`.

    The service has to prove who it is first. Raises ServiceAway.
    """
    try:
        return _rows(call(service, "GET", EVENTS, query={"after": after}), after)
    except (DialtoneError, *_NO_ROWS):
        raise ServiceAway(
            f"The class service at {service.base_url} doesn't answer as it should, so what "
            "learners share isn't here yet. Is `dialtone class serve` running?"
        ) from None


def _rows(body: Mapping[str, Any], after: int) -> list[Row]:
    """The rows of a page, each newer than the one before. Raises one of _NO_ROWS."""
    rows = [
        Row(row["id"], row["seat"], dict(row["event"]), row.get("received_at"))
        for row in body["events"]
    ]
    numbers = [after, *(row.id for row in rows)]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise ValueError("not in order")
    return rows
