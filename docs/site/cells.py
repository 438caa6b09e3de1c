"""Cells of a page: made, split at their headings, and asked what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt

from tests.support.books import Cell, source, tags

_PARSER = MarkdownIt()
_PREDICTS = re.compile(r'lesson\.predict\("([^"]+)"\)')


def markdown(text: str, cell_id: str) -> Cell:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": text}


def headings(text: str) -> list[tuple[int, str]]:
    """The headings in `text`: the line of each, counted from 0, and its words."""
    tokens = _PARSER.parse(text)
    return [
        (token.map[0], "".join(child.content for child in inline.children or ()))
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.map
    ]


def at_headings(cell: Cell) -> Iterator[Cell]:
    """`cell`, or its parts if it is prose with headings: each of them begins a part."""
    text = source(cell)
    starts = [line for line, _ in headings(text)] if cell["cell_type"] == "markdown" else []
    lines = text.splitlines(keepends=True)
    edges = sorted({0, *starts, len(lines)})
    if len(edges) < 3:
        yield cell
        return
    for number, (start, end) in enumerate(pairwise(edges)):
        part = "".join(lines[start:end]).strip()
        yield markdown(part, f"{cell['id']}-{number}" if number else cell["id"])


def begins_section(cell: Cell) -> bool:
    return cell["cell_type"] == "markdown" and bool(headings(source(cell)))


def prediction_of(cell: Cell) -> str:
    """The id of the prediction that `cell` asks for, or nothing."""
    found = _PREDICTS.search(source(cell)) if cell["cell_type"] == "code" else None
    return found[1] if found else ""


def is_exercise(cell: Cell) -> bool:
    return "exercise" in tags(cell)


def slug(title: str) -> str:
    """The anchor of a heading, as MyST makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower().replace(" ", "-"))
