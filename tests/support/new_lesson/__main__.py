"""Starts a new lesson: everything that a lesson adds to the tree, with stubs that pass its tests.

    python -m tests.support.new_lesson 06 laptop-agent "What if there is no browser here?"

It writes the notebook, its solution, a first picture, its folder in dialtone_kit/lesson/content/
and its wrong answers for the tests, then runs both notebooks to make their references.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Any

from tests.support.books import FOLDER, ROOT, text_of
from tests.support.drawing import Message, lanes

TEMPLATES = Path(__file__).parent / "templates"
CONTENT = ROOT / "dialtone_kit" / "lesson" / "content"
WRONG_ANSWERS = ROOT / "tests" / "support" / "wrong_answers"
PICTURE = (
    "A picture to begin with: the agent sends a request to the service, and the service sends a "
    "response."
)
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def main() -> int:
    """The command. Returns its exit code."""
    lesson = _arguments()
    files = _files(lesson)
    existing = [path for path in files if path.exists()]
    if existing:
        sys.exit(f"{existing[0].relative_to(ROOT)} is there already; nothing was written.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    done = subprocess.run([sys.executable, "-m", "tests.support.references", lesson["number"]])
    return done.returncode


def _arguments() -> dict[str, str]:
    parser = argparse.ArgumentParser(prog="python -m tests.support.new_lesson")
    parser.add_argument("number", help="two digits, such as 06")
    parser.add_argument("name", help="lower-case words joined by hyphens, such as laptop-agent")
    parser.add_argument("question", help="the one question that the lesson answers")
    lesson = vars(parser.parse_args())
    shapes = {"number": r"\d\d", "name": r"[a-z]+(-[a-z]+)*", "question": r'[^"\\]+\?'}
    for part, shape in shapes.items():
        if re.fullmatch(shape, lesson[part]) is None:
            parser.error(f"{part}: {lesson[part]!r} does not have the form {shape}")
    lesson["title"] = lesson["name"].replace("-", " ").capitalize()
    return lesson


def _files(lesson: dict[str, str]) -> dict[Path, str]:
    """Every file of the lesson but the references, with its text."""
    notebook = FOLDER / f"{lesson['number']}-{lesson['name']}.ipynb"
    folder = CONTENT / f"lesson_{lesson['number']}"
    return {
        notebook: text_of(_book(lesson, solved=False)),
        FOLDER / "solutions" / notebook.name: text_of(_book(lesson, solved=True)),
        FOLDER / "pictures" / f"lesson-{lesson['number']}.svg": _picture(lesson["question"]),
        folder / "__init__.py": _filled("init.py.txt", lesson),
        folder / "questions.toml": _filled("questions.toml", lesson),
        folder / "checks.py": _filled("checks.py.txt", lesson),
        WRONG_ANSWERS / f"lesson_{lesson['number']}.py": _filled("wrong_answers.py.txt", lesson),
    }


def _filled(template: str, lesson: dict[str, str]) -> str:
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(lesson)


def _picture(question: str) -> str:
    """A picture to begin with; pictures.py draws those of the lessons."""
    actors = [("agent", "Agent", 180), ("service", "Service", 680)]
    steps = [Message(0, 1, "a request"), Message(1, 0, "a response")]
    return lanes(question, PICTURE, actors, steps).svg()


def _book(lesson: dict[str, str], *, solved: bool) -> dict[str, Any]:
    """The notebook that lesson.txt describes: a line `%% kind name tags` begins each cell."""
    cells: list[dict[str, Any]] = []
    text = _filled("lesson.txt", lesson | {"up": "../" if solved else "", "picture": PICTURE})
    for block in re.split(r"^%% ", text, flags=re.MULTILINE)[1:]:
        head, _, text = block.partition("\n")
        kind, *names = head.split()
        source = text.rstrip("\n").splitlines(keepends=True)
        if kind != "solution":
            cells.append(_cell(kind, f"l{lesson['number']}-{names[0]}", names[1:], source))
        elif solved:
            cells[-1]["source"] = source
    own = {"dialtone": {"minutes": 10, "number": lesson["number"]}}
    return {"cells": cells, "metadata": own | METADATA, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, name: str, tags: list[str], source: list[str]) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name, "source": source}
    cell["metadata"] = {"tags": tags} if tags else {}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


if __name__ == "__main__":
    sys.exit(main())
