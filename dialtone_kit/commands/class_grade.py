"""`dialtone class grade`: what learners handed in, judged by the lessons' own checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dialtone_kit.base import platform
from dialtone_kit.classroom.in_use import using
from dialtone_kit.classroom.session import DEFAULT_FOLDER, SETTINGS, open_session
from dialtone_kit.commands.lab import notebooks_dir
from dialtone_kit.commands.signals import end_in_order

AS_ROOT = "You are root. Grading runs learners' code: run it as an ordinary user."


@click.command
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="[FOLDER] HANDED_IN...",
)
@click.option("--trust", is_flag=True, help="Run learners' code without a sandbox, as yourself.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Notebooks at the same time; by default 4 at most."
)
def command(paths: Sequence[Path], trust: bool, jobs: int | None) -> int:
    """Grade notebooks that learners handed in: files, folders and zip archives.

    FOLDER is the class, by default dialtone-class. The lessons' own checks decide. Learners' code
    runs in bubblewrap, without your files or the network. The exit code is 1 if a notebook wasn't
    graded.

    \b
    Example: dialtone class grade dialtone-class handed-in.zip
    """
    from dialtone_kit.classroom.grading import sandbox
    from dialtone_kit.classroom.grading.run import Grading
    from dialtone_kit.commands.class_grade_table import grade_and_show

    folder, handed_in = _apart(paths)
    session = open_session(folder)
    sandbox.require(trust=trust)
    if not trust:
        sandbox.require_hidden([session.folder, *handed_in])
    if platform.is_root():
        click.echo(AS_ROOT, err=True)
    end_in_order()
    with using(folder, "grade"):
        return grade_and_show(Grading(session, notebooks_dir(), trust, jobs or 0), handed_in)


def _apart(paths: Sequence[Path]) -> tuple[Path, Sequence[Path]]:
    """The class's folder, if one is named first, and what was handed in."""
    if not (paths[0] / SETTINGS).is_file():
        return DEFAULT_FOLDER, paths
    if len(paths) == 1:
        raise click.UsageError("Name what was handed in, too: a folder, a zip or notebooks.")
    return paths[0], paths[1:]
