"""`dialtone class join`: use the service of your class."""

from __future__ import annotations

from pathlib import Path

import click

from dialtone_kit.base.masking import visible
from dialtone_kit.local import place, seat
from dialtone_kit.local.record import Record

TRAINERS = (
    "From here on `dialtone audit`, `inbox`, `rotate-keys` and `doctor` are about the class's "
    "service, too. `dialtone stop` doesn't end it. To go back: dialtone class leave"
)


@click.command
@click.argument("session", type=click.Path(path_type=Path))
def command(session: Path) -> None:
    """Use your class's service for the lessons: SESSION is the file that your trainer gave you.

    It's copied to the kit's folder, readable by you alone. Keep it to yourself: it holds the token
    of your seat.

    \b
    Example: dialtone class join session.json
    """
    joined = seat.join(session)
    click.echo(visible(f"{_place(joined)} in {joined.class_name}, at {joined.base_url} ."))
    place.ensure()
    click.echo('It answers. Open a lesson: base_url = "mock" leads there from now on.')
    if joined.seat is None:
        click.echo(TRAINERS)


def _place(joined: Record) -> str:
    return f"You have seat {joined.seat}" if joined.seat else "You have the trainer's place"
