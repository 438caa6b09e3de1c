"""`dialtone audit`: the audit trail as lines of JSON, up to now or as it grows."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.service import LocalService

PAGE = 200
PAUSE = 0.5  # seconds between two looks at a trail that is followed


def events(
    realm: str | None = None,
    client_id: str | None = None,
    *,
    follow: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """One JSON object for each event, oldest first; with `follow` without an end.

    ASCII only: nothing that stands in an event steers a terminal. Raises DialtoneError when no
    local service runs.
    """
    controls, last = Controls(_running), 0
    while True:
        page = controls.audit(realm, client_id, after=last, limit=PAGE)
        for event in page:
            last = event["id"]
            yield json.dumps(event)
        if len(page) == PAGE:
            continue
        if not follow:
            return
        sleep(PAUSE)


def close_output() -> None:
    """Let go of an output that nobody reads any more, without a complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _running() -> LocalService:
    """The service that runs. One that ended is not started again just to be asked."""
    found = service.find()
    if found is None:
        raise DialtoneError("No local service runs. Start it with `dialtone serve`, or a lesson.")
    return found
