"""A lesson opened in JupyterLab, until its first output, beside a notebook with `1 + 1`.

The clock runs from the address to the output: the page, a fresh kernel, and the cells down to the
first that shows something. The local service runs already, as in every lesson but the first.

.venv/bin/python -m benchmarks.first_output
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.harness import machine
from tests.support.chromium import headless
from tests.support.lab import Lab, Person, running_lab

ROUNDS = 15
LESSON, SUM = "03-token.ipynb", "sum.ipynb"
OUTPUT = ".jp-CodeCell .jp-OutputArea-output"


def main() -> None:
    """Print the table."""
    notebooks = Path(__file__).parents[1] / "notebooks"
    with tempfile.TemporaryDirectory() as folder, headless() as browser:
        root = Path(folder) / "root"
        root.mkdir()
        (lesson,) = notebooks.glob("03-*.ipynb")
        shutil.copy(lesson, root / LESSON)
        shutil.copytree(notebooks / "pictures", root / "pictures")
        steps = cells_to_the_first_output(root / LESSON)
        nbformat.write(like_it(root / LESSON, steps), root / SUM)
        with running_lab(Path(folder) / "home", root) as lab:
            times: dict[str, list[float]] = {SUM: [], LESSON: []}
            for one in times:
                seconds(lab, browser, one, steps)  # the service starts, and files are cached
            for turn in range(ROUNDS):
                for one in sorted(times, reverse=bool(turn % 2)):
                    times[one].append(seconds(lab, browser, one, steps))
    medians = {one: statistics.median(taken) for one, taken in times.items()}
    ratios = [a / b for a, b in zip(times[LESSON], times[SUM], strict=True)]
    print(f"{machine('jupyterlab')}\n\n| | s to the first output |\n|---|---:|")
    print(f"| `1 + 1` | {medians[SUM]:.2f} |\n| lesson 03 | {medians[LESSON]:.2f} |")
    print(f"\nMedian of the rounds' ratios: {statistics.median(ratios):.2f}")


def cells_to_the_first_output(path: Path) -> int:
    """How many cells a learner runs until the one that says which service it is."""
    cells = nbformat.read(path, as_version=4).cells
    return 1 + next(n for n, cell in enumerate(cells) if "start(" in cell.source)


def like_it(path: Path, steps: int) -> Any:
    """The same notebook down to that cell, with `1 + 1` in it, and no code before."""
    book = nbformat.read(path, as_version=4)
    book.cells = book.cells[:steps]
    for cell in book.cells[:-1]:
        cell.source = cell.source if cell.cell_type == "markdown" else "pass"
    book.cells[-1].source = "1 + 1"
    return book


def seconds(lab: Lab, browser: Any, name: str, steps: int) -> float:
    """From the address to the first output, with a fresh kernel and a fresh page."""
    context = browser.new_context()
    page = context.new_page()
    begun = time.perf_counter()
    person = Person(lab, page, name)
    person.cell(0).click()
    for _ in range(steps):
        page.keyboard.press("Shift+Enter")
    page.locator(OUTPUT).first.wait_for()
    taken = time.perf_counter() - begun
    context.close()
    lab.shut_down_kernels()
    return taken


if __name__ == "__main__":
    main()
