"""What `dialtone class run` has done: a line for each lesson of each learner.

    {"v": 1, "at": "2026-11-27T09:00:00+00:00", "seat": 7, "lesson": "03", "outcome": "passed",
     "seconds": 1.4, "exercises": "3 not tried", "reason": ""}

It's in the class's folder. The last line on a lesson counts. One that isn't whole is skipped, so
that lesson runs again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from dialtone_kit.base.lines import append_lines
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.running.jobs import Done

VERSION = 1
FILE = "run.jsonl"
MAX_BYTES = 64 * 1024 * 1024  # 5,000 learners in 14 lessons take 14 MB


class Journal:
    """The journal of the class in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = PrivateFolder(folder, max_bytes=MAX_BYTES)

    def passed(self) -> set[tuple[int, str]]:
        """The lessons that have passed, as seats and numbers."""
        last: dict[tuple[int, str], str] = {}
        for line in self._lines():
            try:
                record = json.loads(line)
                last[int(record["seat"]), str(record["lesson"])] = record["outcome"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
        return {key for key, outcome in last.items() if outcome == "passed"}

    def note(self, seat: int, lesson: str, done: Done) -> None:
        """Add how a lesson went. Raises OSError when the disk doesn't take it."""
        record = {
            "v": VERSION,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seat": seat,
            "lesson": lesson,
            "outcome": done.outcome,
            "seconds": round(done.seconds, 2),
            "exercises": done.exercises,
            "reason": done.reason,
        }
        append_lines(self._folder.path / FILE, json.dumps(record))

    def _lines(self) -> list[str]:
        try:
            return self._folder.read(FILE).decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
