"""A person takes lesson 06 in an empty home: an impatient agent, and a yes in a second page."""

from __future__ import annotations

import re

import pytest

from tests.support.learner import SECRETS, learner_at

ADDRESS = "robin@mail.example"
CODE = re.compile(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}")
WITHOUT_SLOWING = """
def poll(ask, sleep, interval):
    while True:
        answer = ask()
        if answer.get("error") not in ("authorization_pending", "slow_down"):
            return answer
        sleep(interval)
"""
RIGHT = WITHOUT_SLOWING.replace(
    "        sleep", '        interval += 5 * (answer["error"] == "slow_down")\n        sleep'
)


pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "06-laptop-agent.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def mailed_code(desk):
    """The code in the newest email, which came after the inbox was first shown."""
    inbox = desk.widget("inbox")
    inbox.get_by_role("button", name="Refresh").click()
    mail = inbox.locator(".dk-mail", has_text="an agent wants to act for you")
    mail.wait_for()
    return CODE.search(mail.inner_text())[0]


def test_the_lesson_waits_at_the_card_until_a_person_has_answered(desk):
    desk.run_all()
    assert desk.predict("l06-predict-too-fast", "429: too many requests") == "✗"
    assert desk.predict("l06-predict-who-is-sub", "An ID that means you") == "✓"
    assert "*" not in desk.output("l06-predict-too-fast")  # *not yet* is emphasis
    assert desk.errors() == []
    assert desk.output("l06-token").count("Go to the form") == 1
    card = desk.widget("device")
    assert CODE.fullmatch(card.locator(".dk-usercode").inner_text().strip())


def test_an_impatient_agent_is_slowed_down(desk):
    card = desk.widget("device")
    card.get_by_role("button", name="Ask now").click()
    card.get_by_text("slow down").first.wait_for()
    card.get_by_text("from now on the agent waits 15 s").wait_for()
    card.scroll_into_view_if_needed()
    desk.screenshot("lesson-06-card")


def test_a_person_approves_on_the_page_and_the_agent_notices(desk):
    card = desk.widget("device")
    code = card.locator(".dk-usercode").inner_text().strip()
    with desk.page.context.expect_page() as opened:
        card.get_by_role("link", name="Open the page").click()
    page = opened.value
    page.get_by_label("Code shown on the device").fill(code)
    page.get_by_label("Your email address").fill(ADDRESS)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code from your email").fill(mailed_code(desk))
    page.get_by_role("button", name="Yes, it may act for me").click()
    page.get_by_text("Approved").first.wait_for()
    page.close()
    card.get_by_text("The agent has its token").wait_for(timeout=30_000)
    assert "then wait" not in card.locator(".dk-poll").last.inner_text()
    desk.go_on()
    assert desk.errors() == []
    assert desk.output("l06-token").strip() == "{'sub': 'usr_…', 'client_id': 'cli_…'}"
    desk.at("l06-family-picture").scroll_into_view_if_needed()
    desk.screenshot("lesson-06-family")


def test_an_exercise_is_wrong_first_and_then_right(desk):
    assert "adds 5 s for good" in desk.try_exercise("l06-exercise-poll", WITHOUT_SLOWING)
    assert "slower when told to be" in desk.try_exercise("l06-exercise-poll", RIGHT)


def test_the_saved_notebook_keeps_no_secret_and_no_address(desk):
    saved = desk.saved_outputs()
    assert ADDRESS not in saved
    assert SECRETS.search(saved) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
