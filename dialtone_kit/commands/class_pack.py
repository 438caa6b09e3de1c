"""`dialtone class pack`: the kit and its lessons for rooms without internet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.listed import named
from dialtone_kit.classroom.pack_lessons import edited_lessons
from dialtone_kit.classroom.packing import ROOT, pack
from dialtone_kit.classroom.pip import build_kit, run_pip
from dialtone_kit.classroom.targets import targets_of
from dialtone_kit.commands.lab import notebooks_dir
from dialtone_kit.commands.signals import end_in_order

DEFAULT_PACK = Path("dialtone-pack.zip")


@click.command
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_PACK,
    show_default=True,
    help="The archive to make.",
)
@click.option("--solutions", is_flag=True, help="Pack the solution notebooks, too.")
@click.option(
    "--python-version",
    "pythons",
    multiple=True,
    metavar="3.N",
    help="All of 3.N, or 3.N.M and later; repeatable; default: yours, from 3.N.0.",
)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="TAG",
    help="Such as manylinux_2_28_x86_64 or macosx_12_0_arm64; repeatable; default: yours.",
)
def command(
    output: Path, solutions: bool, pythons: Sequence[str], platforms: Sequence[str]
) -> None:
    """Make one archive that installs the kit and its lessons without internet.

    It asks your package index while it's being made. It has no personal data in it.

    \b
    Example: dialtone class pack
             dialtone class pack --platform manylinux_2_28_x86_64 --python-version 3.12
    """
    end_in_order()
    targets = targets_of(pythons, platforms)
    notebooks = notebooks_dir()
    changed = edited_lessons(notebooks)
    if changed:
        names = named(changed)
        click.echo(f"Your changes since the last commit are packed, too: {names}. If these are")
        click.echo("your own answers, undo them first: git restore notebooks")
    machines = ", ".join(f"Python {one.python} on {one.system} {one.machine}" for one in targets)
    click.echo(f"Collecting the packages for {machines}. This takes a minute or two for each.")
    size = pack(
        notebooks,
        output.resolve(),
        targets,
        solutions=solutions,
        pip=run_pip,
        build=build_kit,
    )
    click.echo(f"{shown(output)}: {size / 1e6:.0f} MB.")
    click.echo(f"Learners unpack it, then run: sh {ROOT}/install.sh")
