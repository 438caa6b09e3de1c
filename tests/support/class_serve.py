"""`dialtone class serve` in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

DIALTONE = str(Path(sys.executable).with_name("dialtone"))
PATIENCE = 60.0  # seconds for a line of the command; the machine may be busy


class Serving:
    """The command in a process, and what it said."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.lines = folder, list[str]()
        command = [DIALTONE, "class", "serve", str(folder), *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def said(self, words: str) -> str:
        """The line with these words, once it has come."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := next((line for line in list(self.lines) if words in line), None):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{words!r} wasn't said: {self.lines}")

    def session_file(self, seat: int) -> Path:
        return self.folder / "learners" / f"{seat:04}" / "session.json"

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)
