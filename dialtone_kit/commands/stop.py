"""`dialtone stop`: the end of the local service."""

from __future__ import annotations

import click

from dialtone_kit.local import service


@click.command
def command() -> None:
    """End the local service, also one that hangs. Credentials and progress stay.

    \b
    Example: dialtone stop
    """
    ended = service.stop()
    click.echo("The local service has ended." if ended else "No local service was running.")
