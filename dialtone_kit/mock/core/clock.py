"""The one source of time. Each realm has its own offset, so a lesson can move its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from dialtone_kit.mock.core.settings import Realm

# Seconds that a used or revoked thing is remembered beyond its own end: the machine's clock may be
# set back by as much without making it usable again.
MARGIN = 300


def now(realm: Realm) -> float:
    """The time in `realm`, in Unix seconds."""
    return time.time() + realm.offset


def machine_now() -> float:
    """The machine's time in Unix seconds, for housekeeping that no lesson may influence."""
    return time.time()


class Housekeeping:
    """The time by which things are forgotten: the machine's, without its steps forward.

    A clock that jumps ahead may be set back, and then what was used or revoked must still be known.
    After a machine's sleep it lags behind, so things are kept longer; a restart ends that.
    """

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed, self._began = elapsed, machine_now() - elapsed()

    def now(self) -> float:
        """Unix seconds: never later than the machine's clock, never faster than real time."""
        return min(machine_now(), self._began + self._elapsed())


def rfc3339(moment: float) -> str:
    """`moment` (Unix seconds) in the format used outside JWTs: RFC 3339, UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def readable(moment: float) -> str:
    """`moment` (Unix seconds) as shown to people: 2026-01-31 12:00:00 UTC."""
    return rfc3339(moment).replace("T", " ").replace("Z", " UTC")
