"""A person takes lesson 12 in an empty home: refusals land on the tree, and one is sent well."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at

WITH_ONE_PROOF = """
def send_well(prove, send, sleep, harmless):
    proof = prove()
    for attempt in range(4):
        response = send(proof)
        if response.status_code < 500 or not harmless:
            return response
        sleep(2**attempt)
    return response
"""
BY_STATUS = """
def next_step(answer):
    return {429: "wait", 403: "stop", 409: "stop", 410: "stop", 503: "retry"}.get(
        answer.status, "fix"
    )
"""
RIGHT = """
def next_step(answer):
    if answer.error == "use_dpop_nonce":
        return "retry"
    if answer.error in ("slow_down", "authorization_pending") or answer.status == 429:
        return "wait"
    if answer.error in ("access_denied", "invalid_grant") or answer.status in (409, 410):
        return "stop"
    if answer.status < 500:
        return "fix"
    if not answer.harmless:
        return "stop"
    return "retry" if answer.retry_after is None else "wait"
"""


pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "12-when-things-fail.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_person_guesses_and_sees_what_happens(desk):
    desk.run_all()
    assert desk.predict("l12-predict-503-after-post", "Send the same request") == "✗"
    assert desk.predict("l12-predict-proxy", "The one the client called") == "✓"
    desk.at("l12-done").locator(".jp-OutputArea-output").first.wait_for(timeout=60_000)
    assert desk.errors() == []
    assert "htu_matches" in desk.output("l12-through-proxy")
    assert "x has 31 bytes" in desk.output("l12-x-and-bearer")


def test_the_tree_grows(desk):
    trees = [desk.at(f"l12-tree-{name}").locator("svg") for name in ("empty", "half", "full")]
    landed = [tree.locator("text", has_text="iat_is_fresh").count() for tree in trees]
    assert landed == [0, 0, 1]
    assert trees[1].locator("text", has_text="409 conflict").count() == 1
    desk.at("l12-tree-full").scroll_into_view_if_needed()
    desk.screenshot("lesson-12-tree")


def test_exercises_are_wrong_first_and_then_right(desk):
    assert "carried an earlier one" in desk.try_exercise("l12-exercise-backoff", WITH_ONE_PROOF)
    assert "is a question" in desk.try_exercise("l12-exercise-triage", BY_STATUS)
    assert "never sent again" in desk.try_exercise("l12-exercise-triage", RIGHT)


def test_the_saved_notebook_keeps_no_secret(desk):
    saved = desk.saved_outputs()
    assert SECRETS.search(saved) is None
    assert "robin@example.com" not in saved
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
