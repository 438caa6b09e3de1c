"""`dialtone audit`: the audit trail as lines of JSON, up to now or as it grows."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator

import click

from dialtone_kit.commands.options import running_controls

PAGE = 200
PAUSE = 0.5  # seconds between two reads of a trail that is followed


@click.command
@click.option("--realm", help="Only events of this realm.")
@click.option("--client", metavar="CLIENT_ID", help="Only events of this client.")
@click.option("--follow", is_flag=True, help="Keep printing new events until Ctrl-C.")
def command(realm: str | None, client: str | None, follow: bool) -> None:
    """Print the local service's audit trail, the oldest event first, one JSON object a line.

    Tokens issued, decisions of policies, registrations and revocations: who, for whom, with which
    scopes and key, and which policy decided.

    \b
    Example: dialtone audit --realm acme --follow
    """
    try:
        for line in events(realm, client, follow=follow):
            click.echo(line)
    except KeyboardInterrupt:
        if not follow:
            raise
    except BrokenPipeError:  # `dialtone audit | head`: the reader has seen enough
        _close_output()


def events(
    realm: str | None = None,
    client_id: str | None = None,
    *,
    follow: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """One JSON object for each event, oldest first; with `follow` it never ends.

    ASCII only: nothing in an event can steer a terminal. Raises DialtoneError when no local service
    runs.
    """
    controls, last = running_controls(), 0
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


def _close_output() -> None:
    """Let go of an output that nobody reads any more, so that Python's exit does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
