"""The lessons of a pack: without outputs, and without what the trainer left in them."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import DialtoneError

_FOR_TRAINERS = frozenset({"TRAINERS.md"})


def copy_lessons(notebooks: Path, target: Path, *, solutions: bool) -> None:
    """Copy the lessons, their pages and pictures. Raises DialtoneError for personal data."""
    target.mkdir()
    for page in sorted(notebooks.glob("*.md")):
        if page.name not in _FOR_TRAINERS:
            shutil.copyfile(page, target / page.name)
    shutil.copytree(notebooks / "pictures", target / "pictures")
    _copy_notebooks(notebooks, target)
    if solutions:
        (target / "solutions").mkdir()
        _copy_notebooks(notebooks / "solutions", target / "solutions")


def edited_lessons(notebooks: Path) -> list[str]:
    """The lessons that differ from the last commit in more than outputs; [] if git can't say.

    Someone who tries the lessons in the clone leaves their own answers there.
    """
    names = _git(notebooks, "diff", "--name-only", "--relative", "HEAD", "--", "*.ipynb")
    present = [name for name in names.splitlines() if (notebooks / name).is_file()]
    return [
        name
        for name in present
        if _sources(_git(notebooks, "show", f"HEAD:./{name}"))
        != _sources((notebooks / name).read_text(encoding="utf-8"))
    ]


def _git(folder: Path, *arguments: str) -> str:
    try:
        line = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:  # no git here
        return ""
    return done.stdout if done.returncode == 0 else ""


def _sources(text: str) -> list[str]:
    try:
        return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
    except (ValueError, KeyError, TypeError):
        return []


def _copy_notebooks(source: Path, target: Path) -> None:
    for path in sorted(source.glob("[0-9][0-9]-*.ipynb")):
        text = json.dumps(_cleaned(path), indent=1, ensure_ascii=False)
        (target / path.name).write_text(f"{text}\n", encoding="utf-8")


def _cleaned(path: Path) -> dict[str, Any]:
    try:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        raise DialtoneError(f"{path.name} isn't a notebook any more. Restore it.") from None
    notebook["metadata"].pop("widgets", None)
    for cell in cells:
        cell.update(outputs=[], execution_count=None)
        if "parameters" in cell["metadata"].get("tags", []):
            _refuse_an_address(path.name, "".join(cell["source"]))
    return notebook


def _refuse_an_address(name: str, source: str) -> None:
    """The parameters cell is where a trainer's own address may have stayed."""
    try:
        texts = [
            node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)
        ]
    except SyntaxError:
        texts = [source]
    if any(isinstance(text, str) and "@" in text for text in texts):
        raise DialtoneError(
            f'The parameters cell of {name} has an email address. Clear it first: email = ""'
        )
