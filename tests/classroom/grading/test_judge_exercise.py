"""The verdict of grading is that of the lesson, though the answer runs in another process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dialtone_kit.classroom.grading.cells import Book, answers, read_book, without_magics
from dialtone_kit.classroom.grading.context import statements_before
from dialtone_kit.classroom.grading.judge_exercise import BY_HAND, Judge, Work
from dialtone_kit.classroom.grading.judge_notebook import SCOPES
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.exercises import Verdict
from dialtone_kit.lesson.lesson import Lesson
from tests.support.books import LESSONS
from tests.support.handed_in import exercise, solution, stub, text_of
from tests.support.sandboxes import require_bubblewrap
from tests.support.wrong_answers import WRONG, Case

NUMBERS = [name[:2] for name in LESSONS if catalog.exercises(name[:2])]
JudgeOf = Callable[[str], Judge]
DIFFERENT_WAYS = ("10.downstream", "13.clean")  # in a bounded run; five more in test_class_grade


@pytest.fixture
def judge_of(shared_home: Path) -> Iterator[JudgeOf]:
    """A judge with a live lesson."""
    started: dict[str, Lesson] = {}

    def find(number: str, *, trust: bool = False) -> Judge:
        if number not in started:
            started[number] = Lesson(number, interactive=False)
            started[number].need_credentials(SCOPES)
        return Judge(started[number], trust)

    yield find
    for lesson in started.values():
        lesson.done()


def official(number: str) -> Book:
    return read_book(text_of(stub(number)).encode())


def works(number: str) -> Iterator[Work]:
    """The cells of the solution, with what they need."""
    book = read_book(text_of(solution(number)).encode())
    ids = [one.id for one in catalog.exercises(number)]
    for one in answers(book, official(number), ids):
        assert one.cell is not None
        before = statements_before(one.cell, book, official(number))
        yield Work(one.exercise, tuple(before), without_magics(one.cell.source))


def with_cell(exercise_id: str, source: str, **others: str) -> Work:
    """The work for another cell in place of the solution's."""
    number = exercise_id[:2]
    book = solution(number)
    exercise(book, exercise_id)["source"] = source
    read = read_book(text_of(book).encode())
    (answer,) = answers(read, official(number), [exercise_id])
    assert answer.cell is not None
    return Work(exercise_id, tuple(statements_before(answer.cell, read, official(number))), source)


@pytest.mark.full
@pytest.mark.parametrize("number", NUMBERS)
def test_every_solution_is_right_in_the_sandbox(number: str, judge_of: JudgeOf) -> None:
    require_bubblewrap()
    verdicts = {work.exercise: judge_of(number).verdict(work) for work in works(number)}
    assert {name: str(v) for name, v in verdicts.items() if v.outcome != "right"} == {}


@pytest.mark.parametrize("exercise_id", DIFFERENT_WAYS)
def test_a_solution_is_right_in_the_sandbox(exercise_id: str, judge_of: JudgeOf) -> None:
    require_bubblewrap()
    number = exercise_id[:2]
    (work,) = (one for one in works(number) if one.exercise == exercise_id)
    assert str(judge_of(number).verdict(work)).startswith("✓ Right")


def verdict_on(case: Case, judge_of: JudgeOf) -> Verdict:
    """What is said to one of the wrong answers, in a process of its own without a sandbox."""
    cell = (
        "from tests.support.wrong_answers import WRONG\n"
        f"lesson.check({case.exercise!r}, WRONG[{WRONG.index(case)}].answer(lesson))"
    )
    judge = judge_of(case.exercise[:2])
    return Judge(judge.lesson, trust=True).verdict(Work(case.exercise, (), cell))


@pytest.mark.parametrize("name", ["renames-the-file", "backs-it-up", "empties-the-other-file"])
def test_what_an_answer_does_to_files_is_judged(
    name: str, shared_home: Path, judge_of: JudgeOf
) -> None:
    (case,) = (one for one in WRONG if (one.exercise, one.name) == ("13.clean", name))
    verdict = verdict_on(case, judge_of)
    assert verdict.outcome == "wrong"
    assert re.search(case.says, verdict.sentence), verdict


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    "case", WRONG[::8], ids=lambda case: f"{case.exercise}:{case.name}" if case else ""
)
def test_a_mistake_gets_the_sentence_that_the_lesson_has_for_it(
    case: Case, shared_home: Path, judge_of: JudgeOf
) -> None:
    verdict = verdict_on(case, judge_of)
    if verdict.sentence == BY_HAND:
        assert catalog.exercise(case.exercise).make or case.exercise[:2] == "11"
        return
    assert (verdict.outcome, verdict.code) == ("wrong", case.code), verdict
    assert re.search(case.says, verdict.sentence), verdict


