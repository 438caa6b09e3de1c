"""A person takes lesson 03 in Jupyter Notebook 7 instead of JupyterLab."""

from __future__ import annotations

import pytest

from tests.browser.test_person_in_03 import RIGHT, SHORTEST
from tests.support.lab import running_lab
from tests.support.learner import learner_at

# Notebook 7.6 says this of its own shortcuts while it loads any notebook, an empty one too.
ITS_OWN = "Cannot read properties of undefined (reading 'schema')"


pytestmark = pytest.mark.full  # another application for one lesson


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):
    home = tmp_path_factory.mktemp("notebook")
    root = home / "notebooks"
    root.mkdir()
    with (
        running_lab(home, root, app="notebook") as lab,
        learner_at(lab, browser, "03-dpop-token.ipynb") as (learner, watch),
    ):
        learner.watch = watch
        yield learner


def test_questions_exercises_and_views_work_there_too(desk):
    desk.run_to("l03-exercise-coordinates")
    assert desk.predict("l03-predict-stolen-token", "Nothing: a token is a token") == "✗"
    assert "leading zero byte" in desk.try_exercise("l03-exercise-coordinates", SHORTEST)
    assert "accepted a proof" in desk.try_exercise("l03-exercise-coordinates", RIGHT)
    desk.run_to("l03-checker")
    desk.widget("token").get_by_text("it is bound to your key").first.wait_for()
    checker = desk.widget("checker")
    checker.locator(".dk-badge", has_text="all rules pass").wait_for()
    checker.get_by_text("Change something and see which rule stops it").click()
    checker.get_by_label("htm").fill("GET")
    checker.get_by_label("htm").press("Enter")
    checker.locator(".dk-badge", has_text="stopped by rule 7").wait_for()
    checker.scroll_into_view_if_needed()
    desk.screenshot("notebook-7")
    assert desk.faint_texts(".dialtone-kit") == []
    assert desk.errors() == []
    assert [text for text in desk.watch.complaints if text != ITS_OWN] == []
    assert desk.watch.strangers == []
