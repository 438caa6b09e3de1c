"""The answers in a notebook that was handed in: which cell belongs to which exercise.

A cell belongs to the exercise that its `lesson.check("03.signature", …)` names. Everything that is
not as the lesson has it is noted, and what can't be told apart is not graded.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson import catalog

_CHECK = re.compile(r"""^[^#\n]*\blesson\s*\.\s*check\s*\(\s*["'](\d\d\.[\w-]+)["']""", re.M)
_START = re.compile(r"""^[^#\n]*\bstart\s*\(\s*["']?(\d\d?)["']?\s*[,)]""", re.M)
_MAGIC = re.compile(r"^(\s*)([%!?].*)$", re.M)
MOST_CELLS = 1000


class Unreadable(DialtoneError):
    """This file isn't a lesson's notebook; the text says why, for the trainer."""


@dataclass(frozen=True)
class Cell:
    """A code cell. nbformat's `id` stays with a cell that is moved or edited."""

    id: str
    source: str
    tags: frozenset[str] = frozenset()

    @property
    def checks(self) -> list[str]:
        """The exercises that this cell has checked."""
        return _CHECK.findall(self.source)


@dataclass(frozen=True)
class Book:
    """A notebook of lesson `number`: its code cells, in their order."""

    number: str
    cells: tuple[Cell, ...]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What the cell tagged `parameters`, and the one that papermill adds, set to plain values.

        Nothing is run.
        """
        found: dict[str, Any] = {}
        for cell in self.cells:
            if cell.tags & {"parameters", "injected-parameters"}:
                found |= _literals(cell.source)
        return found


@dataclass(frozen=True)
class Answer:
    """What was handed in for one exercise: a cell, or the `problem` that leaves none to grade."""

    exercise: str
    cell: Cell | None = None
    problem: str = ""
    notes: tuple[str, ...] = field(default=())


def read_book(content: bytes) -> Book:
    """The notebook in a file's `content`. Raises Unreadable."""
    try:
        book = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable("This isn't a notebook: the file isn't JSON.") from None
    if not isinstance(book, dict) or "nbformat" not in book:
        raise Unreadable("This isn't a notebook: it has no `nbformat`.")
    if book["nbformat"] != 4:
        raise Unreadable(
            f"The notebook has format {str(book['nbformat'])[:20]}, not 4: open it in JupyterLab "
            "and save it again."
        )
    try:
        cells = tuple(_cells(book["cells"]))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Unreadable("The notebook is damaged: its cells can't be read.") from None
    return Book(_number(book.get("metadata"), cells), cells)


@cache
def official_book(folder: Path, number: str) -> Book | None:
    """The lesson as `folder` has it, None where there is no such lesson."""
    files = {one.number: one.file for one in catalog.notebooks()}
    return read_book((folder / files[number]).read_bytes()) if number in files else None


def answers(book: Book, official: Book, exercises: Sequence[str]) -> list[Answer]:
    """What the notebook holds for each of the lesson's `exercises`, in their order."""
    order = [one for cell in book.cells for one in cell.checks if one in exercises]
    moved = [one for one in exercises if one in order] != list(dict.fromkeys(order))
    ids = {name: cell.id for cell in official.cells for name in cell.checks}
    return [_answer(book, one, ids.get(one, ""), moved) for one in exercises]


def _answer(book: Book, exercise: str, cell_id: str, moved: bool) -> Answer:
    found = [cell for cell in book.cells if exercise in cell.checks]
    if not found:
        return Answer(exercise, problem=_missing(book, exercise, cell_id))
    if len({cell.source for cell in found}) > 1:
        return Answer(
            exercise,
            problem=f"{len(found)} cells check this exercise, and they differ. Ask which one "
            "counts, and delete the others.",
        )
    cell, notes = found[0], list[str]()
    if len(found) > 1:
        notes.append(f"the same cell is there {len(found)} times")
    if len(set(cell.checks)) > 1:
        return Answer(exercise, problem="One cell checks several exercises. Split it.")
    if "exercise" not in cell.tags:
        notes.append("the cell has lost its tag `exercise`")
    if cell.id != cell_id:
        notes.append(f"the cell's id is {cell.id or 'missing'}, not {cell_id}")
    if moved:
        notes.append("the exercises are in another order")
    return Answer(exercise, cell, notes=tuple(notes))


def _missing(book: Book, exercise: str, cell_id: str) -> str:
    if any(cell.id == cell_id for cell in book.cells):
        return f'The cell is there, but its line `lesson.check("{exercise}", …)` is gone.'
    return "The cell is missing."


def without_magics(source: str) -> str:
    """`source` with lines for IPython turned into `pass`, where Python can't read it as it is."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _MAGIC.sub(r"\1pass", source)
    return source


def _cells(cells: Any) -> Iterator[Cell]:
    if len(cells) > MOST_CELLS:
        raise ValueError("too many cells")
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(source)
        tags = cell.get("metadata", {}).get("tags", [])
        yield Cell(str(cell.get("id", ""))[:64], text, frozenset(map(str, tags)))


def _number(metadata: Any, cells: Sequence[Cell]) -> str:
    """The lesson, by what the notebook says and by what is in it; both have to agree."""
    about = metadata.get("dialtone") if isinstance(metadata, dict) else None
    told = str(about.get("number", "")) if isinstance(about, dict) else ""
    seen = {check[:2] for cell in cells for check in cell.checks}
    seen |= {start.zfill(2) for cell in cells for start in _START.findall(cell.source)}
    numbers = seen | ({told} if told else set())
    if not numbers:
        raise Unreadable("This isn't a lesson: it neither starts one nor checks an exercise.")
    if len(numbers) > 1:
        both = " and ".join(sorted(one[:20] for one in numbers))
        raise Unreadable(f"It isn't clear which lesson this is: it has parts of {both}.")
    return numbers.pop()


def _literals(source: str) -> dict[str, Any]:
    found = {}
    try:
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return found
    return found
