"""Predictions, the quiz before the lessons and the end of a lesson, as a person meets them."""

from __future__ import annotations

import json

import pytest

from tests.support.lab import Person, write_notebook

CELLS = (
    """from pathlib import Path
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.work import Work
work = Work("03", Progress(Path("progress.jsonl")), interactive=True, seat=0)
work.progress.opened("03")""",
    'work.predict("03.same-proof-twice")',
    'work.predict("03.short-coordinate")',
    'work.quiz("pre", tell=None)',
    'work.progress.checked("03.signature", "right"); work.done([])',
)


@pytest.fixture(scope="module")
def desk(lab, browser):
    write_notebook(lab.root / "ending.ipynb", *CELLS)
    context = browser.new_context(viewport={"width": 1280, "height": 5000})
    yield Person(lab, context.new_page(), "ending.ipynb")
    context.close()


def sheet(desk, number):
    return desk.widget("questions").nth(number)


def test_the_reasons_are_under_the_answers_picked_and_right_and_the_others_are_folded(desk):
    desk.run_all()
    prediction = sheet(desk, 0)
    prediction.get_by_text("200 again").click()
    prediction.get_by_role("button", name="I am sure").press("Enter")
    prediction.get_by_text("✗ your answer, not quite").wait_for()
    assert prediction.locator(".dk-badge").inner_text() == "✗ not quite"
    labels = prediction.locator(".dk-choice")
    assert "✓ right" in labels.nth(1).inner_text()
    for number, words in ((0, "It is fresh, but it is used"), (1, "accepted once")):
        described = labels.nth(number).locator("input").get_attribute("aria-describedby")
        reason = desk.page.locator(f"#{described}")
        assert words in reason.inner_text()
        assert reason.bounding_box()["y"] > labels.nth(number).bounding_box()["y"]
        assert reason.bounding_box()["y"] < labels.nth(number + 1).bounding_box()["y"]
    folded = prediction.locator("details.dk-other")
    assert folded.count() == 1
    assert not folded.locator("p").is_visible()
    folded.locator("summary").press("Enter")
    assert "Nothing stands in the way" in folded.locator("p").inner_text()


def test_after_an_answer_the_focus_is_at_the_question_and_not_lost(desk):
    prediction = sheet(desk, 1)
    prediction.get_by_role("radio").nth(1).check()
    prediction.get_by_role("button", name="I am not sure").press("Enter")
    prediction.get_by_text("✓ your answer, right").wait_for()
    assert desk.page.evaluate("document.activeElement.tagName") == "LEGEND"


def test_the_quiz_asks_how_sure_except_who_does_not_know_yet(desk):
    quiz = sheet(desk, 2)
    groups = quiz.locator("fieldset")
    assert groups.count() == 8
    for number in range(8):
        choices = groups.nth(number).locator(".dk-choice")
        assert choices.nth(4).inner_text().strip() == "I don't know yet"
        choices.nth(4 if number == 3 else number % 4).click()
        sure = groups.nth(number).get_by_role("radiogroup", name="How sure are you?")
        assert sure.is_visible() == (number != 3)
        if number not in (3, 7):
            sure.get_by_label("unsure" if number % 2 else "sure", exact=True).check()
    quiz.get_by_role("button", name="Hand in").press("Enter")
    quiz.get_by_text("Question 8: say whether you are sure.").wait_for()
    reminder = groups.nth(7).locator(".dk-lacking")
    assert reminder.inner_text() == "Say whether you are sure."
    assert desk.faint_texts(".dk-question") == []
    desk.page.keyboard.press("Space")  # the focus is where the answer is missing
    assert not reminder.is_visible()
    quiz.get_by_role("button", name="Hand in").press("Enter")
    quiz.get_by_text("Thank you. Your answers are recorded").wait_for()
    assert quiz.locator(".dk-verdict, .dk-why").count() == 0
    events = [json.loads(line) for line in (desk.lab.root / "progress.jsonl").open()]
    kept = [event for event in events if event["kind"] == "quizzed"]
    assert [event["pair"] for event in kept][:2] == ["stolen", "again"]
    assert [event["confidence"] for event in kept] == [
        "sure",
        "unsure",
        "sure",
        None,
        "sure",
        "unsure",
        "sure",
        "sure",
    ]
    assert {(event["form"], event["asked"]) for event in kept} == {("A", "pre")}


@pytest.mark.sample(1)
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_the_end_of_the_lesson_can_be_read_in_both_themes(desk, theme):
    desk.use_theme(theme)
    desk.reload()
    desk.run_all()
    end = desk.page.locator("section[aria-label='The end of lesson 03']")
    end.get_by_text("✗ not quite, and sure").wait_for()
    sheet(desk, 2).get_by_text("You answered these earlier").wait_for()
    rows = end.locator("table[aria-label^='What '] tbody tr")
    assert "200 again" in rows.nth(0).inner_text()
    assert "jti_is_new" in rows.nth(0).inner_text()
    assert "not answered" in rows.nth(2).inner_text()
    desk.screenshot(f"ending-{theme.rsplit(' ', 1)[1].lower()}")
    assert desk.faint_texts(".dialtone-kit") == []
    assert desk.faint_texts("section[aria-label='The end of lesson 03']") == []
