"""Makes the references again: the lessons with the outputs that nbval compares.

    python -m tests.support.references            all of them, and shows what changed
    python -m tests.support.references 03 05      those of lessons 03 and 05
    python -m tests.support.references --check    writes nothing; exit code 1 if one would change

A reference has the cells of its notebook. Those tagged `nbval-check` have their outputs and
execution counts: nbval skips a cell without a count, so the other cells have neither.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dialtone_kit.local import service
from tests.support.books import (
    BOOKS,
    REFERENCES,
    ROOT,
    Book,
    Cell,
    is_compared,
    read,
    reference_of,
    run,
    text_of,
)

MACHINE = re.compile(r"127\.0\.0\.1:\d+|localhost:\d+|/(?:home|root|tmp|Users)/\w+")
HOME = ("DIALTONE_STATE_DIR", "DIALTONE_CONFIG_DIR")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    chosen = _parser().parse_args(arguments)
    books = [book for book in BOOKS if not chosen.lessons or book.name[:2] in chosen.lessons]
    changed = 0
    for book in books:
        path = reference_of(book)
        new = reference(book)
        if not path.is_file() or text_of(new) != path.read_text(encoding="utf-8"):
            changed += 1
            _show(path, new)
            if not chosen.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text_of(new), encoding="utf-8")
    print(
        f"{len(books)} notebooks run, {changed} references {'differ' if chosen.check else 'new'}."
    )
    return 1 if changed and chosen.check else 0


def reference(book: Path) -> Book:
    """The reference of the notebook at `book`, from a run in a fresh home."""
    with fresh_home():
        executed = run(book)
    made = read(book)
    for cell, ran in zip(made["cells"], executed["cells"], strict=True):
        if is_compared(cell):
            cell["execution_count"] = ran["execution_count"]
            cell["outputs"] = joined(ran["outputs"])
            _check(book, cell)
    return made


def joined(outputs: Sequence[Cell]) -> list[Cell]:
    """The outputs with each stream in one piece: a busy machine sends it in several."""
    whole: list[Cell] = []
    for output in outputs:
        before = whole[-1] if whole else {}
        if output["output_type"] == "stream" and before.get("name") == output["name"]:
            text = "".join(before["text"]) + "".join(output["text"])
            whole[-1] = {**before, "text": text.splitlines(keepends=True)}
        else:
            whole.append(output)
    return whole


@contextmanager
def fresh_home() -> Iterator[None]:
    """An empty home; the service that was started in it ends with it."""
    before = {name: os.environ.get(name) for name in HOME}
    with tempfile.TemporaryDirectory(prefix="dialtone-reference-") as home:
        os.environ.update({name: str(Path(home) / name.lower()) for name in HOME})
        try:
            yield
        finally:
            service.stop()
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _check(book: Path, cell: Cell) -> None:
    """Refuse a cell that can't be compared: it shows nothing, or what differs by machine."""
    shown = _outputs(cell)
    fact = MACHINE.search("\n".join(shown))
    if not shown or fact:
        what = f"shows {fact[0]}, which another machine does not" if fact else "shows nothing"
        sys.exit(f"{book.name}: cell {cell['id']} is tagged nbval-check, but {what}.")


def _show(path: Path, new: Book) -> None:
    old = read(path) if path.is_file() else {"cells": []}
    lines = difflib.unified_diff(_text(old), _text(new), lineterm="", n=0)
    shown = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    print(f"{path.relative_to(REFERENCES.parent)}: {'' if shown else 'sources or counts changed'}")
    print("".join(f"  {line}\n" for line in shown), end="")


def _text(book: Book) -> list[str]:
    """The compared outputs as lines, each with the id of its cell."""
    return [
        f"[{cell['id']}] {line}"
        for cell in book["cells"]
        if is_compared(cell)
        for line in _outputs(cell)
    ]


def _outputs(cell: Cell) -> list[str]:
    texts = (output.get("text") or output["data"]["text/plain"] for output in cell["outputs"])
    return [line for text in texts for line in "".join(text).splitlines()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.support.references")
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lessons, such as 03")
    return parser


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
