"""Lesson 05 as a person takes it from an empty home: calls, wins a race, and is refused."""

from __future__ import annotations

import re

import pytest

from tests.support.learner import SECRETS, learner_at

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
MADE_UP = re.compile(r"learner-[0-9a-f]{8}@example\.com")  # the client registered by itself
SLOW = "[anywidget] Failed to initialize model."  # after two seconds, on a busy machine
IN_HEX = """
def ath_of(access_token):
    return hashlib.sha256(access_token.encode()).hexdigest()
"""
RIGHT = """
def ath_of(access_token):
    return b64url(hashlib.sha256(access_token.encode()).digest())
"""


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "05-call-apis.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_learner_computes_ath_wrong_and_then_right(desk):
    desk.run_to("l05-predict-what-changes")
    assert desk.predict("l05-predict-what-changes", "A hash of the access") == "✓"
    assert "hash in hex" in desk.try_exercise("l05-exercise-ath", IN_HEX)
    assert "✓" in desk.try_exercise("l05-exercise-ath", RIGHT)
    assert desk.errors() == []


def test_a_copy_that_comes_first_gets_in_and_the_story_grows(desk):
    desk.run_to("l05-predict-race")
    assert desk.predict("l05-predict-race", "401 to the copy") == "✗"
    desk.run_to("l05-key-and-scheme")
    assert cards(desk, "l05-replay") == ["200 accepted", "401 invalid_dpop_proof"]
    assert cards(desk, "l05-htu-and-ath") == ["401 invalid_dpop_proof"] * 2
    assert cards(desk, "l05-key-and-scheme") == [*["401 invalid_token"] * 2, "401 unauthorized"]
    whole = desk.at("l05-key-and-scheme").locator("svg").first.text_content()
    last = ("ath_matches", "key_is_bound", "scheme", "unauthorized")  # as many as are drawn
    assert [rule for rule in last if f"401 {rule}" not in whole] == []
    assert "401 htu_matches" not in whole
    said = desk.at("l05-replay")
    assert said.get_by_role("link", name="M01").get_attribute("href").endswith("#m01")
    desk.picture("lesson-05", "l05-replay", desk.at("l05-timeline"))
    assert "jti_is_new" in desk.at("l05-timeline").locator("svg").first.text_content()


def cards(desk, cell_id):
    """The status and the error of each card, as its label says it."""
    found = desk.at(cell_id).get_by_role("group", name=re.compile(r"^\d")).all()
    return [card.get_attribute("aria-label") for card in found]


def test_after_a_reload_a_proof_is_broken_in_the_checker(desk):
    desk.run_to("l05-checker")
    desk.save()
    desk.reload()
    desk.at("l05-predict-race").get_by_text("✗ your answer").wait_for()
    checker = desk.at("l05-checker").locator(".dk-checker")
    checker.locator(".dk-badge", has_text="all rules pass").wait_for()
    checker.get_by_text("the service accepted this proof").wait_for()
    checker.get_by_text("Change something and see which rule stops it").click()
    checker.get_by_label("ath").fill("")
    checker.get_by_label("ath").press("Enter")
    checker.locator(".dk-badge", has_text="stopped by rule").wait_for()
    checker.get_by_role("button", name="Send it to the service").click()
    checker.get_by_text("The service says 401").wait_for()
    checker.scroll_into_view_if_needed()
    desk.screenshot("lesson-05-checker")
    checker.get_by_role("button", name="Restore").click()
    checker.locator(".dk-badge", has_text="all rules pass").wait_for()
    checker.get_by_role("button", name="Send it to the service").click()
    checker.locator(".dk-badge", has_text="stopped by rule").wait_for()


def test_after_a_restart_of_the_kernel_the_lesson_runs_to_its_end(desk):
    desk.restart_kernel()
    desk.run_to("l05-predict-body")
    assert desk.predict("l05-predict-body", "ath", sure=False) == "✗"
    desk.run_all()
    assert desk.predict("l05-predict-nonces", "Three") == "✓"
    assert desk.output("l05-strict").strip() == "[401, 200, 200]"
    assert "✓" in desk.output("l05-exercise-ath")
    desk.run("l05-done")
    done = desk.at("l05-done")
    for heading, mark in (("What surprised you", "✗"), ("What you expected", "✓")):
        rows = done.get_by_role("table", name=heading).locator("tbody tr").all_inner_texts()
        assert [mark in row for row in rows] == [True, True]
    done.scroll_into_view_if_needed()
    desk.screenshot("lesson-05-done")
    assert desk.errors() == []


def test_nothing_secret_is_saved_and_no_one_else_was_asked(desk):
    outputs = desk.saved_outputs()
    assert SECRETS.search(outputs) is None
    assert set(ADDRESS.findall(outputs)) == set(MADE_UP.findall(outputs))
    assert [text for text in desk.watch.complaints if SLOW not in text] == []
    assert desk.watch.strangers == []
