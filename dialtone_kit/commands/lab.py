"""`dialtone lab`: JupyterLab where you stopped, with our kernel and without its news."""

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
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.commands.options import PORT, require_home
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.local.owner import this_process
from dialtone_kit.local.record import free_port
from dialtone_kit.local.state_folder import progress_file, state_dir

FIRST = "00-start-here.ipynb"
# Written as JupyterLab's defaults, not as the learner's choices, so that they can be changed.
OVERRIDES: Mapping[str, object] = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
}


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--port", type=PORT, help="JupyterLab's port; default: first free from 8888.")
@click.option("--lesson", metavar="NN", help="Open this lesson; default: where you stopped.")
@click.option("--no-browser", is_flag=True, help="Print the URL and open no browser.")
@click.argument("jupyter_options", nargs=-1, type=click.UNPROCESSED)
def command(
    port: int | None, lesson: str | None, no_browser: bool, jupyter_options: tuple[str, ...]
) -> None:
    """Open JupyterLab at the lesson where you stopped, the first time at lesson 00.

    Options not listed here are passed to JupyterLab.

    \b
    Example: dialtone lab --lesson 03
             dialtone lab --no-browser --port 9000
    """
    require_home()
    notebooks = notebooks_dir()
    if lesson is not None and file_of(lesson, notebooks) is None:
        raise click.BadParameter(f"there is no lesson {lesson!r}.", param_hint="--lesson")
    if port is not None and free_port(port) != port:
        raise click.BadParameter(f"{port} can't be used: taken, or not ours.", param_hint="--port")
    first = file_of(lesson or where_you_stopped(), notebooks) or FIRST
    open_lab(port=port, browser=not no_browser, first=first, extra=jupyter_options)


def notebooks_dir() -> Path:
    """The lessons' folder: next to the package in a clone, otherwise below the current folder."""
    for base in (Path(__file__).resolve().parents[2], Path.cwd()):
        if (base / "notebooks" / FIRST).is_file():
            return base / "notebooks"
    raise DialtoneError(
        "The lessons were not found. Run this in a clone of the repository, which has notebooks/."
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
    *, port: int | None, browser: bool, first: str = FIRST, extra: Sequence[str] = ()
) -> None:
    """Become JupyterLab with the notebook `first` open: its output, its Ctrl-C, its exit code.

    Never returns.
    """
    start = [f"--LabApp.default_url=/lab/tree/{first}", *extra]
    line = command_line(notebooks_dir(), settings_dir(), port=port, browser=browser, extra=start)
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
