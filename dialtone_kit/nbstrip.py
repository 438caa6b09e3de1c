"""What a committed notebook looks like: outputs only where a lesson compares them, stable ids.

    python -m dialtone_kit.nbstrip notebooks/*.ipynb           rewrites what is not so
    python -m dialtone_kit.nbstrip --check notebooks/*.ipynb   only says so; exit code 1

A cell tagged `nbval-check` keeps outputs and execution count: nbval passes over a cell without a
count, and stumbles over outputs without one. All other cells keep neither.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

COMPARED = "nbval-check"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

Cell = dict[str, Any]


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """`notebook` as it is committed: the same cells, and nothing that a run left behind."""
    metadata = notebook.get("metadata", {})
    kept = {"dialtone": metadata["dialtone"]} if "dialtone" in metadata else {}
    return {
        "cells": list(_cells(notebook.get("cells", []))),
        "metadata": kept | {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def problems(notebook: dict[str, Any]) -> list[str]:
    """What stripping can't mend, one line each: compared cells that have nothing to compare."""
    return [
        f"cell {number} ({cell.get('id', 'no id')}) is tagged {COMPARED} and has no stored output: "
        "run the notebook from the start, then save it"
        for number, cell in enumerate(notebook.get("cells", []), 1)
        if is_compared(cell) and not (cell.get("outputs") and cell.get("execution_count"))
    ]


def is_compared(cell: Cell) -> bool:
    """Whether nbval compares the output of `cell` with the stored one."""
    return cell["cell_type"] == "code" and COMPARED in cell.get("metadata", {}).get("tags", [])


def text_of(notebook: dict[str, Any]) -> str:
    """`notebook` as the file holds it: members in Jupyter's order, so that diffs stay small."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m dialtone_kit.nbstrip",
        description="Keep outputs only where a lesson compares them.",
        epilog="example: python -m dialtone_kit.nbstrip --check notebooks/*.ipynb",
    )
    parser.add_argument("--check", action="store_true", help="change nothing, only report")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    chosen = parser.parse_args(arguments)
    reports = [line for path in chosen.notebooks for line in _treat(path, chosen.check)]
    for line in reports:
        print(line, file=sys.stderr)
    return 1 if reports else 0


def _treat(path: Path, check: bool) -> Iterator[str]:
    """Bring one file into form, or say what is not in form; what is left to do comes as lines."""
    try:
        before = path.read_text(encoding="utf-8")
        notebook = json.loads(before)
    except (OSError, ValueError) as failed:
        yield f"{path}: not a readable notebook ({type(failed).__name__})"
        return
    clean = stripped(notebook)
    after = text_of(clean)
    if after != before and check:
        yield f"{path}: not stripped; run python -m dialtone_kit.nbstrip {path}"
    elif after != before:
        path.write_text(after, encoding="utf-8")
    for problem in problems(clean):
        yield f"{path}: {problem}"


def _cells(cells: Sequence[Cell]) -> Iterator[Cell]:
    seen: set[str] = set()
    for cell in cells:
        tags = cell.get("metadata", {}).get("tags", [])
        clean: Cell = {
            "cell_type": cell["cell_type"],
            "id": _stable_id(cell, seen),
            "metadata": {"tags": tags} if tags else {},
            "source": "".join(cell["source"]).splitlines(keepends=True),
        }
        if clean["cell_type"] == "code":
            keeps = is_compared(cell)
            outputs = cell.get("outputs", []) if keeps else []
            clean["execution_count"] = cell.get("execution_count") if keeps else None
            clean["outputs"] = [_output(output, clean["execution_count"]) for output in outputs]
        yield clean


def _stable_id(cell: Cell, seen: set[str]) -> str:
    """The cell's own id, or one from its text: the same text gets the same id in every run."""
    found = str(cell.get("id", ""))
    if not _ID.fullmatch(found) or found in seen:
        found = hashlib.sha256("".join(cell["source"]).encode()).hexdigest()[:12]
    while found in seen:
        found += "x"
    seen.add(found)
    return found


def _output(output: dict[str, Any], count: int | None) -> dict[str, Any]:
    """`output` without what only a running kernel needs; text as a list of lines."""
    clean = {name: value for name, value in output.items() if name != "transient"}
    if clean["output_type"] == "execute_result":
        clean["execution_count"] = count
    if isinstance(clean.get("text"), str):
        clean["text"] = clean["text"].splitlines(keepends=True)
    data = clean.get("data")
    if isinstance(data, dict):
        clean["data"] = {mime: _lines(mime, value) for mime, value in data.items()}
    return clean


def _lines(mime: str, value: Any) -> Any:
    return (
        value.splitlines(keepends=True)
        if mime.startswith("text/") and isinstance(value, str)
        else value
    )


if __name__ == "__main__":
    sys.exit(main())
