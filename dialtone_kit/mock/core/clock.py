"""The one source of time. Each realm has its own offset, so a lesson can move its own time."""

from __future__ import annotations

import time
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


def rfc3339(moment: float) -> str:
    """`moment` (Unix seconds) in the format used outside JWTs: RFC 3339, UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def readable(moment: float) -> str:
    """`moment` (Unix seconds) as shown to people: 2026-01-31 12:00:00 UTC."""
    return rfc3339(moment).replace("T", " ").replace("Z", " UTC")
