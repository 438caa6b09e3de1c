"""The `dialtone` command, in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dialtone_kit.commands.cli import main
from dialtone_kit.local import process

MAIN = "from dialtone_kit.commands.cli import main; main()"


def dialtone(*arguments: str) -> int:
    """Run the command with these arguments; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    assert isinstance(code, int)
    return code


class Command:
    """A `dialtone` command in a home of its own; `setup` runs in its process first."""

    def __init__(
        self, home: Path, arguments: list[str], setup: str = "", **environment: str
    ) -> None:
        for folder in (home, home / "tmp"):
            folder.mkdir()
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-c", setup + MAIN, *arguments],
            env=os.environ
            | {"TMPDIR": str(home / "tmp"), "DIALTONE_STATE_DIR": str(home / "state")}
            | {"DIALTONE_CONFIG_DIR": str(home / "config")}
            | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def folders(self) -> list[Path]:
        return list((self.home / "tmp").glob("dialtone-run-*"))

    def is_tidy(self) -> bool:
        return not self.folders()

    def family(self) -> list[psutil.Process]:
        """The service and the kernels."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def service(self) -> psutil.Process | None:
        states = [self.home / "state", *(folder / "state" for folder in self.folders())]
        found = [process.running(state) for state in states]
        return next((one for one in found if one is not None), None)

    def is_in_a_lesson(self) -> bool:
        return any((folder / "state" / "asleep").exists() for folder in self.folders())


def is_gone(one: psutil.Process) -> bool:
    try:
        return not one.is_running() or one.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
