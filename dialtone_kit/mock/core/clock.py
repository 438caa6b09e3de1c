"""The one source of time. Each realm has its own offset, so that a lesson can travel alone."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from dialtone_kit.mock.core.settings import Realm


def now(realm: Realm) -> float:
    """Unix seconds as `realm` sees them."""
    return time.time() + realm.offset


def machine_now() -> float:
    """Unix seconds of the machine: for housekeeping, which no lesson may move."""
    return time.time()


def rfc3339(moment: float) -> str:
    """`moment` (Unix seconds) as it stands on the wire outside JWTs: RFC 3339, UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def readable(moment: float) -> str:
    """The same for people."""
    return rfc3339(moment).replace("T", " ").replace("Z", " UTC")
