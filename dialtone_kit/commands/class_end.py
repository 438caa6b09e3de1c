"""`dialtone class end`: the results of a class are put aside, and its learners' data deleted."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import visible
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.classroom import ending
from dialtone_kit.classroom.collecting import collect
from dialtone_kit.classroom.in_use import StillUsed
from dialtone_kit.classroom.reporting import make_report
from dialtone_kit.classroom.results import export, usable_target
from dialtone_kit.classroom.session import open_session
from dialtone_kit.commands.options import CLASS, YES, require_a_terminal
from dialtone_kit.commands.signals import end_in_order

NAMELESS = (
    "They are by seat and without names, and the list of who sat where goes. Add --keep-names if "
    "you still have to tell anyone their result."
)


@click.command
@CLASS
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="A new folder for the results; default: FOLDER-results, next to that of the class.",
)
@click.option("--keep-names", is_flag=True, help="Leave names in the results, next to the seats.")
@YES
def command(folder: Path, target: Path | None, keep_names: bool, yes: bool) -> int:
    """Put the results of a class aside, then delete what else it has about learners.

    The results are the report, its tables, and the events of each seat. The rest goes: names,
    addresses, notebooks, progress, keys, and the class service's database. It asks first. If it's
    interrupted, run it again.

    \b
    Example: dialtone class end
             dialtone class end spring --to ~/results/spring --yes
    """
    end_in_order()
    if not yes:
        require_a_terminal("end")
    if ending.results_of(folder) is None:
        open_session(folder)
    try:
        with ending.alone(folder):
            return _end(folder, target, keep_names=keep_names, yes=yes)
    except StillUsed:
        _collect_first(folder)
        raise


def _end(folder: Path, target: Path | None, *, keep_names: bool, yes: bool) -> int:
    results = ending.results_of(folder)
    if results is None:
        results = usable_target(target or _beside(folder), folder)
        click.echo(f"Results go to: {_path(results)}")
        if not keep_names:
            click.echo(NAMELESS)
    else:
        click.echo(f"Results are in: {_path(results)}")
    _show(folder)
    if not yes and not click.confirm("Go on?"):
        click.echo("Nothing was deleted.")
        return 0
    if ending.results_of(folder) is None:
        _export(folder, results, names=keep_names)
    return _delete(folder)


def _export(folder: Path, target: Path, *, names: bool) -> None:
    ending.note_results(folder, target, complete=False)
    report = make_report(open_session(folder), time.time(), final=True)
    export(report, target, names=names)
    ending.note_results(folder, target, complete=True)
    click.echo(f"Written: {_path(target)}")
    for line in report.remarks:
        click.echo(line)


def _delete(folder: Path) -> int:
    """Delete what goes. Raises DialtoneError when something can't be deleted."""
    try:
        for one in ending.delete(folder):
            click.echo(f"Gone: {_path(one.path)}")
    except (OSError, DialtoneError) as problem:
        why = sentence(f"Something is still there: {cause(problem)}")
        raise DialtoneError(f"{why} Fix that, and run this again.") from None
    return 0


def _show(folder: Path) -> None:
    click.echo("Goes:")
    for one in ending.going(folder):
        click.echo(f"  {_path(one.path)}  {visible(one.what)}")
    staying = ending.staying(folder)
    if staying:
        click.echo("Stays, since no command of a class made it; is it about learners?")
        for path in staying:
            click.echo(f"  {_path(path)}")
    click.echo("Can't be reached from here:")
    for line in ending.out_of_reach(folder):
        click.echo(f"  {visible(line)}")
    collected = ending.last_collected(folder)
    if collected:
        click.echo(
            f"What learners shared with the class service was last collected: {collected}. To keep "
            "what came later, run `dialtone class serve` and `dialtone class report` first."
        )


def _collect_first(folder: Path) -> None:
    """While the class service still runs, what learners shared can be had."""
    with suppress(DialtoneError, OSError):
        if new := collect(open_session(folder)):
            click.echo(f"Collected from the class service: {new} new events.", err=True)


def _beside(folder: Path) -> Path:
    whole = folder.absolute()
    return whole.with_name(f"{whole.name}-results")


def _path(path: Path) -> str:
    return visible(shown(path), keep="")
