"""Runs the lessons for the site, in order and in a home of their own, and looks for leaks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
import papermill

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.local.state_folder import state_dir
from tests.support.books import FOLDER, ROOT, Book, output_text
from tests.support.references import HOME, fresh_home

CELL_TIMEOUT = 120  # seconds
# A client's secret, a poll token, a whole JWT, a private key: none of them belongs on a page.
SECRETS = re.compile(
    r"\b(?:sec|pt)_[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{20,}|BEGIN [A-Z ]*PRIVATE KEY"
)


class Leak(DialtoneError):
    """An output has what must not be published; the message names the lesson, not the value."""


def run_lessons(names: Sequence[str], started: Callable[[str], None]) -> dict[str, Book]:
    """The notebooks `names` with their outputs, by name."""
    with fresh_home(), _own_modules():
        books = {}
        for name in names:
            started(name)
            books[name] = _run(FOLDER / name)
            refuse_leaks(name, books[name], [str(state_dir()), *(os.environ[one] for one in HOME)])
    return books


def _run(path: Path) -> Book:
    book = papermill.execute_notebook(
        path,
        None,
        {},
        kernel_name="python3",
        cwd=path.parent,
        progress_bar=False,
        execution_timeout=CELL_TIMEOUT,
        store_widget_state=False,
        extra_arguments=[
            "--IPKernelApp.log_level=50",
            '--IPKernelApp.extensions=["docs.site.still"]',
        ],
    )
    executed: Book = json.loads(nbformat.writes(book))  # type: ignore[no-untyped-call]
    executed["metadata"].pop("papermill", None)
    return executed


def refuse_leaks(name: str, book: Book, private: Sequence[str]) -> None:
    """Raise `Leak` if an output has a secret, or a path of this machine."""
    shown = output_text(book)
    if SECRETS.search(shown):
        raise Leak(f"{name}: an output has a secret in it. Show it masked.")
    for path in (*private, str(ROOT), str(Path.home())):
        if len(path) > 1 and re.search(rf"{re.escape(path)}\b", shown):
            raise Leak(f"{name}: an output has a path of this machine in it. Leave it out.")


@contextmanager
def _own_modules() -> Iterator[None]:
    """Kernels find `docs.site`, which is not installed."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
