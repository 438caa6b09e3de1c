"""`dialtone class`: everything for a trainer with a list of people."""

from __future__ import annotations

import click

from dialtone_kit.commands.group import Commands

NAMES = (
    "new",
    "ready",
    "pack",
    "run",
    "serve",
    "join",
    "leave",
    "board",
    "grade",
    "report",
    "end",
)


@click.group(cls=Commands, names=NAMES, prefix="class_")
def command() -> None:
    """Teach a class: make it from a roster, run, grade and watch its lessons.

    \b
    Example: dialtone class new roster.csv
    """
