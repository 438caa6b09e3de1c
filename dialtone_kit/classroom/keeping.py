"""A reminder that the time for which a class was to be kept is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dialtone_kit.classroom.session import Session
from dialtone_kit.classroom.settings import settings_of


def time_is_up(session: Session, now: float) -> Iterator[str]:
    """A line if the class should have been ended by `now`, in Unix seconds."""
    until = settings_of(session).until
    if datetime.fromtimestamp(now).date() > until:
        yield (
            f"This class was to be kept until {until:%d %B %Y}. `dialtone class end` exports its "
            "results and deletes the rest."
        )
