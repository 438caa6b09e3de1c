"""`dialtone class ready`: before the day, on the trainer's machine and on each learner's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.finding import Finding
from dialtone_kit.classroom import drift, pack_check, readiness
from dialtone_kit.classroom.address import trainer_of
from dialtone_kit.classroom.in_use import SERVICE
from dialtone_kit.classroom.machine import this_machine
from dialtone_kit.classroom.session import NoSession, open_session
from dialtone_kit.commands.class_pack import DEFAULT_PACK
from dialtone_kit.commands.doctor import examine, show
from dialtone_kit.commands.doctor_service import class_policies
from dialtone_kit.commands.lab import notebooks_dir
from dialtone_kit.commands.options import CLASS
from dialtone_kit.local import process
from dialtone_kit.local.seat import read_seat

_FILE = click.Path(path_type=Path)


@click.command
@CLASS
@click.option("--here", is_flag=True, help="Check a learner's machine; prints a line to send back.")
@click.option(
    "--seat",
    type=click.IntRange(1, 999_999),
    help="With --here: your seat, until you join.",
)
@click.option(
    "--compare", "lines", multiple=True, type=_FILE, help="Compare the lines in a file; repeatable."
)
@click.option("--pack", type=_FILE, help=f"The pack to check; default: {DEFAULT_PACK}.")
def command(
    folder: Path, here: bool, seat: int | None, lines: tuple[Path, ...], pack: Path | None
) -> int:
    """Check that a class can begin; each line says ok or what to do. Exit code 1 if one doesn't.

    On your machine it checks the class in FOLDER (default: dialtone-class). Learners run it with
    --here and send you the last line. With --compare it shows whose machine differs.

    \b
    Example: dialtone class ready
             dialtone class ready --here --seat 12
             dialtone class ready --compare answers.txt
    """
    if here:
        return _here(seat)
    if lines:
        return 1 if show(drift.compared(drift.collected(lines), _seats_in(folder))) else 0
    wrong = show(_findings(folder, pack))
    click.echo("\nOn each learner's machine: dialtone class ready --here --seat NUMBER")
    click.echo("Where the kit isn't installed yet, unpack the pack there: python3 check.py")
    click.echo("Save the lines that come back: dialtone class ready --compare FILE")
    return 1 if wrong else 0


def _here(seat: int | None) -> int:
    wrong = show(examine())
    seat = seat or _seat_joined()
    click.echo("\nSend this line to your trainer:")
    click.echo(str(this_machine(wrong, seat)))
    return 1 if wrong else 0


def _seat_joined() -> int | None:
    """The seat in the session file, if there is a good one."""
    try:
        mine = read_seat()
    except DialtoneError:
        return None  # it's among the findings
    return mine.seat if mine else None


def _findings(folder: Path, pack: Path | None) -> Iterator[Finding]:
    yield from examine()
    try:
        session = open_session(folder)
        yield from readiness.examine(session, notebooks_dir(), date.today())
        if process.running(session.folder / SERVICE) is not None:
            yield class_policies(trainer_of(session))
    except DialtoneError as problem:
        yield Finding(False, "Class", str(problem))
    if pack is not None or DEFAULT_PACK.exists():
        yield pack_check.wheelhouse(pack or DEFAULT_PACK)
    else:
        yield Finding(True, "Pack", "none; for a room without internet, run `dialtone class pack`")


def _seats_in(folder: Path) -> list[int]:
    """The seats to expect lines from; none when there is no class here."""
    try:
        return [learner.seat for learner in open_session(folder).learners]
    except NoSession:
        return []
