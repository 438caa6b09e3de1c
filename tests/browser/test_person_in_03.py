"""A person takes lesson 03 in an empty home: breaks proofs, reloads, restarts, runs all again."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.learner import SECRETS, learner_at

SHORTEST = """
def public_jwk(private_key):
    n = private_key.public_key().public_numbers()
    x, y = (b64url(v.to_bytes((v.bit_length() + 7) // 8, "big")) for v in (n.x, n.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
"""
RIGHT = SHORTEST.replace("(v.bit_length() + 7) // 8", "32")


pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "03-dpop-token.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_learner_drops_a_leading_zero_and_then_does_not(desk):
    desk.run_to("l03-exercise-coordinates")
    assert desk.predict("l03-predict-stolen-token", "Nothing: a token is a token") == "✗"
    assert desk.predict("l03-predict-short-coordinate", "It works with most keys") == "✓"
    assert "leading zero byte" in desk.try_exercise("l03-exercise-coordinates", SHORTEST)
    assert "accepted a proof" in desk.try_exercise("l03-exercise-coordinates", RIGHT)
    assert desk.errors() == []


def test_after_a_restart_of_the_kernel_the_token_is_bound_to_the_key(desk):
    desk.restart_kernel()
    desk.run_all()
    assert desk.errors() == []
    desk.at("l03-predict-stolen-token").get_by_text("✗ your answer").wait_for()
    assert desk.predict("l03-predict-where-is-the-key", "In the signature") == "✗"
    explorer = desk.widget("token")
    explorer.get_by_text("it is bound to your key").first.wait_for()
    assert desk.output("l03-jkt").strip() == "True"
    assert desk.output("l03-three-lines").strip() == "('DPoP', True)"
    desk.picture("lesson-03", "l03-explorer", explorer.locator(".dk-prints"))


def test_after_a_reload_a_proof_is_broken_and_the_service_agrees_with_the_checker(desk):
    desk.save()
    desk.reload()
    assert desk.predict("l03-predict-same-proof-twice", "200 again") == "✗"
    assert "jti_is_new" in desk.output("l03-twice")
    assert "second use" in desk.at("l03-timeline").locator("svg").first.text_content()
    checker = desk.widget("checker")
    checker.locator(".dk-badge", has_text="all rules pass").wait_for()
    checker.get_by_text("Change something and see which rule stops it").click()
    checker.get_by_label("htm").fill("GET")
    checker.get_by_label("htm").press("Enter")
    checker.locator(".dk-badge", has_text="stopped by rule 7").wait_for()
    checker.get_by_role("button", name="Send it to the service").click()
    checker.get_by_text("The service says 400").wait_for()
    checker.scroll_into_view_if_needed()
    desk.screenshot("lesson-03-checker")
    checker.get_by_role("button", name="Restore").click()
    checker.locator(".dk-badge", has_text="all rules pass").wait_for()
    checker.get_by_label("iat").fill("90")
    checker.get_by_label("iat").press("Enter")
    checker.locator(".dk-badge", has_text="stopped by rule 9").wait_for()


def test_run_again_it_ends_and_the_file_keeps_no_secret(desk):
    desk.run_all()
    assert desk.errors() == []
    assert "not quite, and sure" in desk.output("l03-done")
    desk.at("l03-done").scroll_into_view_if_needed()
    desk.screenshot("lesson-03-done")
    saved = desk.saved_outputs()
    files = (desk.lab.home / "credentials").glob("cli_*/client.json")
    issued = [json.loads(file.read_text())["client_secret"] for file in files]
    assert issued
    assert [secret for secret in issued if secret in saved] == []
    assert re.search(r"[\w.+-]+@[\w-]+\.[a-z]+", saved) is None
    assert SECRETS.search(desk.path.read_text()) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
