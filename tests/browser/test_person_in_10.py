"""A person takes lesson 10 in an empty home: a server that trusts too much, then their own gate."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run

ASKS_FOR_NO_SCHEME = """
def admit(method, headers, door):
    challenge = f'DPoP resource_metadata="{door.metadata_url}"'
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return door.verify(token)
    try:
        claims = door.verify(token)
        known = {"bound_to": claims["cnf"]["jkt"], "access_token": token}
        request = Request(method, door.url, door.now(), first_use=door.first_use, **known)
        check_proof(headers.getlist("DPoP"), request)
    except (TokenRefused, ProofRefused, KeyError):
        raise PermissionError(challenge) from None
    return claims
"""
RIGHT = ASKS_FOR_NO_SCHEME.replace('== "bearer"', '!= "dpop"').replace(
    "        return door.verify(token)\n", "        raise PermissionError(challenge)\n"
)


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "10-tool-server.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_person_guesses_and_the_server_answers_a_thief(desk):
    desk.run_all()
    assert desk.predict("l10-predict-bound-as-bearer", "400: a bound token") == "✗"
    assert desk.predict("l10-predict-pass-on", "401: the proof is by another key") == "✓"
    desk.at("l10-done").locator(".jp-OutputArea-output").first.wait_for(timeout=60_000)
    assert desk.errors() == []
    assert "Buy milk." in desk.output("l10-bound-as-bearer")
    assert "Mcp-Name" in desk.output("l10-kit-gate")
    assert desk.output("l10-exchange").strip() == "(True, True, True)"


def test_an_exercise_is_wrong_first_and_then_right(desk):
    assert "under Bearer" in desk.try_exercise("l10-exercise-gate", ASKS_FOR_NO_SCHEME)
    assert "15 attacks stayed out" in desk.try_exercise("l10-exercise-gate", RIGHT)


def test_the_gate_of_their_own_stands_in_front_of_the_server(desk):
    assert "Unauthorized" not in desk.output("l10-own-gate")  # empty, it let everyone in
    desk.run("l10-own-gate")
    assert "401 Unauthorized" in desk.output("l10-own-gate")
    assert "200 accepted" in desk.output("l10-own-gate")
    desk.at("l10-own-gate").scroll_into_view_if_needed()
    desk.screenshot("lesson-10-gate")


def test_the_saved_notebook_keeps_no_secret(desk):
    assert SECRETS.search(desk.saved_outputs()) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
