"""The report on a class: what it did, as plain data, all of it from events and grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from dialtone_kit.classroom.class_events import Seat
from dialtone_kit.classroom.gains import PairGain, gains
from dialtone_kit.classroom.grade_rows import Grade, Grades
from dialtone_kit.classroom.standing import Attempts, When
from dialtone_kit.lesson import catalog


@dataclass(frozen=True)
class LessonSum:
    """A lesson: who opened it, who ran it to its end, and the minutes of those who did.

    `open` are those of `done` who have an exercise that isn't right.
    """

    number: str
    opened: int
    done: int
    open: int
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
    """A misconception: learners that it came up with, and those who were sure, by time.

    `graded` are learners in whose graded answers it is.
    """

    code: str
    learners: Mapping[When, int]
    sure: Mapping[When, int]
    graded: int


@dataclass(frozen=True)
class GradeSum:
    """An exercise that was handed in: learners by what their answers were graded."""

    id: str
    outcomes: Mapping[str, int]
    code: str

    @property
    def learners(self) -> int:
        """How many learners handed it in."""
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Result:
    """One exercise of one learner; `grade` is None unless it was handed in and graded."""

    seat: Seat
    id: str
    own: Attempts
    grade: Grade | None

    @property
    def slip(self) -> str:
        """The misconception in the graded answer, "" if there is none."""
        return self.grade.code if self.grade and self.grade.outcome == "wrong" else ""

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
    grades: Sequence[GradeSum] = ()
    remarks: Sequence[str] = ()

    @property
    def begun(self) -> int:
        """How many learners did anything."""
        return sum(bool(seat.events) for seat in self.seats)

    @property
    def handed_in(self) -> int:
        """How many learners' answers were graded."""
        return len(self._grades)

    def grades_of(self, seat: Seat) -> Sequence[Grade]:
        """The grades of one learner."""
        return self._grades.get(seat.learner.seat, ())

    @cached_property
    def _grades(self) -> Mapping[int, Sequence[Grade]]:
        found: dict[int, list[Grade]] = {}
        for one in self.results:
            if one.grade is not None:
                found.setdefault(one.seat.learner.seat, []).append(one.grade)
        return found

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
    results = [found for seat in seats for one in ids if (found := _result(seat, one, graded))]
    return ClassReport(
        name,
        now,
        seats,
        [_lesson(number, seats) for number in lessons],
        [_exercise(one, seats, slips.get(one, Counter())) for one in ids],
        _codes(seats, results),
        gains([seat.record for seat in seats]),
        results,
        [made for one in ids if (made := _grades(one, results))],
        remarks,
    )


def _lesson(number: str, seats: Sequence[Seat]) -> LessonSum:
    records = [seat.record for seat in seats if number in seat.record.lessons]
    done = [record for record in records if record.lessons[number] == "done"]
    spent = [record.seconds.get(number, 0) / 60 for record in done]
    still_open = sum(record.is_open(number) for record in done)
    minutes = median(spent) if spent else None
    return LessonSum(number, len(records), len(done), still_open, minutes)


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


def _codes(seats: Sequence[Seat], results: Sequence[Result]) -> list[CodeSum]:
    """The misconceptions that came up, those of most learners first."""
    graded = Counter(
        code for _, code in {(one.seat.learner.seat, one.slip) for one in results} if code
    )
    learners: dict[str, Counter[When]] = {}
    sure: dict[str, Counter[When]] = {}
    for seat in seats:
        slips = [slip for slip in seat.record.slips if slip.code]
        for code, when in {(slip.code, slip.when) for slip in slips}:
            learners.setdefault(code, Counter())[when] += 1
        for code, when in {(slip.code, slip.when) for slip in slips if slip.sure}:
            sure.setdefault(code, Counter())[when] += 1
    none = Counter[When]()
    made = [
        CodeSum(code, learners.get(code, none), sure.get(code, none), graded[code])
        for code in learners.keys() | graded.keys()
    ]
    return sorted(made, key=lambda one: (-sum(one.learners.values()) - one.graded, one.code))


def _grades(name: str, results: Sequence[Result]) -> GradeSum | None:
    """How the answers to one exercise were graded; None if nobody handed it in."""
    handed_in = [one for one in results if one.id == name and one.grade]
    if not handed_in:
        return None
    outcomes = Counter(one.grade.outcome for one in handed_in if one.grade)
    slips = Counter(one.slip for one in handed_in if one.slip)
    return GradeSum(name, outcomes, slips.most_common(1)[0][0] if slips else "")


def _result(seat: Seat, name: str, graded: Grades) -> Result | None:
    """One learner's exercise; None if they neither tried nor handed it in."""
    own, grade = seat.record.exercises.get(name), graded.get((seat.learner.seat, name))
    return Result(seat, name, own or Attempts(), grade) if own or grade else None


def _median(values: Iterable[float]) -> float:
    known = list(values)
    return median(known) if known else 0
