"""`dialtone class leave`: go back to a local service of your own."""

from __future__ import annotations

import os

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import visible
from dialtone_kit.base.private_files import shown
from dialtone_kit.local import kept, seat


@click.command
def command() -> None:
    """Go back to a local service of your own, and forget your session file.

    Credentials that the class's service issued stay here. To remove them and everything else that
    the kit keeps, run `dialtone purge` before this.

    \b
    Example: dialtone class leave
    """
    issued = _issued()
    left = seat.leave()
    click.echo(
        "You left the class: lessons use your own local service."
        if left
        else "You hadn't joined a class here."
    )
    if left and issued:
        click.echo("Credentials of the class's service stay. If you don't go back, delete them:")
        for one in issued:
            click.echo(f"  {visible(shown(one.path), keep='')}")
    if os.environ.get(seat.VARIABLE):
        click.echo(f"{seat.VARIABLE} still names a session file: unset it.")


def _issued() -> list[kept.Kept]:
    """What the class's service issued; nothing if it isn't known which that is."""
    try:
        joined = seat.read_seat()
    except DialtoneError:
        return []
    return kept.issued_by(joined) if joined is not None else []
