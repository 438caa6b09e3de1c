"""Lesson 01 as a person takes it from an empty home: one afternoon, with a reload and a restart."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at

GLUED = """
def read_facts(document):
    issuer = document["issuer"]
    return issuer, issuer.rstrip("/") + "/token", document["dpop_signing_alg_values_supported"]
"""
READ = """
def read_facts(document):
    algorithms = document["dpop_signing_alg_values_supported"]
    return document["issuer"], document["token_endpoint"], algorithms
"""

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "01-discovery.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_learner_is_wrong_twice_and_then_right(desk):
    desk.run_to("l01-predict-what-to-configure")
    assert desk.predict("l01-predict-what-to-configure", "The public keys") == "✗"
    desk.run_to("l01-predict-build-it")
    desk.screenshot("lesson-01-wire")
    assert desk.predict("l01-predict-build-it", "Here and now", sure=False) == "✓"
    desk.run("l01-paths")
    assert "/realms/default/revoke" in desk.output("l01-paths")
    assert "glued" in desk.try_exercise("l01-exercise-facts", GLUED)
    assert "✓" in desk.try_exercise("l01-exercise-facts", READ)
    assert desk.errors() == []


def test_after_a_reload_the_questions_are_alive(desk):
    desk.run("l01-predict-which-issuer")
    desk.save()
    desk.reload()
    desk.at("l01-predict-what-to-configure").get_by_text("✗ your answer").wait_for()
    assert desk.predict("l01-predict-which-issuer", "The root's own URL") == "✓"
    desk.screenshot("lesson-01-reloaded")


def test_after_a_restart_of_the_kernel_the_lesson_continues(desk):
    desk.restart_kernel()
    desk.run_to("l01-predict-lying-document")
    assert "a+made-up+secret" in desk.output("l01-trusting")
    assert desk.predict("l01-predict-lying-document", "The certificate") == "✗"
    desk.run_all()
    assert desk.output("l01-liar").split() == ["IssuerMismatch", "[]"]
    assert "✓" in desk.output("l01-exercise-facts")
    surprises = desk.at("l01-done").get_by_role("table", name="What surprised you")
    rows = surprises.locator("tbody tr").all_inner_texts()
    assert ["✗" in row for row in rows] == [True, True]
    desk.at("l01-done").scroll_into_view_if_needed()
    desk.screenshot("lesson-01-done")
    assert desk.errors() == []


def test_nothing_secret_is_saved_and_no_one_else_was_asked(desk):
    assert SECRETS.search(desk.saved_outputs()) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
