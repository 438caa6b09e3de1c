"""Lesson 00 as a person takes it from an empty home: the tone, the quiz, a reload, a restart."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "00-start-here.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def blurred(desk, cell_id):
    text = desk.at(cell_id).locator(".jp-RenderedMarkdown")
    return text.evaluate("node => getComputedStyle(node).filter") != "none"


def test_the_explanation_is_blurred_until_the_learner_answers_or_runs_the_cell(desk):
    desk.run_to("l00-predict-dial-tone")
    assert blurred(desk, "l00-there-is-the-tone")
    assert not blurred(desk, "l00-lift-the-receiver-before")
    desk.run("l00-dial-tone")
    assert not blurred(desk, "l00-there-is-the-tone")


def test_shift_enter_goes_on_from_an_answered_prediction(desk):
    desk.predict("l00-predict-dial-tone", "401")
    desk.page.keyboard.press("Shift+Enter")
    desk.page.wait_for_function(
        "document.querySelectorAll('.jp-mod-selected .dk-questions').length == 0"
    )
    desk.wait_for_kernel()
    assert "jp-mod-selected" in desk.at("l00-dial-tone").get_attribute("class")
    form = desk.at("l00-predict-dial-tone").locator(".dk-questions")
    assert "your answer" in form.inner_text()


def test_a_learner_hears_the_tone(desk):
    desk.run_all()
    assert desk.output("l00-dial-tone").strip() == "200"
    assert "404" in desk.output("l00-refused-text")
    assert "correct horse" not in desk.output("l00-secret")
    desk.screenshot("lesson-00-run")
    assert desk.errors() == []


def test_the_quiz_survives_a_reload_before_and_after_it_is_handed_in(desk):
    desk.save()
    desk.reload()
    quiz = desk.at("l00-pre-quiz").locator(".dk-questions")
    for group in quiz.locator("fieldset").all():
        group.locator(".dk-choice").last.click()  # I don't know yet
    quiz.get_by_role("button", name="Hand in").click()
    quiz.locator(".dk-badge", has_text="kept").wait_for()
    desk.screenshot("lesson-00-quiz")
    desk.restart_kernel()
    desk.run_all()
    desk.at("l00-pre-quiz").locator(".dk-badge", has_text="kept").wait_for()
    desk.at("l00-predict-dial-tone").get_by_text("✗ your answer").wait_for()
    desk.at("l00-done").scroll_into_view_if_needed()
    desk.screenshot("lesson-00-done")
    assert desk.errors() == []


def test_nothing_secret_is_saved_and_no_one_else_was_asked(desk):
    outputs = desk.saved_outputs()
    assert SECRETS.search(outputs) is None
    assert "correct horse" not in outputs
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
