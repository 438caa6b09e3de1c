"""`dialtone stop`: stops the local service."""

from __future__ import annotations

import click

from dialtone_kit.local import leftovers, service
from dialtone_kit.local.running import Absent, look


@click.command
def command() -> None:
    """Stop the local service, even if it hangs. Credentials and progress are kept.

    Folders that a killed `dialtone run` left behind are removed too.

    \b
    Example: dialtone stop
    """
    ended = service.stop()
    click.echo("The local service has stopped." if ended else _nothing_ended())
    removed = leftovers.remove_all()
    if removed:
        click.echo(f"Removed what a killed `dialtone run` left: {', '.join(map(str, removed))}")


def _nothing_ended() -> str:
    """That there was none, and who is on its port if anyone is."""
    found = look()
    if isinstance(found, Absent) and found.kind != "nothing":
        return f"No local service was running. {found.why}"
    return "No local service was running."
