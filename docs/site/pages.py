"""A lesson's page and the page of its solutions, each made from its notebook."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

from dialtone_kit.lesson import catalog
from docs.site.cells import at_headings, headings, is_exercise, markdown, slug
from docs.site.folding import folded
from docs.site.still import MIME
from tests.support.books import Book, Cell, source

_PLACE = re.compile(r"(?<=\.ipynb#)[^)\s]+")  # JupyterLab keeps a heading's capitals, MyST doesn't
_LINKED = re.compile(r'(?<= href=")([\w/-]+)\.(?:ipynb|md)(?=["#])')


def lesson_page(name: str, book: Book, buttons: str) -> Book:
    """The notebook `name`, executed, as MyST-NB takes it."""
    parts = [part for cell in book["cells"] for part in at_headings(cell)]
    title, *rest = _titled(parts, buttons)
    cells = [title, *folded(_with_solutions(name, rest), _outcome)]
    return {**book, "cells": [_as_shown(cell) for cell in cells]}


def solutions_page(name: str, solved: Book) -> str:
    """The exercises of the notebook `name`, solved and folded, as Markdown."""
    title = headings(source(solved["cells"][0]))[0][1]
    parts = [
        f"# Solutions: {title}",
        f"Try each exercise in the [lesson](../{name}) first. "
        "There is more than one right answer: the check judges what yours does.",
    ]
    for heading, cell in _exercises(solved["cells"]):
        parts += [
            f"## {heading}",
            f"[The task](../{name}#{slug(heading)})",
            '<details class="fold"><summary>Show a solution</summary>',
            f"```python\n{source(cell)}\n```",
            "</details>",
        ]
    return "\n\n".join(parts) + "\n"


def has_exercises(book: Book) -> bool:
    return any(is_exercise(cell) for cell in book["cells"])


def _outcome(prediction: str) -> str:
    return catalog.prediction(prediction).outcome


def _titled(cells: list[Cell], buttons: str) -> Iterator[Cell]:
    """`cells` with the buttons right below the title."""
    title, _, rest = source(cells[0]).partition("\n")
    yield markdown(title, cells[0]["id"])
    yield markdown(buttons, "open-in")
    yield markdown(rest, f"{cells[0]['id']}-rest")
    yield from cells[1:]


def _exercises(cells: list[Cell]) -> Iterator[tuple[str, Cell]]:
    """Each exercise, and the last heading above it."""
    heading = ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            heading = ([heading] + [words for _, words in headings(source(cell))])[-1]
        elif is_exercise(cell):
            yield heading, cell


def _with_solutions(name: str, cells: list[Cell]) -> Iterator[Cell]:
    """`cells` with a link to the solution below each exercise."""
    heading_of = {cell["id"]: heading for heading, cell in _exercises(cells)}
    page = name.replace(".ipynb", ".md")
    for cell in cells:
        yield cell
        if cell["id"] in heading_of:
            link = f"[A solution](solutions/{page}#{slug(heading_of[cell['id']])})"
            yield markdown(link, f"{cell['id']}-solution")


def _as_shown(cell: Cell) -> Cell:
    """`cell` with links and widgets as they are on a page."""
    if cell["cell_type"] != "code":
        return {**cell, "source": _PLACE.sub(lambda found: slug(found[0]), source(cell))}
    return {**cell, "outputs": [_shown(output) for output in cell["outputs"]]}


def _shown(output: Cell) -> Cell:
    """A widget becomes the place where static/still.js draws it; links lead to pages."""
    data = output.get("data", {})
    if MIME in data:
        return {**output, "data": {"text/html": _place(data)}}
    if "text/html" in data:
        linked = _LINKED.sub(r"\1.html", "".join(data["text/html"]))
        return {**output, "data": {**data, "text/html": linked}}
    return output


def _place(data: Cell) -> str:
    """The text of a widget, until its script draws it."""
    text = html.escape("".join(data["text/plain"]))
    state = json.dumps(data[MIME], ensure_ascii=False).replace("<", "\\u003c")
    return f'<div class="still"><p>{text}</p><script type="application/json">{state}</script></div>'
