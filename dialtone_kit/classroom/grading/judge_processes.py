"""The judges that run now, each a process of its own, so that one that fails affects no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dialtone_kit.client.config_folder import VARIABLE as CONFIG
from dialtone_kit.local.seat import VARIABLE as SEAT
from dialtone_kit.local.state_folder import VARIABLE as STATE

JUDGE = "dialtone_kit.classroom.grading.judge_notebook"
START, EACH = 60.0, 120.0  # seconds for a judge: to start, and for an exercise


class Judges:
    """Starts judges that share the service in the state folder `state`."""

    def __init__(self, state: Path) -> None:
        self._state, self._running, self._over = state, set[subprocess.Popen[str]](), False

    def judged(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The verdicts of one judge, by exercise; some are missing if it had to be ended."""
        if not job["exercises"] or self._over:
            return {}
        with tempfile.TemporaryDirectory(prefix="dialtone-judge-") as folder:
            judge = self._started(folder)
            try:
                out, _ = judge.communicate(json.dumps(job), START + EACH * len(job["exercises"]))
            except subprocess.TimeoutExpired:
                _kill(judge)
                out, _ = judge.communicate()
            finally:
                _kill(judge)
                self._running.discard(judge)
        return {row["exercise"]: row for row in _rows(out)}

    def _started(self, folder: str) -> subprocess.Popen[str]:
        own = {STATE: str(self._state), CONFIG: f"{folder}/config", SEAT: ""}
        judge = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", JUDGE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | own | {"TMPDIR": folder, "DIALTONE_INTERACTIVE": "0"},
            start_new_session=True,
        )
        self._running.add(judge)
        return judge

    def end(self) -> None:
        """End them all; no further one starts."""
        self._over = True
        for judge in tuple(self._running):
            _kill(judge)


def _rows(out: str) -> Iterator[dict[str, Any]]:
    """The whole lines of what a judge wrote."""
    for line in out.splitlines():
        with suppress(ValueError):
            yield json.loads(line)


def _kill(judge: subprocess.Popen[str]) -> None:
    if judge.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(judge.pid, signal.SIGKILL)
