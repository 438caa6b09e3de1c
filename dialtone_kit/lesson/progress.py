"""What a learner did: predictions, quiz answers, exercises. One JSON file, theirs alone (0600).

It holds ids, choices, outcomes, misconception codes and times; no name, no address, no answer text.
Every change reads the file again under a lock, so that several kernels can write to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.lesson.questions import Question

VERSION = 1
Confidence = Literal["sure", "unsure"]
Outcome = Literal["right", "wrong", "not tried", "can't tell"]
_SECTIONS = ("lessons", "predictions", "quiz", "exercises")


@dataclass(frozen=True)
class Answer:
    """One answer to a prediction or a quiz item; `choice` counts from 0."""

    id: str
    choice: int
    right: bool
    confidence: Confidence | None = None
    code: str | None = None

    @classmethod
    def to(cls, item: Question, choice: int, confidence: Confidence | None = None) -> Answer:
        """The answer `choice` to `item`, judged."""
        chosen = item.choices[choice]
        return cls(item.id, choice, chosen.right, confidence, chosen.code)


@dataclass(frozen=True)
class Exercise:
    """Where an exercise stands. `outcome` is the best so far: once right, it stays right."""

    id: str
    outcome: Outcome = "not tried"
    attempts: int = 0
    hints: int = 0
    code: str | None = None


class Progress:
    """The progress file at `path`. One that can't be read is set aside."""

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

    def predicted(self, answer: Answer) -> None:
        """Keep the answer to a prediction. The first one is what counts in a report."""
        self._change(lambda data: self._append(data["predictions"], answer))

    def answered(self, answer: Answer) -> None:
        """Keep the answer to a quiz item."""
        self._change(lambda data: self._append(data["quiz"], answer))

    def checked(self, exercise_id: str, outcome: Outcome, code: str | None = None) -> None:
        """Keep the outcome of a check. Only right and wrong count as attempts."""

        def change(data: dict[str, Any]) -> None:
            row = data["exercises"].setdefault(exercise_id, {"outcome": "not tried"})
            if outcome in ("right", "wrong"):
                row["attempts"] = row.get("attempts", 0) + 1
                row["at"] = self._time()
            if outcome == "right" or row["outcome"] != "right":
                row["outcome"], row["code"] = outcome, code

        self._change(change)

    def hinted(self, exercise_id: str) -> int:
        """Count one more hint for this exercise; returns how many were taken, this one included."""
        taken: list[int] = []

        def change(data: dict[str, Any]) -> None:
            row = data["exercises"].setdefault(exercise_id, {"outcome": "not tried"})
            row["hints"] = row.get("hints", 0) + 1
            taken.append(row["hints"])

        self._change(change)
        return taken[0]

    def reset_exercise(self, exercise_id: str) -> None:
        """Forget one exercise; all else stays."""
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

    def prediction(self, question_id: str) -> Answer | None:
        """The first answer to a prediction, or None."""
        return self._answer("predictions", question_id, 0)

    def quiz_answer(self, question_id: str) -> Answer | None:
        """The latest answer to a quiz item, or None."""
        return self._answer("quiz", question_id, -1)

    def exercise(self, exercise_id: str) -> Exercise:
        """Where this exercise stands; one never checked is "not tried"."""
        row = self._read()["exercises"].get(exercise_id, {})
        return Exercise(
            exercise_id,
            row.get("outcome", "not tried"),
            row.get("attempts", 0),
            row.get("hints", 0),
            row.get("code"),
        )

    def exercises(self, lesson: str) -> list[Exercise]:
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

    def _answer(self, section: str, question_id: str, position: int) -> Answer | None:
        rows = self._read()[section].get(question_id)
        if not rows:
            return None
        row = rows[position]
        return Answer(question_id, row["choice"], row["right"], row["confidence"], row["code"])

    def _append(self, section: dict[str, Any], answer: Answer) -> None:
        row = {
            "choice": answer.choice,
            "right": answer.right,
            "confidence": answer.confidence,
            "code": answer.code,
            "at": self._time(),
        }
        section.setdefault(answer.id, []).append(row)

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
