"""Node for the tests: the scripts' packages installed by their lock, and a script to talk with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from filelock import FileLock

FOLDER = Path(__file__).parent / "javascript"
OLDEST = 18  # Debian 12's
PATIENCE = 60  # seconds for one script, or for npm


def missing() -> str:
    """What these tests need and this machine lacks, or nothing."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    if lacking:
        return f"no {' and no '.join(lacking)} (apt-get install nodejs npm)"
    version = subprocess.check_output(["node", "--version"], text=True, timeout=PATIENCE)
    old = int(version.strip().lstrip("v").partition(".")[0]) < OLDEST
    return f"Node is {version.strip()}, and {OLDEST} is needed" if old else ""


def install() -> None:
    """`npm ci`, unless the packages of this very lock are there from a run before."""
    lock = sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    modules = FOLDER / "node_modules"
    done = modules / f".complete-{lock}"
    modules.mkdir(exist_ok=True)
    with FileLock(FOLDER / "node_modules.lock", timeout=2 * PATIENCE):
        if not done.exists():
            command = [
                "npm",
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ]
            subprocess.run(command, cwd=FOLDER, check=True, timeout=PATIENCE)
            done.touch()


class Script:
    """A running script. It ends when it is closed, and with this process, whatever ends that."""

    def __init__(self, name: str, errors: Path) -> None:
        self._errors = errors
        with errors.open("w") as log:
            self._process = subprocess.Popen(
                ["node", name],
                cwd=FOLDER,
                text=True,
                env={**os.environ, "NODE_ENV": "test"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def tell(self, **what: Any) -> None:
        print(json.dumps(what), file=self._stream("stdin"), flush=True)

    def hear(self) -> Any:
        """The next line that the script writes."""
        timer = threading.Timer(PATIENCE, self._process.kill)
        timer.start()
        try:
            line = self._stream("stdout").readline()
        finally:
            timer.cancel()
        assert line, f"the script ended:\n{self._errors.read_text()}"
        return json.loads(line)

    def close(self) -> None:
        self._stream("stdin").close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stream("stdout").close()

    def _stream(self, name: str) -> IO[str]:
        stream: IO[str] = getattr(self._process, name)
        return stream
