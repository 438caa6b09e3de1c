"""Each check tells the stub from the solution, and each foreseen mistake by its sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.content.lesson_03.broken_proofs import LOOK, BrokenProofs
from dialtone_kit.lesson.content.lesson_12.field_cases import CAUSES, FieldCases, cause_of
from dialtone_kit.lesson.exercises import Verdict
from dialtone_kit.lesson.exercises.checking import check
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.rules import RULES
from tests.support.books import FOLDER, LESSONS, cells, source, tags
from tests.support.wrong_answers import RIGHT, WRONG, Case, Right
from tests.support.wrong_answers.lesson_03 import FromLesson

NUMBERS = [book.number for book in catalog.notebooks() if catalog.exercises(book.number)]
ALL = [entry.id for number in NUMBERS for entry in catalog.exercises(number)]
LessonOf = Callable[[str], Lesson]


class Spy:
    """Stands in for the lesson in an exercise cell: judges by the real one, keeps the verdict."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.verdicts: dict[str, Verdict] = {}

    def check(self, exercise_id: str, answer: object) -> None:
        self.verdicts[exercise_id] = check(catalog.exercise(exercise_id), answer, self.lesson)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lesson, name)


def verdicts_of(folder: str, number: str, lesson: Lesson) -> dict[str, Verdict]:
    """What the checks say to the exercise cells of one notebook, run on their own."""
    name = next(name for name in LESSONS if name.startswith(number))
    book = cells(FOLDER / folder / name)
    spy = Spy(lesson)
    names: dict[str, Any] = {"lesson": spy}
    for cell in book:
        text = source(cell)
        if "start(" not in text and re.match(r"(from|import) ", text):
            exec(text, names)
        if "exercise" in tags(cell) or "lesson.material" in text:
            exec(text, names)
    return spy.verdicts


@pytest.mark.parametrize("number", NUMBERS)
def test_the_stub_is_not_tried(number: str, lesson_of: LessonOf) -> None:
    found = verdicts_of("", number, lesson_of(number))
    assert {verdict.outcome for verdict in found.values()} == {"not tried"}
    assert list(found) == [entry.id for entry in catalog.exercises(number)]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_solution_is_right(number: str, lesson_of: LessonOf) -> None:
    found = verdicts_of("solutions", number, lesson_of(number))
    assert {name: str(v) for name, v in found.items() if v.outcome != "right"} == {}
    assert list(found) == [entry.id for entry in catalog.exercises(number)]


@pytest.mark.sample(250)
@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case.exercise}:{case.name}")
def test_a_wrong_answer_gets_the_sentence_for_its_mistake(case: Case, lesson_of: LessonOf) -> None:
    lesson = lesson_of(case.exercise[:2])
    verdict = check(catalog.exercise(case.exercise), case.answer(lesson), lesson)
    assert (verdict.outcome, verdict.code) == ("wrong", case.code), verdict
    assert re.search(case.says, verdict.sentence), verdict


@pytest.mark.sample(80)
@pytest.mark.parametrize("case", RIGHT, ids=lambda case: f"{case.exercise}:{case.name}")
def test_an_unusual_right_answer_is_right(case: Right, lesson_of: LessonOf) -> None:
    lesson = lesson_of(case.exercise[:2])
    answer = case.answer.make(lesson) if isinstance(case.answer, FromLesson) else case.answer
    verdict = check(catalog.exercise(case.exercise), answer, lesson)
    assert verdict.outcome == "right", verdict


def test_the_answer_is_not_next_to_the_six_proofs(lesson_of: LessonOf) -> None:
    proofs = lesson_of("03").material("03.six-proofs")
    in_sight = repr((dir(proofs), [getattr(proofs, name) for name in vars(proofs)]))
    assert [rule for rule in LOOK if rule in in_sight] == []


def test_six_proofs_made_alike_are_not_a_way_around(lesson_of: LessonOf) -> None:
    class Changed:
        def material(self, exercise_id: str) -> BrokenProofs:
            proofs = BrokenProofs()
            proofs.update(dict.fromkeys(proofs, "no proof"))
            return proofs

    lesson: Any = Changed()
    answer = dict.fromkeys("ABCDEF", "well_formed")
    verdict = check(catalog.exercise("03.six-proofs"), answer, lesson)
    assert (verdict.outcome, verdict.sentence[:23]) == ("wrong", "The proofs were changed")


def test_the_cause_is_not_next_to_the_five_refusals(lesson_of: LessonOf) -> None:
    lesson = lesson_of("12")
    lesson.reset_exercise("12.five")
    lesson.wire.clear()
    cases = lesson.material("12.five")
    rules = {rule.__name__ for rule in RULES} | {"scheme: "}
    assert [rule for rule in rules if rule in f"{cases!r}{cases._repr_html_()}"] == []
    assert sorted(map(cause_of, cases.values())) == sorted(CAUSES)
    assert [trip for trip in lesson.wire.round_trips if (trip.status or 500) >= 400] == []


def test_five_refusals_made_alike_are_not_a_way_around(lesson_of: LessonOf) -> None:
    class Changed:
        def material(self, exercise_id: str) -> FieldCases:
            return FieldCases(dict.fromkeys("ABCDE", lesson_of("12").material(exercise_id)["A"]))

    lesson: Any = Changed()
    answer = dict.fromkeys("ABCDE", "x")
    verdict = check(catalog.exercise("12.five"), answer, lesson)
    assert (verdict.outcome, verdict.sentence[:25]) == ("wrong", "The refusals were changed")


@pytest.mark.parametrize("exercise_id", ALL)
def test_an_exercise_has_six_wrong_and_three_right_answers(exercise_id: str) -> None:
    assert len({case.name for case in WRONG if case.exercise == exercise_id}) >= 6
    assert len({case.name for case in RIGHT if case.exercise == exercise_id}) >= 3


@pytest.mark.parametrize("exercise_id", ALL)
def test_every_exercise_has_hints(exercise_id: str) -> None:
    assert len(catalog.exercise(exercise_id).hints) >= 1


def test_every_lesson_has_two_to_four_exercises() -> None:
    counts = {number: len(catalog.exercises(number)) for number in NUMBERS}
    assert all(2 <= count <= 4 for count in counts.values()), counts


@pytest.mark.parametrize("untouched", [None, ..., {"A": ..., "B": ...}, [], lambda answer: ...])
def test_what_was_not_touched_is_not_tried(untouched: object, lesson_of: LessonOf) -> None:
    assert check(catalog.exercise("01.facts"), untouched, lesson_of("01")).outcome == "not tried"


def test_a_service_that_is_unavailable_is_not_the_learners_fault() -> None:
    class Away:
        @property
        def client(self) -> Any:
            raise ServiceUnreachable("No connection.")

        def __getattr__(self, name: str) -> Any:
            raise ServiceUnreachable("No connection.")

    lesson: Any = Away()
    verdict = check(catalog.exercise("01.facts"), lambda d: list(d.values()), lesson)
    assert verdict.outcome == "wrong"  # seen without the service
    right = lambda d: (d["issuer"], d["token_endpoint"], d["dpop_signing_alg_values_supported"])  # noqa: E731
    assert check(catalog.exercise("01.facts"), right, lesson).outcome == "can't tell"


def test_a_verdict_shows_itself_without_acting() -> None:
    verdict = Verdict("wrong", "you returned '<script>alert(1)</script>'", "M04")
    assert "<script>" not in verdict._repr_html_()
    assert repr(verdict).endswith("[M04]")
