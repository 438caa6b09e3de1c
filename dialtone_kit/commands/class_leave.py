"""`dialtone class leave`: go back to a local service of your own."""

from __future__ import annotations

import os

import click

from dialtone_kit.local import seat


@click.command
def command() -> None:
    """Go back to a local service of your own, and forget your session file.

    \b
    Example: dialtone class leave
    """
    left = seat.leave()
    click.echo(
        "You left the class: lessons use your own local service."
        if left
        else "You hadn't joined a class here."
    )
    if os.environ.get(seat.VARIABLE):
        click.echo(f"{seat.VARIABLE} still names a session file: unset it.")
