"""One exercise: the cell runs in a sandbox, the lesson's own check judges here, outside."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from dialtone_kit.classroom.grading import sandbox
from dialtone_kit.classroom.grading.child import HANDS, LESSON
from dialtone_kit.classroom.grading.crossing import SHOWN, Crossing, Lent
from dialtone_kit.classroom.grading.kinds import KINDS
from dialtone_kit.classroom.grading.line import Line, LineBroken
from dialtone_kit.classroom.grading.reach import reach
from dialtone_kit.classroom.grading.remote_calls import RemoteCalls
from dialtone_kit.client.config_folder import config_dir
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.content.lesson_11.fix import verifier_of
from dialtone_kit.lesson.exercises import NotTried, Verdict, Wrong
from dialtone_kit.lesson.exercises.checking import check
from dialtone_kit.lesson.exercises.definition import Exercise, LiveLesson
from dialtone_kit.lesson.exercises.time_limit import TimeLimit, TooLong, called
from dialtone_kit.lesson.lesson import Lesson

CELL_TIME = 20.0  # seconds until the cell has run
CHECK_TIME = 15.0  # more, for the check: it has a shorter limit of its own
DRAWINGS = 3
# Answers about what was drawn for the learner and, with CLEAN, about files.
ROOMS, FIND, FIX, CLEAN = "11.rooms", "11.find", "11.fix", "13.clean"
BY_HAND = (
    "Judge by hand: the answer is about what was drawn for this learner, and doesn't change with "
    "another drawing."
)
ENDS = (Wrong, NotTried, TooLong, LineBroken, KeyboardInterrupt)


@dataclass(frozen=True)
class Work:
    """A cell to be judged: `before` are the statements that it needs."""

    exercise: str
    before: tuple[str, ...]
    cell: str


@dataclass
class Judge:
    """Judges with `lesson`, which is live. `trust`: without a sandbox."""

    lesson: Lesson
    trust: bool = False

    def verdict(self, work: Work) -> Verdict:
        """What the check says. Never raises, whatever the cell does."""
        exercise = catalog.exercise(work.exercise)
        verdict, answer = self._once(work, exercise)
        if not _is_drawn(exercise) or callable(answer) or verdict.outcome not in ("right", "wrong"):
            return verdict
        if work.exercise == ROOMS:
            return verdict if verdict.outcome == "right" else Verdict("can't tell", BY_HAND)
        return self._drawn_again(work, exercise, verdict, answer)

    def _drawn_again(
        self, work: Work, exercise: Exercise, first: Verdict, answer: object
    ) -> Verdict:
        """Whether the answer follows what is drawn: if not, it was read off another drawing."""
        follows, failed = False, None if first.outcome == "right" else first
        for _ in range(DRAWINGS - 1):
            self.lesson.reset_exercise(FIND if work.exercise == FIX else exercise.id)
            again, other = self._once(work, exercise)
            follows = follows or other != answer
            failed = failed or (None if again.outcome == "right" else again)
            if follows:
                break
        if failed is None:
            return first
        return failed if follows else Verdict("can't tell", BY_HAND)

    def _once(self, work: Work, exercise: Exercise) -> tuple[Verdict, object]:
        """The verdict in a sandbox of its own, and the answer as it crossed."""
        try:
            with _hands(self.lesson, trust=self.trust) as hands:
                return self._judged(work, exercise, hands)
        except LineBroken as broken:
            return Verdict("can't tell", f"The cell did not run to its end. {broken}"), None
        except TooLong:
            return Verdict("can't tell", "The cell did not run to its end. It took too long."), None
        except (Exception, Wrong) as error:
            return Verdict("can't tell", f"It could not be judged ({type(error).__name__})."), None

    def _judged(self, work: Work, exercise: Exercise, hands: _Hands) -> tuple[Verdict, object]:
        with TimeLimit(CELL_TIME):  # also for what the judge does for the cell
            problems = called(hands.ask, "prepare", list(work.before))
            ran = called(hands.ask, "run", work.cell, work.exercise)
        if "raised" in ran:
            return _about_a_cell_that_failed(str(ran["raised"])[:SHOWN], problems), None
        answer = _answer(ran, exercise, hands)
        hands.line.deadline = time.monotonic() + CHECK_TIME
        verdict = check(_outside(exercise, hands), answer, self.lesson)
        if hands.broken:
            return Verdict("can't tell", f"The answer did not run to its end. {hands.broken}"), None
        if verdict.outcome == "wrong" and problems and "NameError" in verdict.sentence:
            return _unprepared(problems), None
        return verdict, answer


class _Hands:
    """The judge's side of a child."""

    def __init__(self, line: Line, calls: RemoteCalls) -> None:
        self.line, self._calls, self.broken = line, calls, ""

    def ask(self, name: str, *args: object) -> Any:
        """Have something done in the sandbox."""
        return self._calls.call(self._calls.get(HANDS, name).number, args)

    def load(self, source: str) -> Callable[..., Any]:
        """The function `verify` in this source, as the sandbox has it."""
        verify, wrong = self.ask("verifier", source)
        if not callable(verify):
            raise Wrong(str(wrong)[:SHOWN])
        return cast("Callable[..., Any]", verify)

    def stand_in(self, lent: Lent) -> object:
        """What a check gets for something of the learner's: its looks, and a way to call it."""
        members: dict[str, Any] = {"__repr__": lambda _: lent.text}
        if lent.callable:
            members["__call__"] = lambda _, *args, **named: self._called(lent, args, named)
        members["number"] = lent.number
        return type(re.sub(r"\W", "", lent.kind) or "object", (), members)()

    def _called(self, lent: Lent, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        try:
            return self._calls.call(lent.number, args, named)
        except LineBroken as broken:
            self.broken = str(broken)
            raise


@contextmanager
def _hands(lesson: Lesson, *, trust: bool) -> Iterator[_Hands]:
    with sandbox.child(trust=trust) as end:
        line = Line(end, deadline=time.monotonic() + CELL_TIME)
        crossing = Crossing(
            lambda lent: hands.stand_in(lent), KINDS, (kind for kind in KINDS if kind.back)
        )
        calls = RemoteCalls(line, crossing, reach, ENDS)
        calls.show = lambda text: print(text, end="")
        hands = _Hands(line, calls)
        assert crossing.lend(lesson) == LESSON  # noqa: S101
        yield hands


def _answer(ran: Mapping[str, Any], exercise: Exercise, hands: _Hands) -> object:
    """What the check is given for what the cell answered."""
    if ran.get("untouched"):
        return None
    if ran.get("async"):
        return _waits
    answer = ran["answer"]
    if exercise.id == CLEAN and callable(answer):
        return _with_files(answer, hands)
    return answer


def _outside(exercise: Exercise, hands: _Hands) -> Exercise:
    """The exercise; for 11.fix, with the learner's source run in the sandbox."""
    if exercise.id != FIX:
        return exercise

    def judge(answer: object, lesson: LiveLesson) -> int | None:
        verify = verifier_of(answer, lesson.material(FIND), hands.load)
        return exercise.judge(verify, lesson)

    return replace(exercise, judge=judge)


async def _waits() -> None:
    """Stands for a learner's coroutine function, which a check refuses as such."""


def _is_drawn(exercise: Exercise) -> bool:
    return exercise.make is not None or exercise.id in (ROOMS, FIX)


def _with_files(clean_up: Callable[..., Any], hands: _Hands) -> Callable[..., Any]:
    """For 13.clean: the function works on the sandbox's files, and they become the files here."""

    def called(*args: object) -> Any:
        folder = config_dir()
        paths = {str(one.relative_to(folder)): one for one in folder.rglob("*.json")}
        before = {name: path.read_text("utf-8") for name, path in paths.items()}
        hands.ask("put", before)
        try:
            return clean_up(*args)
        finally:
            after = dict(hands.ask("left"))
            for name in before.keys() - after.keys():
                paths[name].unlink()
            changed = [name for name in after if after[name] != before.get(name)]
            for number, name in enumerate(changed):
                # A new file gets a name of ours: theirs could lead anywhere.
                path = paths.get(name, folder / f"left-{number}")
                path.write_text(str(after[name]), "utf-8", errors="replace")

    return called


def _about_a_cell_that_failed(raised: str, problems: list[str]) -> Verdict:
    if raised and problems and "NameError" in raised:
        return _unprepared(problems)
    if raised:
        return Verdict("wrong", f"The cell ends with an error: {raised}")
    return Verdict("can't tell", "The cell ran, and `lesson.check` was not reached.")


def _unprepared(problems: list[str]) -> Verdict:
    return Verdict(
        "can't tell",
        "Judge by hand: the cell needs something from earlier in the lesson that could not be made "
        f"here: {str(problems[0])[:SHOWN]}",
    )
