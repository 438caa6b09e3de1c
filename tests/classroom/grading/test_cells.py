"""Which cell belongs to which exercise: told apart by its check, and never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dialtone_kit.classroom.grading.cells import (
    Answer,
    Unreadable,
    answers,
    read_book,
    without_magics,
)
from dialtone_kit.lesson import catalog
from tests.support.books import LESSONS
from tests.support.handed_in import exercise, solution, stub, text_of

IDS = [one.id for one in catalog.exercises("05")]
Notebook = dict[str, Any]


def found(book: Notebook) -> dict[str, Answer]:
    official = read_book(text_of(stub("05")).encode())
    return {one.exercise: one for one in answers(read_book(text_of(book).encode()), official, IDS)}


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_of_a_solution_is_found_without_a_note(name: str) -> None:
    ids = [one.id for one in catalog.exercises(name[:2])]
    book = read_book(text_of(solution(name[:2])).encode())
    made = answers(book, read_book(text_of(stub(name[:2])).encode()), ids)
    assert [(one.exercise, one.problem, one.notes) for one in made] == [(i, "", ()) for i in ids]
    assert book.number == name[:2]


def _reordered(book: Notebook) -> None:
    book["cells"].append(book["cells"].pop(book["cells"].index(exercise(book, "05.ath"))))


def _twice(book: Notebook) -> None:
    book["cells"].append(dict(exercise(book, "05.htu"), id="copy"))


def _untagged(book: Notebook) -> None:
    exercise(book, "05.htu")["metadata"] = {}


def _renamed(book: Notebook) -> None:
    exercise(book, "05.htu")["id"] = "x1"


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (_reordered, "the exercises are in another order"),
        (_twice, "the same cell is there 2 times"),
        (_untagged, "the cell has lost its tag `exercise`"),
        (_renamed, "the cell's id is x1, not l05-exercise-htu"),
    ],
)
def test_what_is_clear_all_the_same_is_graded_with_a_note(
    change: Callable[[Notebook], None], note: str
) -> None:
    book = solution("05")
    change(book)
    answer = found(book)["05.htu"]
    assert answer.cell is not None
    assert note in answer.notes


def _missing(book: Notebook) -> None:
    book["cells"].remove(exercise(book, "05.htu"))


def _unchecked(book: Notebook) -> None:
    exercise(book, "05.htu")["source"] = "def htu_of(url): return url"


def _commented_out(book: Notebook) -> None:
    exercise(book, "05.htu")["source"] = '# lesson.check("05.htu", htu_of)'


def _two_that_differ(book: Notebook) -> None:
    book["cells"].append(dict(exercise(book, "05.htu"), source='lesson.check("05.htu", str)'))


def _two_in_one(book: Notebook) -> None:
    exercise(book, "05.htu")["source"] = 'lesson.check("05.htu", a)\nlesson.check("05.nonce", b)'


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_missing, "The cell is missing."),
        (_unchecked, "its line `lesson.check("),
        (_commented_out, "its line `lesson.check("),
        (_two_that_differ, "2 cells check this exercise, and they differ"),
        (_two_in_one, "One cell checks several exercises"),
    ],
)
def test_what_is_not_clear_is_not_graded(change: Callable[[Notebook], None], problem: str) -> None:
    book = solution("05")
    change(book)
    answers_found = found(book)
    assert answers_found["05.htu"].cell is None
    assert problem in answers_found["05.htu"].problem
    assert answers_found["05.ath"].cell is not None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "isn't JSON"),
        (b"\xff\xfe", "isn't JSON"),
        (b"[" * 100_000, "isn't JSON"),
        (b"[]", "no `nbformat`"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3, not 4"),
        (b'{"nbformat": 4}', "damaged"),
        (b'{"nbformat": 4, "cells": [1]}', "damaged"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}', "damaged"),
        (b'{"nbformat": 4, "cells": []}', "This isn't a lesson"),
    ],
)
def test_a_file_that_is_no_lesson_says_why(content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_book(content)


def test_the_lesson_is_told_by_what_is_in_it_too() -> None:
    book = solution("05")
    book["metadata"] = {}
    assert read_book(text_of(book).encode()).number == "05"
    book["metadata"] = {"dialtone": {"number": "03"}}
    with pytest.raises(Unreadable, match="03 and 05"):
        read_book(text_of(book).encode())


def test_parameters_are_read_and_never_run() -> None:
    book = solution("13")
    cell = next(c for c in book["cells"] if "parameters" in c["metadata"].get("tags", ()))
    cell["source"] = 'email = "a@example.com"\nseat = 7\nrealm = __import__("os").getcwd()\n'
    assert read_book(json.dumps(book).encode()).parameters == {"email": "a@example.com", "seat": 7}


def test_lines_for_ipython_are_left_out() -> None:
    assert without_magics("%time\nx = 1\nif x:\n    !ls\n") == "pass\nx = 1\nif x:\n    pass\n"
    assert without_magics("x = 5 %3\n") == "x = 5 %3\n"