def test_what_two_callers_share_is_mixed_up_in_the_sandbox_too(judge_of: JudgeOf) -> None:
    require_bubblewrap()
    shared = """
kept = {}
def onward(held, me, key, api):
    kept["token"] = me.exchange(held, resource=api, key=key)
    return me.call("GET", f"{api}/api/whoami", kept["token"]).json()
lesson.check("10.downstream", onward)
"""
    verdict = judge_of("10").verdict(with_cell("10.downstream", shared))
    assert "belongs to someone else" in verdict.sentence


def test_a_source_is_run_in_the_sandbox_and_not_by_the_judge(
    judge_of: JudgeOf, tmp_path: Path
) -> None:
    require_bubblewrap()
    planted = tmp_path / "planted"
    source = f"open({str(planted)!r}, 'w').write('x')"
    verdict = judge_of("11").verdict(with_cell("11.fix", f'lesson.check("11.fix", {source!r})'))
    assert verdict.outcome != "right"
    assert not planted.exists()


@pytest.mark.parametrize(
    ("cell", "outcome", "says"),
    [
        ("1 / 0", "wrong", "The cell ends with an error: ZeroDivisionError"),
        ("def f(:", "wrong", "The cell ends with an error: SyntaxError"),
        ("pass", "can't tell", "`lesson.check` was not reached"),
        ('lesson.check("05.htu", None)', "not tried", "fill in the cell"),
        ('def f(url): ...\nlesson.check("05.htu", f)', "not tried", "fill in the cell"),
        ('async def f(url): return url\nlesson.check("05.htu", f)', "wrong", "not `async def`"),
        ('lesson.hint("05.htu")\nlesson.check("05.htu", "x")', "wrong", "without calling it"),
        ('lesson.check("05.htu", no_such_name)', "wrong", "NameError"),
        ('lesson.controls\nlesson.check("05.htu", len)', "wrong", "no controls"),
    ],
)
def test_a_cell_that_answers_nothing_says_why(
    cell: str, outcome: str, says: str, judge_of: JudgeOf
) -> None:
    lesson = judge_of("05").lesson
    verdict = Judge(lesson, trust=True).verdict(Work("05.htu", (), cell))
    assert (verdict.outcome, says in verdict.sentence) == (outcome, True), verdict


def test_what_could_not_be_made_is_for_a_person_to_judge(judge_of: JudgeOf) -> None:
    cell = 'lesson.check("05.htu", lambda url: chart)'
    work = Work("05.htu", ("chart = lesson.widget()",), cell)
    verdict: Verdict = Judge(judge_of("05").lesson, trust=True).verdict(work)
    assert verdict.outcome == "can't tell"
    assert "Lesson has no widget" in verdict.sentence


RIGHT, WRONG_ONE = Verdict("right", "Well done."), Verdict("wrong", "Not these.")


@pytest.mark.parametrize(
    ("drawings", "outcome"),
    [
        ([(RIGHT, {"A"}), (RIGHT, {"B"})], "right"),
        ([(RIGHT, {"A"}), (RIGHT, {"A"}), (RIGHT, {"A"})], "right"),  # so it happens, if rarely
        ([(RIGHT, {"A"}), (RIGHT, {"A"}), (WRONG_ONE, {"A"})], "can't tell"),
        ([(WRONG_ONE, {"A"}), (WRONG_ONE, {"A"}), (RIGHT, {"A"})], "can't tell"),
        ([(WRONG_ONE, {"A"}), (WRONG_ONE, {"B"})], "wrong"),
        ([(RIGHT, {"A"}), (WRONG_ONE, {"B"})], "wrong"),
    ],
)
def test_letters_are_judged_if_they_follow_what_is_drawn(
    drawings: list[tuple[Verdict, object]], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, lesson = list(drawings), SimpleNamespace(reset_exercise=lambda _: None)
    monkeypatch.setattr(Judge, "_once", lambda *_: left.pop(0))
    judge = Judge(cast(Lesson, lesson))
    assert judge.verdict(Work("08.not-proved", (), "")).outcome == outcome
    assert left == []
