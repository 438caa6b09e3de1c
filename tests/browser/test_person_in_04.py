"""Lesson 04 as a person takes it from an empty home: forges a token, and finds out whose it is."""

from __future__ import annotations

import re

import pytest

from tests.support.learner import SECRETS, learner_at

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
MADE_UP = re.compile(r"learner-[0-9a-f]{8}@example\.com")  # the client registered by itself
SLOW = "[anywidget] Failed to initialize model."  # after two seconds, on a busy machine
GENUINE = "Signed by a key of its issuer"
EVERY_MEMBER = """
def my_thumbprint(jwk):
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return b64url(hashlib.sha256(text.encode()).digest())
"""
BY_HAND = """
def my_thumbprint(jwk):
    names = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"))
    return b64url(hashlib.sha256(text.encode()).digest())
"""

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "04-verify-token.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def explorer(desk, cell_id):
    view = desk.at(cell_id).locator(".dk-token")
    view.get_by_text("What differs").wait_for()
    view.scroll_into_view_if_needed()
    return view


def test_a_learner_believes_a_decoded_token_and_then_forges_one(desk):
    desk.run_to("l04-predict-decoding")
    assert desk.predict("l04-predict-decoding", "That the issuer granted") == "✗"
    desk.run_to("l04-explore-forged")
    assert "openid admin" in desk.output("l04-forge")
    assert "signature" in desk.output("l04-refuse-forged")
    view = explorer(desk, "l04-explore-forged")
    assert view.get_by_text(GENUINE).count() == 1
    changed = view.get_by_role("row", name=re.compile("^scope"))
    assert "openid admin" in changed.last.inner_text()
    desk.screenshot("lesson-04-forged")
    assert desk.errors() == []


def test_after_a_reload_both_tokens_and_the_answer_are_still_there(desk):
    desk.save()
    desk.reload()
    desk.at("l04-predict-decoding").get_by_text("✗ your answer").wait_for()
    explorer(desk, "l04-explore-forged").get_by_text(GENUINE).wait_for()


def test_after_a_restart_of_the_kernel_the_lesson_continues_to_the_key(desk):
    desk.restart_kernel()
    desk.run_to("l04-predict-same-client")
    assert desk.predict("l04-predict-issuer-realm", "No: the token names") == "✓"
    assert desk.predict("l04-predict-same-client", "client secret", sure=False) == "✗"
    desk.run_to("l04-task-mine")
    view = explorer(desk, "l04-explore-whose")
    assert view.get_by_text(GENUINE).count() == 2
    assert view.get_by_text("it is bound to your key").count() == 1
    desk.screenshot("lesson-04-whose")
    assert "M12" in desk.try_exercise("l04-exercise-thumbprint", EVERY_MEMBER)
    assert "✓" in desk.try_exercise("l04-exercise-thumbprint", BY_HAND)


def test_run_all_again_and_the_lesson_ends(desk):
    desk.run_all()
    assert "✓" in desk.output("l04-exercise-thumbprint")
    surprises = desk.at("l04-done").get_by_role("table", name="What surprised you")
    rows = surprises.locator("tbody tr").all_inner_texts()
    assert ["✗" in row for row in rows] == [True, True]
    desk.at("l04-done").scroll_into_view_if_needed()
    desk.screenshot("lesson-04-done")
    assert desk.errors() == []


def test_nothing_secret_is_saved_and_no_one_else_was_asked(desk):
    outputs = desk.saved_outputs()
    assert SECRETS.search(outputs) is None
    assert set(ADDRESS.findall(outputs)) == set(MADE_UP.findall(outputs))
    assert [text for text in desk.watch.complaints if SLOW not in text] == []
    assert desk.watch.strangers == []
