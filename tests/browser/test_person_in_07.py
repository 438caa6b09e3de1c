"""A person takes lesson 07 in an empty home, robs their own app, and sees what a find is worth."""

from __future__ import annotations

import re

import pytest

from tests.support.learner import SECRETS, learner_at

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
MADE_UP = re.compile(r"learner-[0-9a-f]{8}@example\.com")  # the client registered by itself
CARRIES_THE_SECRET = """
def good_for(find):
    if find["what"] == "client ID and secret":
        return set()
    spent = find["bound"] or find["seconds_left"] <= 0 or find["made_for"] == "another API"
    return {"read"} if spent else {"read", "call"}
"""
RIGHT = CARRIES_THE_SECRET.replace("return set()", 'return {"renew"}')

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "07-app-identity.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def cards(desk, cell_id):
    """The status and the error of each card, as its label says it."""
    found = desk.at(cell_id).get_by_role("group", name=re.compile(r"^\d")).all()
    return [card.get_attribute("aria-label") for card in found]


def test_a_thief_in_a_second_process_spends_what_a_person_lost(desk):
    desk.run_to("l07-predict-worst-find")
    assert desk.predict("l07-predict-the-difference", "The scope") == "✗"
    assert desk.predict("l07-predict-worst-find", "The client ID and secret") == "✓"
    explorer = desk.at("l07-side-by-side").locator(".dk-token")
    explorer.get_by_text("What differs").wait_for()
    assert "cnf" in explorer.inner_text()
    explorer.scroll_into_view_if_needed()
    desk.screenshot("lesson-07-two-tokens")
    desk.run_to("l07-thief-secret")
    assert cards(desk, "l07-thief-tokens") == ["200 accepted", *["401 invalid_token"] * 2]
    assert cards(desk, "l07-thief-secret") == ["200 accepted"] * 2
    assert desk.errors() == []


def test_an_exercise_is_wrong_first_and_then_right(desk):
    desk.run_to("l07-finds")
    said = desk.try_exercise("l07-exercise-blast", CARRIES_THE_SECRET)
    assert "200, and a new token bound to the thief's key" in said
    assert "✓" in desk.try_exercise("l07-exercise-blast", RIGHT)


def test_the_lesson_runs_to_its_end_and_tells_what_was_surprising(desk):
    desk.run_to("l07-predict-old-door")
    assert desk.predict("l07-predict-old-door", "200, and three reports", sure=False) == "✓"
    desk.run_all()
    assert cards(desk, "l07-old-door") == ["200 accepted", "401 unauthorized"]
    assert desk.output("l07-revoke").strip() == "(True, False)"
    assert cards(desk, "l07-revoked-token") == ["401 invalid_token", "200 accepted"]
    assert cards(desk, "l07-hour-later") == ["401 invalid_token", *["200 accepted"] * 2]
    assert "In this run:" in desk.output("l07-done")
    assert desk.errors() == []
    desk.at("l07-hour-later").scroll_into_view_if_needed()
    desk.screenshot("lesson-07-hour-later")


def test_the_saved_notebook_keeps_no_secret_and_no_address(desk):
    saved = desk.saved_outputs()
    assert set(ADDRESS.findall(saved)) == set(MADE_UP.findall(saved))
    assert SECRETS.search(saved) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
