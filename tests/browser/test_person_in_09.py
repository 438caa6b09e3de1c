"""A person takes lesson 09 in an empty home: predictions, name tags, a policy, and the trail."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at

ALL = '''
policy = """
permit (principal, action, resource);
"""
'''
RIGHT = '''
policy = """
permit (principal, action == Action::"notes:read", resource);
permit (principal, action == Action::"notes:write", resource)
when { context.bound && !context.delegated };
"""
'''


pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "09-delegation.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_person_predicts_and_the_lesson_runs_to_its_end(desk):
    desk.run_all()
    assert desk.predict("l09-predict-sub-and-act", "sub is Ada, and act the worker") == "✓"
    assert desk.predict("l09-predict-silence", "201: its token has the scope", sure=False) == "✗"
    assert desk.errors() == []
    assert desk.output("l09-revoked-root").strip() == "(401, False, True)"


def test_the_workers_token_is_a_stack_of_three_name_tags(desk):
    assert desk.at("l09-hand-on").locator(".dk-tag").count() == 3
    shown = desk.output("l09-hand-on")
    assert shown.index("acts now") < shown.index("acted before that") < shown.index("on behalf of")
    desk.at("l09-hand-on").scroll_into_view_if_needed()
    desk.screenshot("lesson-09-tags")


def test_the_trail_has_a_lane_for_each_agent_and_its_words(desk):
    picture = desk.at("l09-trail").get_by_role("img", name="The trail, a lane for each agent")
    picture.scroll_into_view_if_needed()
    for name in ("orchestrator", "worker", "reviewer"):
        assert picture.locator("text", has_text=name).first.is_visible()
    assert "the-orchestrator-does-not-write" in picture.inner_html()
    desk.screenshot("lesson-09-trail")


def test_an_exercise_is_wrong_first_and_then_right(desk):
    assert "A delegated write got 201" in desk.try_exercise("l09-exercise-policy", ALL)
    assert "the five good ones passed" in desk.try_exercise("l09-exercise-policy", RIGHT)


def test_the_saved_notebook_keeps_no_secret_and_no_address(desk):
    saved = desk.saved_outputs()
    assert "ada@example.com" not in saved
    assert "team@example.com" not in saved
    assert SECRETS.search(saved) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
