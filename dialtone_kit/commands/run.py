"""`dialtone run`: the lessons, unattended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dialtone_kit.classroom.running.parameters import BadParameters, Parameters
from dialtone_kit.commands.lab import notebooks_dir
from dialtone_kit.commands.options import require_home
from dialtone_kit.commands.run_lessons import select
from dialtone_kit.commands.signals import end_in_order


@click.command
@click.option(
    "--lesson", "lessons", multiple=True, metavar="NN", help="Run one lesson; repeatable."
)
@click.option("--solutions", is_flag=True, help="Run the solution notebooks.")
@click.option("--base-url", default="mock", show_default=True, help="The service to talk to.")
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dialtone-run"),
    show_default=True,
    help="Folder for the executed copies.",
)
def command(
    lessons: Sequence[str],
    solutions: bool,
    base_url: str,
    pairs: Sequence[tuple[str, str]],
    output: Path,
) -> int:
    """Run the lessons unattended. The exit code is 1 if one did not pass.

    \b
    Example: dialtone run --lesson 03 --solutions -p client_name courier
    """
    from dialtone_kit.commands.run_table import run_and_show

    require_home()
    end_in_order()
    folder = notebooks_dir() / "solutions" if solutions else notebooks_dir()
    given = dict(pairs)
    parameters = Parameters(given.pop("base_url", base_url), given)
    try:
        chosen = select(folder, lessons)
        return run_and_show(chosen, output / "solutions" if solutions else output, parameters)
    except BadParameters as refused:
        raise click.UsageError(str(refused)) from None
