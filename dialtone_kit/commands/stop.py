"""`dialtone stop`: stops the local service."""

from __future__ import annotations

import click

from dialtone_kit.local import leftovers, service


@click.command
def command() -> None:
    """Stop the local service, even if it hangs. Credentials and progress are kept.

    Folders that a killed `dialtone run` left behind are removed too.

    \b
    Example: dialtone stop
    """
    ended = service.stop()
    click.echo("The local service has stopped." if ended else "No local service was running.")
    removed = leftovers.remove_all()
    if removed:
        click.echo(f"Removed what a killed `dialtone run` left: {', '.join(map(str, removed))}")
