"""What a learner did: predictions, quizzes, exercises. One JSON file, theirs alone (0600).

It holds ids, choices, outcomes, misconception codes and times; no name, no address, no answers.
Every change reads the file again under a lock, so that several kernels can write to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.lesson.exercises.verdict import Outcome
from dialtone_kit.widgets.choices import Pick

VERSION = 1
_SECTIONS = ("lessons", "predictions", "quiz", "exercises")


@dataclass(frozen=True)
class Standing:
    """How far an exercise has come. `outcome` is the best so far: once right, it stays right."""

    id: str
    outcome: Outcome = "not tried"
    attempts: int = 0
    hints: int = 0
    code: str | None = None


class Progress:
    """The progress file at `path`. A file that can't be read is set aside."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now

    # -- what happened -----------------------------------------------------------------------

    def opened(self, lesson: str) -> None:
        """Lesson "02" was started."""
        self._change(lambda data: self._stamp(data, lesson, "opened_at"))

    def done(self, lesson: str) -> None:
        """Lesson "02" was run to its end."""
        self._change(lambda data: self._stamp(data, lesson, "done_at"))

    def predicted(self, pick: Pick) -> None:
        """Record the answer to a prediction. In a report the first one counts."""
        self._change(lambda data: self._append(data["predictions"], pick))

    def answered(self, pick: Pick) -> None:
        """Record the answer to a quiz item."""
        self._change(lambda data: self._append(data["quiz"], pick))

    def checked(self, exercise_id: str, outcome: Outcome, code: str | None = None) -> None:
        """Record the outcome of a check. Only right and wrong count as attempts."""

        def change(data: dict[str, Any]) -> None:
            row = data["exercises"].setdefault(exercise_id, {"outcome": "not tried"})
            if outcome in ("right", "wrong"):
                row["attempts"] = row.get("attempts", 0) + 1
                row["at"] = self._time()
            if outcome == "right" or row["outcome"] != "right":
                row["outcome"], row["code"] = outcome, code

        self._change(change)

    def hinted(self, exercise_id: str) -> int:
        """Count one more hint for this exercise; returns the number taken, this one included."""
        taken: list[int] = []

        def change(data: dict[str, Any]) -> None:
            row = data["exercises"].setdefault(exercise_id, {"outcome": "not tried"})
            row["hints"] = row.get("hints", 0) + 1
            taken.append(row["hints"])

        self._change(change)
        return taken[0]

    def reset_exercise(self, exercise_id: str) -> None:
        """Forget one exercise; everything else stays."""
        self._change(lambda data: data["exercises"].pop(exercise_id, None))

    def reset_lesson(self, lesson: str) -> None:
        """Forget all of lesson "02"; the other lessons stay."""

        def change(data: dict[str, Any]) -> None:
            for section in _SECTIONS:
                data[section] = {
                    key: row for key, row in data[section].items() if key[:2] != lesson
                }

        self._change(change)

    # -- what is known -----------------------------------------------------------------------

    def prediction(self, question_id: str) -> Pick | None:
        """The first answer to a prediction, or None."""
        return self._pick("predictions", question_id, 0)

    def quiz_answer(self, question_id: str) -> Pick | None:
        """The latest answer to a quiz item, or None."""
        return self._pick("quiz", question_id, -1)

    def exercise(self, exercise_id: str) -> Standing:
        """How far this exercise has come; one never checked is "not tried"."""
        row = self._read()["exercises"].get(exercise_id, {})
        return Standing(
            exercise_id,
            row.get("outcome", "not tried"),
            row.get("attempts", 0),
            row.get("hints", 0),
            row.get("code"),
        )

    def exercises(self, lesson: str) -> list[Standing]:
        """The exercises of a lesson that were checked or hinted, by id."""
        ids = sorted(key for key in self._read()["exercises"] if key[:2] == lesson)
        return [self.exercise(key) for key in ids]

    def export(self) -> dict[str, Any]:
        """Everything in the file, as plain data: for reports."""
        return self._read()

    # -- the file ----------------------------------------------------------------------------

    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        private_dir(self.path.parent)
        with FileLock(f"{self.path}.lock", timeout=10, mode=0o600):
            data = self._read()
            change(data)
            text = json.dumps(data, indent=1, sort_keys=True)
            PrivateFolder(self.path.parent).write(self.path.name, text)

    def _read(self) -> dict[str, Any]:
        try:
            return _as_progress(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return _as_progress({})
        except ValueError:  # not JSON, not UTF-8, or not our shape: keep it for the learner
            self.path.replace(self.path.with_suffix(".broken.json"))
            return _as_progress({})

    def _pick(self, section: str, question_id: str, position: int) -> Pick | None:
        rows = self._read()[section].get(question_id)
        if not rows:
            return None
        row = rows[position]
        return Pick(question_id, row["choice"], row["right"], row["confidence"], row["code"])

    def _append(self, section: dict[str, Any], pick: Pick) -> None:
        row = {
            "choice": pick.choice,
            "right": pick.right,
            "confidence": pick.confidence,
            "code": pick.code,
            "at": self._time(),
        }
        section.setdefault(pick.id, []).append(row)

    def _stamp(self, data: dict[str, Any], lesson: str, member: str) -> None:
        data["lessons"].setdefault(lesson, {})[member] = self._time()

    def _time(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")


def _as_progress(data: object) -> dict[str, Any]:
    """`data` with every section there; ValueError when it is no progress file of this version."""
    if not isinstance(data, dict) or data.get("version", VERSION) != VERSION:
        raise ValueError("not a progress file of this version")
    sections = {name: data.get(name, {}) for name in _SECTIONS}
    if not all(isinstance(section, dict) for section in sections.values()):
        raise ValueError("not a progress file")
    return {"version": VERSION, **sections}
