"""Lessons 02 and 03 as a person takes them: address typed, email read, code typed, token shown."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.lab import Person

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ADDRESS = "robin@mail.example"
CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b")
SECRETS = re.compile(
    r"(?:sec|pt|rt)_[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.|PRIVATE KEY"
)


@pytest.fixture(scope="module")
def lessons(lab):
    """The notebooks, copied to where JupyterLab serves from."""
    shutil.copytree(NOTEBOOKS, lab.root / "lessons")
    return lab


@pytest.fixture
def opened(lessons, browser):
    """Open one lesson: returns the person in front of it."""
    contexts = []

    def sit_down(name):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 2400}))
        return Person(lessons, contexts[-1].new_page(), f"lessons/{name}")

    yield sit_down
    for context in contexts:
        context.close()


def test_a_person_registers_in_lesson_02_and_gets_a_token_in_lesson_03(opened):
    person = opened("02-register.ipynb")
    person.run_all()
    assert person.errors() == []
    assert person.page.get_by_text("Go to the form").count() == 1
    form = person.widget("email")
    form.get_by_label("Email address").fill(ADDRESS)
    form.get_by_label("Email address").press("Enter")
    form.get_by_text(f"A code is on its way to {ADDRESS}").wait_for()
    person.screenshot("lesson-02-sent")

    person.go_on()
    person.widget("inbox").locator(".dk-mail").first.wait_for()
    code = CODE.search(person.widget("inbox").locator(".dk-mail").first.inner_text())[0]
    form = person.widget("code")
    form.get_by_label("Verification code").fill(code.lower().replace("-", " "))
    form.scroll_into_view_if_needed()
    person.screenshot("lesson-02-code")
    form.get_by_label("Verification code").press("Enter")
    form.get_by_text("Registered as").wait_for()
    person.screenshot("lesson-02-confirmed")
    person.go_on()
    assert person.errors() == []
    saved = person.save()
    assert SECRETS.search(saved) is None
    assert code not in saved
    assert code.replace("-", "").lower() not in saved.lower()
    assert ADDRESS not in "".join(re.findall(r'"state": \{.*', saved, re.S))

    person = opened("03-dpop-token.ipynb")
    person.run_all()
    assert person.errors() == []
    cell = person.page.locator(".jp-Cell", has_text="get_token(key=key)").last
    assert cell.locator(".jp-OutputArea-output").inner_text().strip() == "('DPoP', True)"
    cell.scroll_into_view_if_needed()
    person.screenshot("lesson-03-token")
    assert SECRETS.search(person.save()) is None
