"""A PostgreSQL server for one test, which can be crashed and restarted."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.running_mock import free_port

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=Path("initdb")).parent


class OwnPostgres:
    """Its data is in a temporary folder; root runs it as Debian's user `postgres`."""

    def __init__(self) -> None:
        self._folder, self._port = Path(tempfile.mkdtemp(prefix="dialtone-pg-")), free_port()
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync")

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        self._run("pg_ctl", "--wait", f"--log={self._folder}/log", f"--options={options}", "start")

    def crash(self) -> None:
        """End all its processes at once, whatever they are doing."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def remove(self) -> None:
        if (self._folder / "data" / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *options: str) -> None:
        command = [PROGRAMS / program, "--pgdata", self._folder / "data", *options]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, user=self._user, cwd=self._folder
        )
