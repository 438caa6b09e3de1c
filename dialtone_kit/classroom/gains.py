"""The quiz before and after the lessons, by pair: counts, and the gain of a class.

The gain is the part of what was still wrong before that is right after: the ratio of the class's
sums over learners who answered both, not the mean of personal gains. Eight items say nothing about
one person, and little about a few: below ten learners there are counts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dialtone_kit.classroom.standing import Answer, Record
from dialtone_kit.lesson.quiz_items import FORMS, items

ENOUGH = 10  # learners
ALL = "all"


@dataclass(frozen=True)
class Count:
    """Answers, those that are right, and those that are wrong although the learner was sure."""

    answered: int = 0
    right: int = 0
    sure_and_wrong: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.answered + other.answered,
            self.right + other.right,
            self.sure_and_wrong + other.sure_and_wrong,
        )


@dataclass(frozen=True)
class PairGain:
    """One pair, or all of them. `both_*` count only learners who answered before and after.

    `first_form` is what came of each form as the first quiz: it shows whether the two are alike.
    """

    pair: str
    before: Count
    after: Count
    both_before: Count
    both_after: Count
    learners: int
    first_form: Mapping[str, Count]

    @property
    def gain(self) -> float | None:
        """The gain, at most 1; None with too few learners, or if nothing was wrong before."""
        wrong = self.both_before.answered - self.both_before.right
        if self.learners < ENOUGH or wrong == 0:
            return None
        return (self.both_after.right - self.both_before.right) / wrong


def gains(records: Sequence[Record]) -> list[PairGain]:
    """A row for each pair in the order of the quiz, and one for all of them at the end."""
    pairs = [item.pair for item in items(FORMS[0]) if item.pair]
    return [*(_gain(pair, [pair], records) for pair in pairs), _gain(ALL, pairs, records)]


def _gain(name: str, pairs: Sequence[str], records: Sequence[Record]) -> PairGain:
    took = [[pair for pair in pairs if pair in r.before and pair in r.after] for r in records]
    both = [(r, pair) for r, mine in zip(records, took, strict=True) for pair in mine]
    before = [r.before[pair] for r in records for pair in pairs if pair in r.before]
    return PairGain(
        name,
        before=_count(before),
        after=_count(r.after[pair] for r in records for pair in pairs if pair in r.after),
        both_before=_count(record.before[pair] for record, pair in both),
        both_after=_count(record.after[pair] for record, pair in both),
        learners=sum(map(bool, took)),
        first_form={form: _count(one for one in before if one.form == form) for form in FORMS},
    )


def _count(answers: Iterable[Answer]) -> Count:
    return sum((_of(answer) for answer in answers), Count())


def _of(answer: Answer) -> Count:
    return Count(1, int(answer.right), int(answer.sure and not answer.right))
