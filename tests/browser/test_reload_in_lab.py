"""A lesson half run, saved and reloaded in JupyterLab: its widgets are still there and alive."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.support.books import FOLDER
from tests.support.lab import Person

NAME = "01-discovery.ipynb"


def cells_before(path: Path, second_question: str) -> int:
    """The number of cells up to and with the one that asks `second_question`."""
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    return sources.index(f'lesson.predict("{second_question}")') + 1


def test_a_lesson_half_run_saved_and_reloaded_keeps_its_widgets(lab, browser):
    shutil.copy(FOLDER / NAME, lab.root / NAME)
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    person = Person(lab, context.new_page(), NAME)
    person.run_first(cells_before(lab.root / NAME, "01.which-issuer"))
    assert person.errors() == []
    first = person.widget("questions").first
    first.get_by_role("radio").first.check()
    first.get_by_text("I am sure").click()
    first.get_by_text("your answer").wait_for()
    person.save()

    person.reload()
    first, second = person.widget("questions").nth(0), person.widget("questions").nth(1)
    first.get_by_text("your answer").wait_for()
    second.get_by_role("radio").nth(
        1
    ).check()  # it is not just a picture: it still reaches the kernel
    second.get_by_text("I am sure").click()
    second.get_by_text("your answer, right").wait_for()
    person.screenshot("lesson-01-reloaded")
    context.close()
