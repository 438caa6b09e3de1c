"""A person takes lesson 13 in an empty home: an estimate, a stranger, the last quiz, the report."""

from __future__ import annotations

import json
import stat

import pytest

from tests.support import shots
from tests.support.books import FOLDER, cells, source
from tests.support.learner import SECRETS, learner_at

SENTENCE = "Bananas ripen faster in a paper bag next to an apple, so do put them there."


def solved(cell_id: str) -> str:
    """What the solution has in this cell, without its check."""
    book = cells(FOLDER / "solutions" / "13-wrap-up.ipynb")
    text = next(source(cell) for cell in book if cell["id"] == cell_id)
    return text.partition("# Stuck?")[0]


OWN_CLOCK = solved("l13-exercise-dialtone").replace("    offset = parsedate_", "    _ = parsedate_")


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "13-wrap-up.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_person_says_first_what_they_expect(desk):
    desk.run_to("l13-estimate")
    sheet = desk.at("l13-estimate").locator(".dk-questions")
    for group in sheet.locator("fieldset").all():
        group.locator(".dk-choice").nth(2).click()
    sheet.get_by_role("button", name="Hand in").click()
    sheet.get_by_text("next to what happened").wait_for()
    assert "✗" not in sheet.inner_text()  # nothing marks it


def test_a_stranger_names_the_mistake_and_then_lets_them_in(desk):
    desk.run_all()
    desk.at("l13-done").locator(".jp-OutputArea-output").first.wait_for(timeout=60_000)
    assert desk.errors() == []
    assert "M06" in desk.try_exercise("l13-exercise-dialtone", OWN_CLOCK)
    told = desk.try_exercise("l13-exercise-dialtone", solved("l13-exercise-dialtone"))
    assert "all of them let you in" in told
    desk.run("l13-at-home-call")
    assert "'sub'" in desk.output("l13-at-home-call")
    desk.at("l13-exercise-dialtone").scroll_into_view_if_needed()
    desk.screenshot("lesson-13-stranger")


def test_the_last_quiz_is_marked(desk):
    sheet = desk.at("l13-post-quiz").locator(".dk-questions")
    for group in sheet.locator("fieldset").all():
        group.locator(".dk-choice").first.click()
        group.get_by_text("sure", exact=True).first.click()
    sheet.get_by_role("button", name="Hand in").click()
    sheet.locator(".dk-badge", has_text="of 8 right").wait_for()


def test_their_report_has_their_sentence_and_what_happened(desk, lab):
    desk.run("l13-worst")
    code = desk.output("l13-worst")[:3]  # whichever their quiz says, as the form is drawn
    assert code != "M06"  # they were never sure of that one
    said = f"sentence = {json.dumps(SENTENCE)}"
    assert f"This isn't about {code}" in desk.try_exercise("l13-exercise-teach", said)
    told = desk.try_exercise("l13-exercise-teach", solved("l13-exercise-teach"))
    assert "Your report keeps it" in told
    desk.run("l13-report")
    shown = desk.output("l13-report")
    assert "It cost me an afternoon" in shown
    assert "M06 · Clocks agree" in shown
    assert "8 or 9" in shown
    desk.at("l13-report").scroll_into_view_if_needed()
    desk.screenshot("lesson-13-report")


def test_the_file_is_theirs_alone_and_needs_nothing_else(desk, lab, browser):
    (file,) = lab.home.rglob("report.html")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRETS.search(file.read_text("utf-8")) is None
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page, asked = context.new_page(), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(file.as_uri())
        page.get_by_role("heading", name="Your report").wait_for()
        assert asked == [file.as_uri()]
        shots.keep(page, f"lesson-13-report-{scheme}", full_page=True)
        context.close()


def test_the_saved_notebook_keeps_no_secret(desk):
    assert SECRETS.search(desk.saved_outputs()) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
