"""What runs before an answer: the statements that it needs, of the lesson and of the learner."""

from __future__ import annotations

from dialtone_kit.classroom.grading.cells import Book, Cell
from dialtone_kit.classroom.grading.context import statements_before

OFFICIAL = Book(
    "05",
    (
        Cell("start", 'lesson = start("05", globals())\nimport hashlib\nimport json, httpx'),
        Cell("make", "key = make()\nnonce = None"),
        Cell("helpers", "def prove(url=nonce):\n    return sign(key, url)"),
        Cell("ex", 'lesson.check("05.ath", ...)', frozenset({"exercise"})),
        Cell("later", "hashlib = None"),
    ),
)


def before(source: str, *others: Cell) -> list[str]:
    cell = Cell("ex", f'{source}\nlesson.check("05.ath", f)')
    return statements_before(cell, Book("05", (*others, cell)), OFFICIAL)


def test_only_what_the_answer_names_is_run() -> None:
    assert before("f = lambda t: hashlib.sha256(t)") == ["import hashlib"]
    assert before("f = len") == []


def test_what_that_needs_comes_first() -> None:
    assert before("f = prove") == [
        "key = make()",
        "nonce = None",
        "def prove(url=nonce):\n    return sign(key, url)",
    ]


def test_names_of_the_cell_itself_and_of_its_functions_are_its_own() -> None:
    assert before("key = 1\ndef f(nonce):\n    hashlib = nonce\n    return key") == []
    assert before("key = key + 1\nf = key") == ["key = make()"]


def test_a_learners_own_cell_counts_where_it_stands() -> None:
    mine = Cell("mine", "from mine import hashlib")
    assert before("f = hashlib.sha256", mine) == ["import hashlib", "from mine import hashlib"]
    broken = Cell("broken", "hashlib = = 1")
    assert before("f = hashlib.sha256", broken) == ["import hashlib"]


def test_a_changed_copy_of_an_official_cell_is_not_run() -> None:
    changed = Cell("make", "key = 'planted'")
    assert before("f = key", changed) == ["key = make()"]


def test_the_lesson_itself_is_given() -> None:
    assert before("f = lesson.client") == []
