"""A person takes lesson 02 in an empty home, with a wrong code, a reload and a kernel that died."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.learner import SECRETS, learner_at

pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run

ADDRESS = "robin@mail.example"
CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b")
ONE_SHORT = """
def count_tries(confirm):
    tries = 0
    while True:
        try:
            confirm("AAAA-AAAA")
        except ServiceError as refused:
            if refused.status == 410:
                return tries
            tries += refused.status == 401
"""
RIGHT = ONE_SHORT.replace("return tries", "return tries + 1")


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "02-register.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def code_of(desk):
    mail = desk.widget("inbox").locator(".dk-mail").first
    mail.wait_for()
    return CODE.search(mail.inner_text())[0]


def give_address(desk):
    form = desk.widget("email")
    field = form.get_by_role("textbox")
    field.fill(ADDRESS)
    field.press("Enter")
    form.get_by_text(f"A code is on its way to {ADDRESS}").wait_for()


def test_a_learner_predicts_wrong_and_the_lesson_waits_for_an_address(desk):
    desk.run_all()
    assert desk.predict("l02-predict-what-it-holds", "Credentials that start to work") == "✗"
    give_address(desk)
    desk.go_on()
    assert desk.errors() == []
    assert desk.output("l02-status-pending").strip() == "'pending'"
    assert desk.at("l02-require-credentials").get_by_text("Go to the form").count() == 1


def test_a_wrong_code_costs_a_try_and_a_reload_costs_nothing(desk):
    field = desk.widget("code").get_by_label("Verification code")
    field.fill("AAAA-AAAA")
    field.press("Enter")
    desk.widget("code").get_by_text("4 tries left").wait_for()
    desk.widget("code").locator(".dk-entry", has_text="M25 Misconception: ").wait_for()
    desk.save()
    desk.reload()
    desk.widget("code").get_by_text("4 tries left").wait_for()
    assert desk.predict("l02-predict-mail-scanner", "Still pending") == "✓"


def test_after_a_restart_the_enrollment_still_waits_and_the_sponsor_approves_on_the_page(desk):
    desk.restart_kernel()
    desk.run_all()
    assert desk.errors() == []
    desk.widget("code").get_by_text("4 tries left").wait_for()
    code = code_of(desk)
    with desk.page.context.expect_page() as opened:
        desk.at("l02-scanner").get_by_role("link", name="The sponsor's page").click()
    page = opened.value
    page.get_by_label("Verification code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="I vouch for this agent").click()
    page.get_by_text("Approved").first.wait_for()
    page.close()
    form = desk.widget("code")
    form.get_by_role("button", name="approved").click()
    form.get_by_text("Registered as").wait_for()
    form.scroll_into_view_if_needed()
    desk.screenshot("lesson-02-registered")
    desk.go_on()
    assert desk.errors() == []
    assert desk.output("l02-status-confirmed").strip() == "'confirmed'"
    assert desk.output("l02-conflict").strip() == "409 conflict"


def test_an_exercise_is_wrong_first_and_then_right(desk):
    assert "You counted the 401s" in desk.try_exercise("l02-exercise-tries", ONE_SHORT)
    assert "even the right one is refused" in desk.try_exercise("l02-exercise-tries", RIGHT)
    desk.run("l02-done")
    assert "not quite, and sure" in desk.output("l02-done")
    desk.at("l02-done").scroll_into_view_if_needed()
    desk.screenshot("lesson-02-done")


def test_run_again_it_registers_one_more_and_the_file_keeps_no_secret(desk):
    first = code_of(desk)
    desk.run_all()
    desk.widget("email").get_by_text("You already have credentials here").wait_for()
    give_address(desk)
    desk.go_on()
    second = code_of(desk)
    field = desk.widget("code").get_by_label("Verification code")
    field.fill(f"Your verification code: {second}")
    desk.picture("lesson-02", "l02-code-form", desk.at("l02-require-credentials"))
    field.press("Enter")
    desk.widget("code").get_by_text("Registered as").wait_for()
    desk.go_on()
    assert desk.errors() == []
    saved = desk.saved_outputs().lower()
    files = list((desk.lab.home / "credentials").glob("cli_*/client.json"))
    issued = [json.loads(file.read_text())["client_secret"] for file in files]
    assert len(issued) >= 2
    private = [ADDRESS, first, first.replace("-", ""), second, second.replace("-", ""), *issued]
    assert [value for value in private if value.lower() in saved] == []
    assert SECRETS.search(desk.path.read_text()) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
