"""What `dialtone doctor` looks at last: whether the service answers, and the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dialtone_kit.base.errors import DialtoneError, ServiceError
from dialtone_kit.base.finding import Finding
from dialtone_kit.base.reason import sentence
from dialtone_kit.local import place


def reach(base_url: str) -> Iterator[Finding]:
    """Whether the service answers, and how far our clock is from its own."""
    with _found(base_url) as (url, ca_file):
        if url is None:
            yield Finding(True, "Reachability", "not checked: the service doesn't run")
        else:
            yield from _reached(url, ca_file)


def _reached(url: str, ca_file: Path | None) -> Iterator[Finding]:
    import httpx

    from dialtone_kit.client.identity import IdentityClient

    client = IdentityClient(url, ca_file=ca_file, max_wait=0, timeout=10.0, sleep=lambda _: None)
    dates: list[tuple[str, float]] = []

    def note(response: httpx.Response) -> None:
        dates.append((response.headers.get("Date", ""), time.time()))

    client.http.event_hooks["response"].append(note)
    try:
        client.discover()
        client.jwks()  # these come from its database, the document doesn't
        text = f"{client.issuer} answers with its discovery document and its keys"
        yield Finding(True, "Reachability", text)
    except ServiceError as refused:
        if refused.status < 500:
            raise
        text = f"{client.issuer} answers, but fails: {sentence(refused)} Is its database running?"
        yield Finding(False, "Reachability", text)
    finally:
        client.http.close()
        if dates:
            yield clock(*dates[-1])


def clock(date: str, now: float) -> Finding:
    """Our clock against the service's `Date`, which counts in whole seconds."""
    from dialtone_kit.base.times import CLOCK_SKEW
    from dialtone_kit.client.responses import http_date
    from dialtone_kit.rules import WINDOW

    theirs = http_date(date)
    if theirs is None:
        return Finding(True, "Clock", "the service sends no Date, so it can't be compared")
    ahead = now - theirs
    # Date is in whole seconds: up to 1 s more may be no skew.
    if -WINDOW <= ahead <= CLOCK_SKEW + 1:
        return Finding(True, "Clock", f"within {abs(ahead):.0f} s of the service's")
    side = "ahead of" if ahead > 0 else "behind"
    text = (
        f"{abs(ahead):.0f} s {side} the service's: proofs will be refused. Set it with NTP. [M06]"
    )
    return Finding(False, "Clock", text)


@contextmanager
def _found(base_url: str) -> Iterator[tuple[str | None, Path | None]]:
    """The URL to look at, None if nothing runs there, and the authority of a class's service."""
    if base_url != "mock":
        yield base_url, None
        return
    try:
        running = place.running()
    except DialtoneError:
        running = None  # of a class: seat() has said why
    if running is None or not running.record.authority:
        yield (running.base_url if running else None), None
        return
    with TemporaryDirectory() as folder:
        ca_file = Path(folder) / place.CA_FILE
        ca_file.write_text(running.record.authority, encoding="ascii")
        yield running.base_url, ca_file
