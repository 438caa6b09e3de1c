"""What a class hands in, for the tests of grading: notebooks made from the solutions."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dialtone_kit.classroom.grading.cells import Book, Cell
from dialtone_kit.classroom.grading.context import statements_before
from tests.support.books import FOLDER, LESSONS, read
from tests.support.books import Book as Notebook
from tests.support.class_of import enroll, make_class
from tests.support.wrong_answers import WRONG, Case

ANSWERS = Path(__file__).parent / "wrong_answers"
NAMES = """Anna, Bob Ünal, Cy Lee, Anna Lena Groß, Dora, Emre Yılmaz, Finn O'Hara, Gül, Hugo, Inês
Costa, Jan, Kim Park, Lea, Mia, Noa, Olga, Pia, Quinn, Rui, Sven, Tara, Uli, Vera, Wim, Xenia,
Yuki, Zoe, Ada Byron, Ben, Cleo"""


def file_of(number: str) -> str:
    return next(name for name in LESSONS if name.startswith(number))


def solution(number: str) -> Notebook:
    return read(FOLDER / "solutions" / file_of(number))


def stub(number: str) -> Notebook:
    return read(FOLDER / file_of(number))


def exercise(book: Notebook, exercise_id: str) -> dict[str, Any]:
    """The cell of an exercise in `book`, to be changed."""
    return next(
        cell for cell in book["cells"] if f'check("{exercise_id}"' in "".join(cell["source"])
    )


def answered(number: str, answers: Mapping[str, str]) -> Notebook:
    """The solution with other cells for some exercises."""
    book = solution(number)
    for exercise_id, source in answers.items():
        exercise(book, exercise_id)["source"] = source
    return book


def wrong(exercise_id: str, name: str) -> Case:
    return next(case for case in WRONG if (case.exercise, case.name) == (exercise_id, name))


def cell_of(case: Case) -> str:
    """A wrong answer, a function of tests/support/wrong_answers, written out as a cell."""
    tree = ast.parse((ANSWERS / f"lesson_{case.exercise[:2]}.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    name = case.answer(None).__name__  # type: ignore[arg-type]
    cell = Cell("", f'{name}\nlesson.check("{case.exercise}", {name})')
    whole = Book(case.exercise[:2], (Cell("module", ast.unparse(tree)), cell))
    return "\n".join([*statements_before(cell, whole, Book("", ())), cell.source])


def text_of(book: Notebook) -> str:
    return json.dumps(book)


def names() -> list[str]:
    return [" ".join(name.split()) for name in NAMES.split(",")]


def a_class(folder: Path) -> Path:
    """The folder of a class with these learners."""
    enroll(make_class(folder, 1), names())
    return folder


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """An archive of `files`."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()
