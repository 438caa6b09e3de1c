"""A person takes lesson 08 in an empty home: stolen evidence, a second try, and two processes."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at

WITH_THE_OLD_CHALLENGE = """
def get_svid(challenge, evidence, request):
    nonce = challenge()
    for _ in range(5):
        status, body = request(nonce, evidence(nonce))
        if status != 503:
            return body if status == 200 else None
"""
RIGHT = """
def get_svid(challenge, evidence, request):
    for _ in range(5):
        nonce = challenge()
        status, body = request(nonce, evidence(nonce))
        if status != 503:
            return body if status == 200 else None
"""

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "08-workload-identity.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_person_predicts_and_sees_what_happens(desk):
    desk.run_all()
    assert desk.predict("l08-predict-stolen-evidence", "whoever comes first") == "✗"
    assert desk.predict("l08-predict-no-hostname", "The SPIFFE ID, once") == "✓"
    assert desk.errors() == []
    assert "evidence aud" in desk.output("l08-thief")
    assert "dialtone.test/ns/lessons/sa/reader" in desk.output("l08-leaf")
    assert "served spiffe" in desk.output("l08-connect")


def test_the_leaf_and_the_chain_are_shown(desk):
    card = desk.at("l08-leaf").locator("table[aria-label='A certificate in five lines']")
    assert card.locator("tr").count() == 5
    picture = desk.at("l08-vouching").locator("svg[role=img]")
    picture.scroll_into_view_if_needed()
    desk.screenshot("lesson-08-vouching")


def test_an_exercise_is_wrong_first_and_then_right(desk):
    assert "used up" in desk.try_exercise("l08-exercise-again", WITH_THE_OLD_CHALLENGE)
    assert "you knew when to stop" in desk.try_exercise("l08-exercise-again", RIGHT)


def test_the_saved_notebook_keeps_no_secret(desk):
    saved = desk.saved_outputs()
    assert SECRETS.search(saved) is None
    assert "@example.com" not in saved
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
