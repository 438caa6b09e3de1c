"""A user's profile, and processes in it that lack what Windows lacks: see as_on_windows/.

On Windows itself nothing needs to be taken away: the tests run as they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from dialtone_kit.local import process
from tests.support.command_line import MAIN

AS_ON_WINDOWS = Path(__file__).parent / "as_on_windows"
START = """from dialtone_kit.local import record, service
record.DEFAULT_PORT = 0  # 8787 may be the developer's own
"""
NOT_INHERITED = ("DIALTONE_", "XDG_", "JUPYTER", "COVERAGE", "PYTEST")


@dataclass(frozen=True)
class WindowsHome:
    """Runs programs with `path` as the home of their user; their temporary folder is in there."""

    path: Path

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    def service(self) -> psutil.Process | None:
        """The service that runs in this profile, as this machine sees it."""
        try:
            noted = json.loads((self.state / process.PID).read_text())
            found = psutil.Process(noted["pid"])
            return found if str(self.state) in found.cmdline() else None  # a zombie has no line
        except (OSError, ValueError, psutil.Error):
            return None

    def lives(self, pid: int) -> bool:
        """Whether that process is one of ours, and not over."""
        try:
            return bool(psutil.Process(pid).cmdline())
        except psutil.Error:
            return False

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)}
        own = dict.fromkeys(("HOME", "USERPROFILE"), str(self.path))
        own |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary))
        own |= {} if sys.platform == "win32" else {"PYTHONPATH": str(AS_ON_WINDOWS)}
        own |= {"DIALTONE_INTERACTIVE": "0"}
        return kept | own | {"DIALTONE_STATE_DIR": str(self.state)}

    def start(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start Python with these arguments."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd or self.path,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(
        self, *arguments: str, code: int = 0, timeout: float = 120.0, cwd: Path | None = None
    ) -> str:
        """What Python prints; its exit code has to be `code`."""
        child = self.start(*arguments, cwd=cwd)
        try:
            said, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            raise
        assert child.returncode == code, said
        return said

    def python(self, program: str) -> str:
        """What a program of the kit prints."""
        return self.run("-c", f"__name__ = 'dialtone_kit.tried'\n{program}")

    def dialtone(self, *arguments: str, code: int = 0, timeout: float = 120.0) -> str:
        """What that command prints."""
        return self.run("-c", MAIN, *arguments, code=code, timeout=timeout)
