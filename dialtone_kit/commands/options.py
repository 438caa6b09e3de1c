"""What several commands share: arguments, options, and the controls of a service that runs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.seats import TRAINER_FILE
from dialtone_kit.classroom.session import DEFAULT_FOLDER, SETTINGS
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.running import Absent, LocalService, look
from dialtone_kit.local.seat import VARIABLE, read_seat
from dialtone_kit.local.state_folder import state_dir

NO_HOME = (
    "Jupyter needs a home folder, and there is none: HOME is not set, and this user has no entry "
    "in the system's list. Set HOME to a folder of your own."
)
WORKERS = click.IntRange(1, min(32, platform.MOST_WORKERS))  # processes of the service
PORT = click.IntRange(1, 65535)
CLASS = click.argument("folder", type=click.Path(path_type=Path), default=DEFAULT_FOLDER)
YES = click.option("--yes", is_flag=True, help="Do not ask: for scripts.")


def running_controls() -> Controls:
    """The controls of the running service. One that has stopped is not started just to be asked.

    Raises DialtoneError when none runs: what is on its port, and what to do.
    """
    _running()
    return Controls(_running)


def require_home() -> None:
    """Raise DialtoneError, in one line, where Jupyter could not start: it needs a home folder."""
    try:
        Path.home()
    except RuntimeError:
        raise DialtoneError(NO_HOME) from None


def require_a_terminal(asking: str) -> None:
    """Raise click.UsageError where nobody can answer what `asking` asks."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{asking} asks first, and there is no terminal here. Add --yes.")


def _running() -> LocalService:
    state_dir()  # a folder that can't be used is reported as such
    seat = read_seat()
    if seat is not None:
        return LocalService(seat, None, "")
    found = look()
    if isinstance(found, Absent):
        raise DialtoneError(found.why + _way_to_a_class())
    return found


def _way_to_a_class() -> str:
    """How to ask the service of a class whose folder is in the current one; "" without one."""
    for file in sorted(Path().glob(f"*/{TRAINER_FILE}")):
        context = click.get_current_context(silent=True)
        if context is not None and (file.parent / SETTINGS).is_file():
            named = f"{VARIABLE}={shlex.quote(str(file))}"
            return f" For the service of your class: {named} {context.command_path}"
    return ""
