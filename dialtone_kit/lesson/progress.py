"""What a learner did: predictions, quizzes, exercises, as a list of events, theirs alone (0600).

An event is one line of `progress.jsonl`, described in events.py. Nothing is removed: a reset is an
event too, and an exercise's standing is folded from the events after it. A failure to save never
stops a lesson: one line says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dialtone_kit.base.masking import masked
from dialtone_kit.lesson.events import VERSION, Event, EventFile, ProgressNotKept, unread
from dialtone_kit.lesson.exercises.verdict import Outcome
from dialtone_kit.lesson.folding import fold
from dialtone_kit.lesson.quiz_items import Form
from dialtone_kit.widgets.choices import Pick

Asked = Literal["pre", "post"]


@dataclass(frozen=True)
class Standing:
    """How far an exercise has come. `outcome` is the best so far: once right, it stays right."""

    id: str
    outcome: Outcome = "not tried"
    attempts: int = 0
    hints: int = 0
    code: str | None = None


@dataclass(frozen=True)
class Drawn:
    """The form of this learner's first quiz, and the seed of the order of its choices."""

    form: Form
    seed: str


class Progress:
    """The progress file at `path`, read again each time: several kernels write to it."""

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], float] = time.time,
        say: Callable[[str], None] = print,
    ) -> None:
        self.path = path
        self.kept: Callable[[], object] = lambda: None  # called after each event
        self._file, self._now, self._say = EventFile(path), now, say
        self._complained: set[str] = set()

    # -- what happened -----------------------------------------------------------------------

    def opened(self, lesson: str) -> None:
        """Lesson "02" was started."""
        self._keep(self._new(lesson, "opened"))

    def done(self, lesson: str) -> None:
        """Lesson "02" was run to its end."""
        self._keep(self._new(lesson, "done"))

    def predicted(self, pick: Pick) -> None:
        """Record the answer to a prediction. In a report the first one counts."""
        self._keep(self._picked("predicted", pick))

    def answered(self, pick: Pick) -> None:
        """Record the answer to the quiz item at a lesson's end."""
        self._keep(self._picked("quizzed", pick))

    def surveyed(self, pick: Pick, asked: Asked, lesson: str) -> None:
        """Record the answer to an item of the quiz before or after the lessons."""
        about = {"form": pick.form, "pair": pick.pair, "asked": asked, "lesson": lesson}
        self._keep(self._picked("quizzed", pick) | about)

    def form(self, choose: Callable[[Drawn | None, Form | None], Drawn]) -> Drawn:
        """The form of this learner's first quiz, and keep it.

        `choose` is given what was drawn before and the form already answered, if any.
        """
        drawn = None

        def draw(events: list[Event]) -> Event | None:
            nonlocal drawn
            known = fold(events)
            before = Drawn(**known["form"]) if known["form"] else None
            drawn = choose(before, _answered(known["quiz"], "pre"))
            row = self._new("00", "formed", form=drawn.form, seed=drawn.seed)
            return None if drawn == before else row

        self._keep(draw)
        return drawn or choose(None, None)  # the file can't be read: drawn anyway

    def estimated(self, pick: Pick) -> None:
        """Record what the learner expects of themselves. In a report the first answer counts."""
        self._keep(self._about(pick.id, "estimated", choice=pick.choice))

    def checked(
        self,
        exercise_id: str,
        outcome: Outcome,
        code: str | None = None,
        requests: int | None = None,
    ) -> None:
        """Record the outcome of a check. Only right and wrong count as attempts."""
        counted = {} if requests is None else {"requests": requests}
        self._keep(self._about(exercise_id, "tried", outcome=outcome, code=code, **counted))

    def wrote(self, exercise_id: str, sentence: str) -> None:
        """Record the learner's own sentence, without anything secret in it."""
        self._keep(self._about(exercise_id, "wrote", text=masked(sentence)))

    def hinted(self, exercise_id: str, available: int) -> int:
        """Take the next of `available` hints; returns its number. The last one counts once."""
        event, taken = self._about(exercise_id, "hinted"), 0

        def choose(events: list[Event]) -> Event | None:
            nonlocal taken
            taken = fold(events)["exercises"].get(exercise_id, {}).get("hints", 0)
            return event if taken < available else None

        self._keep(choose)
        return min(taken + 1, available)

    def reset_exercise(self, exercise_id: str) -> None:
        """Reset one exercise; everything else stays."""
        self._keep(self._about(exercise_id, "reset"))

    def reset_lesson(self, lesson: str) -> None:
        """Reset lesson "02"; the other lessons stay."""
        self._keep(self._new(lesson, "reset", id=None))

    # -- what is known -----------------------------------------------------------------------

    def prediction(self, question_id: str) -> Pick | None:
        """The first answer to a prediction, or None."""
        return self._pick("predictions", question_id, 0)

    def quiz_answer(self, question_id: str) -> Pick | None:
        """The latest answer to a quiz item, or None."""
        return self._pick("quiz", question_id, -1)

    def survey(self, asked: Asked) -> dict[str, Pick]:
        """The first answers to the quiz before or after the lessons, by item."""
        found = {}
        for name, rows in self.export()["quiz"].items():
            mine = [row for row in rows if row.get("asked") == asked]
            if mine:
                found[name] = _pick(name, mine[0])
        return found

    def estimate(self, question_id: str) -> int | None:
        """What the learner first expected: the position of the choice, or None."""
        made = self.export()["estimates"].get(question_id)
        return made[0] if made else None

    def sentence(self, exercise_id: str) -> str:
        """The sentence that the learner wrote last, or ""."""
        return str(self.export()["sentences"].get(exercise_id, ""))

    def exercise(self, exercise_id: str) -> Standing:
        """How far this exercise has come; one never checked is "not tried"."""
        row = self.export()["exercises"].get(exercise_id, {})
        return Standing(
            exercise_id,
            row.get("outcome", "not tried"),
            row.get("attempts", 0),
            row.get("hints", 0),
            row.get("code"),
        )

    def exercises(self, lesson: str) -> list[Standing]:
        """The exercises of a lesson that were checked or hinted, by id."""
        ids = sorted(key for key in self.export()["exercises"] if key[:2] == lesson)
        return [self.exercise(key) for key in ids]

    def export(self) -> dict[str, Any]:
        """What the events since the last reset add up to, as plain data."""
        return fold(self.events())

    def events(self) -> list[Event]:
        """All events, oldest first: for reports."""
        try:
            return self._file.read()
        except ProgressNotKept as problem:
            self._complain(str(problem))
            return []

    # -- the file ----------------------------------------------------------------------------

    def _keep(self, event: Event | Callable[[list[Event]], Event | None]) -> None:
        choose = event if callable(event) else lambda _: event
        if not self.path.exists() and (damaged := unread(self._file.before)):
            self._complain(damaged)
        try:
            self._file.append(choose)
            self.kept()
        except ProgressNotKept as problem:
            self._complain(str(problem))

    def _complain(self, line: str) -> None:
        if line not in self._complained:
            self._complained.add(line)
            self._say(line)

    def _pick(self, section: str, question_id: str, position: int) -> Pick | None:
        rows = self.export()[section].get(question_id)
        if not rows:
            return None
        return _pick(question_id, rows[position])

    def _picked(self, kind: str, pick: Pick) -> Event:
        return self._about(
            pick.id,
            kind,
            choice=pick.choice,
            right=pick.right,
            confidence=pick.confidence,
            code=pick.code,
        )

    def _about(self, name: str, kind: str, **members: object) -> Event:
        return self._new(name[:2], kind, id=name, **members)

    def _new(self, lesson: str, kind: str, **members: object) -> Event:
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
        return {"v": VERSION, "at": at, "lesson": lesson, "kind": kind, **members}


def _pick(question_id: str, row: dict[str, Any]) -> Pick:
    more = row["confidence"], row["code"], row.get("form"), row.get("pair")
    return Pick(question_id, row["choice"], row["right"], *more)


def _answered(quiz: dict[str, Any], asked: Asked) -> Form | None:
    """The form that was answered first, if any was."""
    rows = [row for rows in quiz.values() for row in rows if row.get("asked") == asked]
    return min(rows, key=lambda row: row["at"])["form"] if rows else None
