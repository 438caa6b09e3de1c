"""`dialtone lab`: JupyterLab where you stopped, with our kernel and without its news.

The folder that it opens is chosen, and filled, in lab_folder.py.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from dialtone_kit.base import platform
from dialtone_kit.base.code import PACKAGE
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.commands.lab_folder import lessons_folder
from dialtone_kit.commands.options import PORT, require_home
from dialtone_kit.lesson.copying import FIRST, has_lessons
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.local.owner import this_process
from dialtone_kit.local.record import free_port
from dialtone_kit.local.state_folder import progress_file, state_dir

# Written as JupyterLab's defaults, not as the learner's choices, so that they can be changed.
OVERRIDES: Mapping[str, object] = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
}


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=PORT, help="JupyterLab's port; default: first free from 8888.")
@click.option("--lesson", metavar="NN", help="Open this lesson; default: where you stopped.")
@click.option("--no-browser", is_flag=True, help="Print the URL and open no browser.")
@click.option("--update", is_flag=True, help="Add new lessons to your folder, then stop.")
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[FOLDER] [JUPYTERLAB'S OPTIONS]..."
)
def command(
    port: int | None, lesson: str | None, no_browser: bool, update: bool, words: Sequence[str]
) -> None:
    """Open JupyterLab at the lesson where you stopped, the first time at lesson 00.

    FOLDER is where your copy of the lessons is, or will be. Without it, a clone's own notebooks
    are opened, or the copy in the current folder; if there's none, you're asked where to put it.
    Options not listed here are passed to JupyterLab.

    A file that you changed is never written over: --update puts its new version next to it.

    \b
    Example: dialtone lab --lesson 03
             dialtone lab --no-browser --port 9000
             dialtone lab ~/lessons --update
    """
    require_home()
    named = bool(words) and not words[0].startswith("-")
    extra = words[1:] if named else words
    source = notebooks_dir()
    if lesson is not None and file_of(lesson, source) is None:
        raise click.BadParameter(f"there is no lesson {lesson!r}.", param_hint="--lesson")
    if port is not None and free_port(port) != port:
        raise click.BadParameter(f"{port} can't be used: taken, or not ours.", param_hint="--port")
    folder = lessons_folder(source, words[0] if named else None, update=update)
    if not update:
        first = file_of(lesson or where_you_stopped(), folder) or FIRST
        open_lab(folder, port=port, browser=not no_browser, first=first, extra=extra)


def notebooks_dir() -> Path:
    """The lessons as they came: next to the package in a clone, inside it from a wheel."""
    for base in (PACKAGE.parent, PACKAGE):
        if has_lessons(base / "notebooks"):
            return base / "notebooks"
    raise DialtoneError(
        "The lessons are missing. Install the kit again: "
        "python -m pip install --force-reinstall dialtone-kit"
    )


def file_of(lesson: str, notebooks: Path) -> str | None:
    """The name of the notebook of lesson "03", None when there is no such lesson."""
    if not re.fullmatch("[0-9]{2}", lesson, re.ASCII):
        return None
    return next((path.name for path in sorted(notebooks.glob(f"{lesson}-*.ipynb"))), None)


def where_you_stopped() -> str:
    """The lesson that was opened last and not run to its end; "00" when there is none."""
    lessons = Progress(progress_file(), say=partial(click.echo, err=True)).export()["lessons"]
    open_ones = [
        (row["opened_at"], number)
        for number, row in lessons.items()
        if "opened_at" in row and "done_at" not in row
    ]
    return str(max(open_ones)[1]) if open_ones else "00"


def open_lab(
    folder: Path,
    *,
    port: int | None,
    browser: bool,
    first: str = FIRST,
    extra: Sequence[str] = (),
) -> None:
    """Become JupyterLab in `folder`, with the notebook `first` open: its output, its exit code.

    Never returns.
    """
    start = [f"--LabApp.default_url=/lab/tree/{first}", *extra]
    line = command_line(folder, settings_dir(), port=port, browser=browser, extra=start)
    platform.become(line, {**os.environ, **environment()})


def command_line(
    notebooks: Path, settings: Path, *, port: int | None, browser: bool, extra: Sequence[str]
) -> list[str]:
    """The command line of JupyterLab; `extra` comes last, so it wins."""
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={notebooks}"]
    line += [f"--LabApp.app_settings_dir={settings}"]
    if port is not None:
        line += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        line.append("--no-browser")
    if platform.is_root():  # a container often has no other user
        line.append("--allow-root")
    return [*line, *extra]


def settings_dir() -> Path:
    """A settings folder of our own with the overrides in it."""
    folder = private_dir(private_dir(state_dir() / "lab") / "settings")
    PrivateFolder(folder).write("overrides.json", json.dumps(OVERRIDES, indent=1))
    return folder


def environment() -> dict[str, str]:
    """Keep the learner's own JupyterLab apart, and prefer our kernel to any other `python3`."""
    folder = state_dir() / "lab"
    return {
        **this_process(),  # JupyterLab takes this process's place
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
