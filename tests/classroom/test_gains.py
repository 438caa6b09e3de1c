"""The gain of a class: the ratio of its sums, from ten learners on."""

from __future__ import annotations

from dialtone_kit.classroom.gains import ENOUGH, Count, PairGain, gains
from dialtone_kit.classroom.standing import Answer, Record

WRONG, RIGHT = Answer(False, False, "A"), Answer(True, False, "B")
SURE = Answer(False, True, "A")


def stolen(records: list[Record]) -> PairGain:
    return next(row for row in gains(records) if row.pair == "stolen")


def record(before: Answer | None = None, after: Answer | None = None) -> Record:
    return Record(
        before={"stolen": before} if before else {}, after={"stolen": after} if after else {}
    )


def test_there_is_a_row_for_each_pair_and_one_for_all() -> None:
    assert [row.pair for row in gains([])] == [
        *("stolen", "again", "asked", "address", "believe", "covered", "pace", "for-whom"),
        "all",
    ]


def test_the_gain_is_the_ratio_of_the_sums() -> None:
    """The mean of the personal gains would be another number, and not defined for some."""
    room = [record(WRONG, RIGHT)] * 4 + [record(WRONG, WRONG)] * 4 + [record(RIGHT, WRONG)] * 2
    assert stolen(room).gain == (4 - 2) / 8


def test_below_ten_learners_there_are_counts_only() -> None:
    assert stolen([record(WRONG, RIGHT)] * (ENOUGH - 1)).gain is None
    assert stolen([record(WRONG, RIGHT)] * ENOUGH).gain == 1


def test_only_learners_of_both_quizzes_make_a_gain() -> None:
    room = [record(WRONG, RIGHT)] * 9 + [record(RIGHT), record(None, WRONG)]
    row = stolen(room)
    assert (row.before.answered, row.after.answered, row.learners) == (10, 10, 9)
    assert row.gain is None


def test_nothing_was_wrong_before() -> None:
    assert stolen([record(RIGHT, RIGHT)] * 10).gain is None


def test_sure_and_wrong_and_the_forms_are_counted() -> None:
    row = stolen([record(SURE, RIGHT), record(WRONG, SURE), record(RIGHT)])
    assert row.before == Count(answered=3, right=1, sure_and_wrong=1)
    assert row.after == Count(answered=2, right=1, sure_and_wrong=1)
    assert row.first_form == {"A": Count(2, 0, 1), "B": Count(1, 1, 0)}
