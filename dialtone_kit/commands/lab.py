"""JupyterLab at lesson 00, with the kernel of this environment and without its news."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.local.state_folder import state_dir

FIRST = "00-start-here.ipynb"
# Written as JupyterLab's own defaults, not as the learner's choices: they can still change them.
OVERRIDES: Mapping[str, object] = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
}


def notebooks_dir() -> Path:
    """The folder of the lessons: beside the package in a clone, else below where we are."""
    for base in (Path(__file__).resolve().parents[2], Path.cwd()):
        if (base / "notebooks" / FIRST).is_file():
            return base / "notebooks"
    raise DialtoneError(
        "The lessons were not found. Run this in the clone of the repository, where notebooks/ is."
    )


def open_lab(*, port: int | None, browser: bool, extra: Sequence[str] = ()) -> None:
    """Become JupyterLab: its output, its Ctrl-C, its exit code. Returns only by an error."""
    line = command(notebooks_dir(), settings_dir(), port=port, browser=browser, extra=extra)
    os.execve(line[0], line, {**os.environ, **environment()})  # noqa: S606 (no shell is wanted)


def command(
    notebooks: Path, settings: Path, *, port: int | None, browser: bool, extra: Sequence[str]
) -> list[str]:
    """The command line of JupyterLab; `extra` comes last and so has the last word."""
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={notebooks}"]
    line += [f"--LabApp.default_url=/lab/tree/{FIRST}", f"--LabApp.app_settings_dir={settings}"]
    if port is not None:
        line += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        line.append("--no-browser")
    if os.geteuid() == 0:  # a container: there is nobody else to be
        line.append("--allow-root")
    return [*line, *extra]


def settings_dir() -> Path:
    """A settings folder of our own with the overrides in it."""
    folder = private_dir(private_dir(state_dir() / "lab") / "settings")
    PrivateFolder(folder).write("overrides.json", json.dumps(OVERRIDES, indent=1))
    return folder


def environment() -> dict[str, str]:
    """What keeps the learner's own JupyterLab apart, and our kernel before any other `python3`."""
    folder = state_dir() / "lab"
    return {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
