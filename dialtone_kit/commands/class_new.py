"""`dialtone class new`: a class from a roster, and late learners into a class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dialtone_kit.base.masking import masked, visible
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.in_use import SERVICE
from dialtone_kit.classroom.links import Links
from dialtone_kit.classroom.listed import FEW, learners, seats
from dialtone_kit.classroom.making import LINKS, Made, differs, link_of, make, update
from dialtone_kit.classroom.roster import BadRoster, read_roster
from dialtone_kit.classroom.seats import HAND_OUT
from dialtone_kit.classroom.session import SETTINGS, Learner
from dialtone_kit.classroom.settings import KEEP_DAYS, LONGEST_KEPT, settings_of
from dialtone_kit.commands.options import CLASS, YES, require_a_terminal
from dialtone_kit.commands.signals import end_in_order
from dialtone_kit.local import process


@click.command
@click.argument("roster", type=click.Path(path_type=Path))
@CLASS
@click.option("--name", help="The class's name; default: the folder's.")
@click.option("--lesson", "lessons", multiple=True, metavar="NN", help="Repeatable; default: all.")
@click.option(
    "--keep-days",
    type=click.IntRange(1, LONGEST_KEPT),
    help=f"How long you mean to keep personal data; default: {KEEP_DAYS}.",
)
@click.option("--hub", metavar="URL", help="A JupyterHub: each learner gets a link to it.")
@click.option("--repository", metavar="URL", help="Lessons that nbgitpuller brings to the hub.")
@click.option("--branch", help="The branch of the repository; default: its own default.")
@click.option("--remove", is_flag=True, help="Take out learners who aren't in the roster; asks.")
@YES
def command(roster: Path, folder: Path, remove: bool, yes: bool, **options: Any) -> None:
    """Make a class from ROSTER, a CSV file with names and email addresses.

    FOLDER (default: dialtone-class) gets the settings, and for each learner a seat and papermill's
    parameters. If it's a class already, learners who are new in ROSTER are added, and everything
    else stays.

    \b
    Example: dialtone class new roster.csv
             dialtone class new roster.csv spring --lesson 01 --lesson 02
    """
    end_in_order()
    try:
        people = read_roster(roster)
    except BadRoster as bad:
        for problem in bad.problems:
            click.echo(masked(problem), err=True)
        raise
    if people.remark:
        click.echo(visible(people.remark))
    folder, given = folder.resolve(), _given(**options)
    if os.path.lexists(folder):
        made = update(folder, people, given, lambda missing: remove and _confirmed(missing, yes))
        _report_update(made)
        if differs(made.session, given):
            click.echo(f"Settings stay as they are in {SETTINGS}. Edit that file to change them.")
    else:
        made = make(folder, people, given)
    _report(made)


def _given(
    name: str | None,
    lessons: Sequence[str],
    keep_days: int | None,
    hub: str | None,
    repository: str | None,
    branch: str | None,
) -> dict[str, Any]:
    """The settings that were chosen on the command line."""
    given: dict[str, Any] = {}
    if name is not None:
        given["name"] = name
    if lessons:
        given["lessons"] = tuple(sorted({lesson.zfill(2) for lesson in lessons}))
    if keep_days is not None:
        given["keep_days"] = keep_days
    if hub or repository or branch:
        given["links"] = Links(hub or "", repository or "", branch or "")
    return given


def _confirmed(missing: Sequence[Learner], yes: bool) -> bool:
    if yes:
        return True
    require_a_terminal("--remove")
    return click.confirm(f"Delete {_seats(missing)}, with all notebooks and results there?")


def _report(made: Made) -> None:
    settings, count = settings_of(made.session), len(made.session.learners)
    where, link = shown(made.session.folder), link_of(settings)
    lessons = settings.lessons
    numbers = ", ".join(lessons) if len(lessons) <= FEW else f"{lessons[0]} to {lessons[-1]}"
    click.echo(f"{where}: {learners(count)}, lessons {numbers}.")
    click.echo(
        "It has names and addresses, readable by you alone. You keep them until "
        f"{settings.until:%d %B %Y} ({SETTINGS}: keep_days = {settings.keep_days}). "
        "`dialtone class end` exports the results and deletes everything."
    )
    if link:
        click.echo(
            f"Each learner's link is in {LINKS}, ready for a mail merge. Try it once: {link}"
        )
    click.echo("Next: dialtone class ready")


def _report_update(made: Made) -> None:
    """One line for each thing that changed, or was left as it is."""
    for name in made.mended:
        click.echo(f"Made again, as it was lost: {visible(name)}.")
    if made.new:
        click.echo(f"Added {learners(len(made.new))}: {_seats(made.new)}. All others keep theirs.")
        if process.running(made.session.folder / SERVICE) is not None:
            click.echo(f"The service that runs makes their session files: see {HAND_OUT}.")
    else:
        click.echo("No one in the roster is new.")
    if made.renamed:
        click.echo(f"Names changed: {made.renamed}.")
    if made.removed:
        click.echo(
            f"Removed, with what was theirs: {_seats(made.removed)}. An empty folder of each "
            "stays, so that nobody else gets the seat."
        )
    elif made.missing:
        click.echo(
            f"Not in the roster any more: {_seats(made.missing)}. They stay; add --remove to take "
            "them out."
        )
    for old, new in made.twice:
        click.echo(
            f"Seat {new.seat} has the same name as seat {old.seat}. If you corrected an address, "
            f"run this again with --remove: it deletes seat {old.seat}."
        )


def _seats(these: Sequence[Learner]) -> str:
    return seats([learner.seat for learner in these])
