"""The lessons as the tests see them: where they are, their cells, and how to run them.

The notebooks have no outputs. Their references, in tests/notebooks/reference, have those that nbval
compares; references.py makes them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
REFERENCES = ROOT / "tests" / "notebooks" / "reference"
LESSONS = sorted(path.name for path in FOLDER.glob("[0-9][0-9]-*.ipynb"))
BOOKS = [FOLDER / name for name in LESSONS] + [FOLDER / "solutions" / name for name in LESSONS]
COMPARED = "nbval-check"
TAGS = {"parameters", "exercise", COMPARED}

Cell = dict[str, Any]
Book = dict[str, Any]


def reference_of(path: Path) -> Path:
    """Where the reference of the notebook at `path` is."""
    return REFERENCES / path.relative_to(FOLDER)


def text_of(book: Book) -> str:
    """`book` as its file holds it: members in Jupyter's order, so that diffs stay small."""
    return json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def read(path: Path) -> Book:
    book: Book = json.loads(path.read_text(encoding="utf-8"))
    return book


def cells(path: Path, kind: str = "code") -> list[Cell]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == kind]


def tags(cell: Cell) -> set[str]:
    return set(cell["metadata"].get("tags", ()))


def is_compared(cell: Cell) -> bool:
    """Whether nbval compares the output of `cell` with the reference."""
    return COMPARED in tags(cell)


def source(cell: Cell) -> str:
    return "".join(cell["source"])


def imports(text: str) -> Iterator[tuple[str, list[str]]]:
    """Every imported module in `text`, with the names taken from it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module), [alias.name for alias in node.names]


def run(path: Path, /, into: Path | None = None, **parameters: object) -> Book:
    """Run a lesson by papermill in its own folder; the executed notebook, or PapermillError.

    `into` is a file for it, which has the cells that ran even if one of them failed.
    """
    book = papermill.execute_notebook(
        path,
        into,
        parameters,
        kernel_name="python3",
        cwd=path.parent,
        progress_bar=False,
        execution_timeout=60,
        store_widget_state=False,
        extra_arguments=["--IPKernelApp.log_level=50"],
    )
    executed: Book = json.loads(nbformat.writes(book))
    executed["metadata"].pop("papermill", None)  # where the test put the file is no one's output
    return executed


def output_text(book: Book) -> str:
    """All that the cells of an executed notebook show, joined."""
    return json.dumps([cell.get("outputs", []) for cell in book["cells"]], ensure_ascii=False)


def verdicts(book: Book) -> list[str]:
    """The outcome of each check, as its verdict shows it."""
    shown = [
        "".join(output["data"].get("text/plain", ""))
        for cell in book["cells"]
        if "exercise" in tags(cell)
        for output in cell["outputs"]
        if "data" in output
    ]
    return [text.partition(".")[0].split(" ", 1)[1] for text in shown]
