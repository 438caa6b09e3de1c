"""The report on a class: what it did, as plain data, all of it from events and grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from dialtone_kit.classroom.class_events import Seat
from dialtone_kit.classroom.gains import PairGain, gains
from dialtone_kit.classroom.grade_rows import Grade, Grades
from dialtone_kit.classroom.standing import Attempts, When
from dialtone_kit.lesson import catalog


@dataclass(frozen=True)
class LessonSum:
    """A lesson: who opened it, who ran it to its end, and the minutes of those who did."""

    number: str
    opened: int
    done: int
    minutes: float | None


@dataclass(frozen=True)
class ExerciseSum:
    """An exercise: learners who tried it, and medians of those; `code` is the commonest slip."""

    id: str
    tried: int
    right: int
    at_once: int
    tries: float
    minutes: float
    code: str


@dataclass(frozen=True)
class CodeSum:
    """A misconception: learners that it came up with, and those who were sure, by time."""

    code: str
    learners: Mapping[When, int]
    sure: Mapping[When, int]


@dataclass(frozen=True)
class Result:
    """One exercise of one learner; `grade` is None unless it was handed in and graded."""

    seat: Seat
    id: str
    own: Attempts
    grade: Grade | None

    @property
    def differs(self) -> bool:
        """Whether the grade says something else than the learner's own record, if there is one."""
        own = self.seat.outcome_of(self.id)
        return self.grade is not None and own is not None and self.grade.outcome != own


@dataclass(frozen=True)
class ClassReport:
    """Everything in the report, made at `now` in Unix seconds."""

    name: str
    now: float
    seats: Sequence[Seat]
    lessons: Sequence[LessonSum]
    exercises: Sequence[ExerciseSum]
    codes: Sequence[CodeSum]
    gains: Sequence[PairGain]
    results: Sequence[Result]
    remarks: Sequence[str] = ()

    @property
    def begun(self) -> int:
        """How many learners did anything."""
        return sum(bool(seat.events) for seat in self.seats)

    @property
    def tried(self) -> list[ExerciseSum]:
        """The exercises that anyone tried."""
        return [one for one in self.exercises if one.tried]

    @property
    def graded(self) -> int:
        """How many answers were graded."""
        return sum(result.grade is not None for result in self.results)

    @property
    def compared(self) -> int:
        """How many of the graded answers are a learner's who has a record of their own."""
        return sum(bool(result.grade and result.seat.events) for result in self.results)

    @property
    def different(self) -> list[Result]:
        """The answers whose grade and own record differ."""
        return [result for result in self.results if result.differs]


def report_of(
    name: str,
    seats: Sequence[Seat],
    lessons: Sequence[str],
    now: float,
    graded: Grades,
    remarks: Sequence[str] = (),
) -> ClassReport:
    """The report on the class `name`, which takes `lessons`."""
    ids = [one.id for number in lessons for one in catalog.exercises(number)]
    slips = _slips(seats)
    return ClassReport(
        name,
        now,
        seats,
        [_lesson(number, seats) for number in lessons],
        [_exercise(one, seats, slips.get(one, Counter())) for one in ids],
        _codes(seats),
        gains([seat.record for seat in seats]),
        [result for seat in seats for one in ids if (result := _result(seat, one, graded))],
        remarks,
    )


def _lesson(number: str, seats: Sequence[Seat]) -> LessonSum:
    records = [seat.record for seat in seats if number in seat.record.lessons]
    done = [record for record in records if record.lessons[number] == "done"]
    spent = [record.seconds.get(number, 0) / 60 for record in done]
    return LessonSum(number, len(records), len(done), median(spent) if spent else None)


def _exercise(name: str, seats: Sequence[Seat], codes: Counter[str]) -> ExerciseSum:
    known = [seat.record.exercises[name] for seat in seats if name in seat.record.exercises]
    tried = [one for one in known if one.tries]
    return ExerciseSum(
        name,
        tried=len(tried),
        right=sum(one.outcome == "right" for one in tried),
        at_once=sum(one.right_at_once for one in tried),
        tries=_median(one.tries for one in tried),
        minutes=_median(one.seconds / 60 for one in tried),
        code=codes.most_common(1)[0][0] if codes else "",
    )


def _slips(seats: Sequence[Seat]) -> dict[str, Counter[str]]:
    """By exercise, with how many learners each misconception came up at it."""
    found: dict[str, Counter[str]] = {}
    for seat in seats:
        wrong = {(one.id, one.code) for one in seat.record.tries if one.is_wrong}
        for name, code in wrong:
            if name and code:
                found.setdefault(name, Counter())[code] += 1
    return found


def _codes(seats: Sequence[Seat]) -> list[CodeSum]:
    """The misconceptions that came up, those of most learners first."""
    learners: dict[str, Counter[When]] = {}
    sure: dict[str, Counter[When]] = {}
    for seat in seats:
        slips = [slip for slip in seat.record.slips if slip.code]
        for code, when in {(slip.code, slip.when) for slip in slips}:
            learners.setdefault(code, Counter())[when] += 1
        for code, when in {(slip.code, slip.when) for slip in slips if slip.sure}:
            sure.setdefault(code, Counter())[when] += 1
    made = [CodeSum(code, counts, sure.get(code, Counter())) for code, counts in learners.items()]
    return sorted(made, key=lambda one: (-sum(one.learners.values()), one.code))


def _result(seat: Seat, name: str, graded: Grades) -> Result | None:
    """One learner's exercise; None if they neither tried nor handed it in."""
    own, grade = seat.record.exercises.get(name), graded.get((seat.learner.seat, name))
    return Result(seat, name, own or Attempts(), grade) if own or grade else None


def _median(values: Iterable[float]) -> float:
    known = list(values)
    return median(known) if known else 0
