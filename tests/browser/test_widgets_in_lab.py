"""The widgets in JupyterLab, used as a person uses them: typing, clicking, reloading, saving."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.lab import Person, write_notebook

CODE = "WXYZ-6789"  # what the kernel accepts; it must not be in any file
CELLS = (
    # 0: a service that only pretends, and what it was asked
    """
    from dataclasses import dataclass
    from datetime import datetime, timedelta, timezone
    from dialtone_kit.base.errors import RateLimited, ServiceError
    from dialtone_kit.client.enrollment_state import EnrollmentState
    from dialtone_kit.widgets import *
    from dialtone_kit.widgets.choices import Choice, Question
    @dataclass
    class Thing:
        email: str = ""; expires_at: datetime = datetime.now(timezone.utc) + timedelta(hours=1)
        client_id: str = "cli_my_agent_1"; id: str = "1"; to: str = ""; text: str = ""
        code: str = ""
        subject: str = "<b>Your code</b>"; sent_at: str = "2026-11-24T10:00:00Z"
    sent, kept, tries = [], [], [5]
    """,
    # 1
    """
    def send(address):
        if address.startswith("busy"):
            raise RateLimited("Three in an hour.", 1800)
        sent.append(address)
        return Thing(address)
    form = EmailForm(send, clear_limits="lesson.reset_limits()")
    form
    """,
    # 2
    "enrollment = form.require()\nprint('asked', len(sent), 'time')",
    # 3
    """
    import hashlib
    def mails():
        halves = "".join(chr(n) for n in (87, 88, 89, 90, 45, 54, 55, 56, 57))
        return [Thing(to=enrollment.email, text=halves + "\\n<img src=x onerror='boom=1'>")]
    InboxView(mails)
    """,
    # 4
    """
    def confirm(code):
        tries[0] -= 1
        if hashlib.sha256(code.encode()).hexdigest()[:8] != "DIGEST":
            error = ServiceError(401, "unauthorized", "That is not the code.")
            error.tries_left = tries[0]
            raise error
        return Thing()
    code = CodeForm(
        confirm, enrollment.expires_at, email=enrollment.email, inbox="the cell above",
        watch=lambda: EnrollmentState("pending", tries[0]),
    )
    code
    """,
    # 5
    "credentials = code.require()\nprint('registered', credentials.client_id)",
    # 6
    """
    choices = Choice("one", "no"), Choice("two", "yes", right=True)
    Prediction(Question("02.which", "Which?", choices), kept.append)
    """,
    # 7
    "print('kept', [(a.right, a.confidence) for a in kept])",
    # 8 and on: enough cells that the last ones reach the kernel after the stop in cell 2
    *["print('too early')"] * 40,
)


@pytest.fixture(scope="module")
def desk(lab, browser):
    """A person with the scratch notebook open, everything run as far as it goes."""
    import hashlib
    import textwrap

    digest = hashlib.sha256(CODE.encode()).hexdigest()[:8]
    cells = [textwrap.dedent(cell).strip().replace("DIGEST", digest) for cell in CELLS]
    write_notebook(lab.root / "scratch.ipynb", *cells)
    context = browser.new_context(viewport={"width": 1280, "height": 2000})
    yield Person(lab, context.new_page(), "scratch.ipynb")
    context.close()


def output(person, number):
    return person.cell(number).locator(".jp-OutputArea-output").first


def test_run_all_stops_at_the_first_answer_that_is_missing(desk):
    desk.run_all()
    desk.widget("email").wait_for()
    message = output(desk, 2).inner_text()
    assert message.startswith("Type your email address")
    assert "\n" not in message.strip()
    assert desk.errors() == []
    assert desk.widget("code").count() == 0
    assert desk.page.locator(".jp-OutputArea-output", has_text="too early").count() == 0


def test_the_address_is_checked_while_it_is_typed(desk):
    form = desk.widget("email")
    field = form.get_by_label("Email address")
    for typed, message in (
        ("you", "@ is missing"),
        ("you@", "after the @ is missing"),
        ("jürgen@example.com", "ASCII"),
        ("a b@c.de", "spaces"),
    ):
        field.fill(typed)
        assert message in form.locator(".dk-hint").inner_text()
        assert field.get_attribute("aria-invalid") == "true"
    field.press("Enter")  # sends nothing
    assert form.locator(".dk-badge").inner_text() == "asking"


def test_a_limit_counts_down_and_shows_the_line_that_clears_it(desk):
    form = desk.widget("email")
    form.get_by_label("Email address").fill("busy@example.com")
    form.get_by_label("Email address").press("Enter")
    form.get_by_text("lesson.reset_limits()").wait_for()
    assert re.search(r"(30:00|29:5\d)", form.get_by_role("timer").inner_text())


def test_a_double_click_asks_the_service_once(desk):
    form = desk.widget("email")
    form.get_by_label("Email address").fill("robin@mail.example")
    form.get_by_role("button", name="Send me a code").dblclick()
    form.get_by_text("A code is on its way").wait_for()
    desk.run_cell(2)
    assert output(desk, 2).inner_text().strip() == "asked 1 time"


def test_an_email_is_shown_as_text(desk):
    desk.run_cell(3)
    inbox = desk.widget("inbox")
    inbox.locator(".dk-mail").wait_for()
    assert CODE in inbox.locator(".dk-mail").inner_text()
    assert "<b>Your code</b>" in inbox.inner_text()
    assert inbox.locator("img, b").count() == 0


def test_the_code_is_taken_as_it_is_typed(desk):
    desk.run_cell(4)
    form = desk.widget("code")
    field = form.get_by_label("Verification code")
    field.fill("wxyz 0")
    field.press("Enter")
    form.get_by_text("none of them 0, O, 1 or I").wait_for()
    form.get_by_text("5 tries left").wait_for()
    field.fill("wxyz6788")
    field.press("Enter")
    form.get_by_text("4 tries left").wait_for()
    assert field.input_value() == ""
    field.press_sequentially(" Code: wxyz-6789. ")  # letter by letter: no key may be JupyterLab's
    form.get_by_role("button", name="Confirm").click()
    form.get_by_text("Registered as").wait_for()
    desk.run_cell(5)
    assert output(desk, 5).inner_text().strip() == "registered cli_my_agent_1"


def test_a_prediction_is_answered_by_keyboard_alone(desk):
    desk.run_cell(6)
    sheet = desk.widget("questions")
    sheet.get_by_role("radio").first.focus()
    # The second choice; Enter leads to "I am sure", and Tab to "I am not sure".
    for key in ("Space", "ArrowDown", "Enter", "Tab", "Space"):
        desk.page.keyboard.press(key)
    sheet.get_by_text("your answer, right").wait_for()
    desk.run_cell(7)
    assert output(desk, 7).inner_text().strip() == "kept [(True, 'unsure')]"


def test_the_saved_notebook_holds_nothing_that_was_typed_or_emailed(desk):
    saved = desk.save()
    assert json.loads(saved)["metadata"]["widgets"]  # the state is in the file, and was looked at
    for value in ("robin@mail.example", CODE, CODE.replace("-", ""), "6789", "busy@"):
        assert value.lower() not in saved.lower()


@pytest.mark.sample(1)
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_after_a_reload_every_view_is_filled_again_and_can_be_read(desk, theme):
    desk.use_theme(theme)
    desk.reload()
    desk.widget("email").get_by_text("A code is on its way to robin@mail.example").wait_for()
    desk.widget("code").get_by_text("Registered as").wait_for()
    desk.widget("questions").get_by_text("your answer, right").wait_for()
    desk.widget("inbox").locator(".dk-mail").wait_for()
    desk.screenshot(f"widgets-{theme.rsplit(' ', 1)[1].lower()}")
    assert desk.faint_texts(".dialtone-kit") == []
