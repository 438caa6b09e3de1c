"""The two forms of lesson 02 with the local service, as a person meets them in JupyterLab."""

from __future__ import annotations

import re
import textwrap

import pytest

from tests.support.lab import Person, write_notebook

CELLS = (
    # 0: a realm whose clock can be moved
    """
    from dialtone_kit import start
    lesson = start("02", globals(), credentials=False, interactive=True)
    lab = lesson.lab_realm()
    lesson.client, lesson.realm = lab.client, lab.realm
    def another(email):
        return lab.client.request_enrollment(email, "my-agent", "", ("openid",))
    """,
    "form = lesson.email_form()\nform",
    "enrollment = form.require()\nprint('asked')",
    "lesson.inbox(enrollment.email)",
    "code_form = lesson.code_form(enrollment)\ncode_form",  # 4
    'lesson.link(enrollment.approval_url, "The page")',
    "credentials = code_form.require()\nprint('registered')",  # 6
    "lesson.code_form(another('eve@mail.example'))",
    "lesson.code_form(another('kim@mail.example'))",  # 8
    "print(lab.move_clock(3595))",
    *["print('too early')"] * 40,
)
ADDRESS = "robin@mail.example"
WRONG = "AAAA-AAAA"
CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b")


@pytest.fixture(scope="module")
def desk(lab, browser):
    """A person with the notebook open and nothing run."""
    write_notebook(lab.root / "forms.ipynb", *(textwrap.dedent(cell).strip() for cell in CELLS))
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield Person(lab, context.new_page(), "forms.ipynb")
    context.close()


def has_focus(locator):
    return locator.evaluate("node => node === document.activeElement")


def described(field):
    """What a screen reader reads out with the field."""
    return field.evaluate(
        "node => node.getAttribute('aria-describedby').split(' ')"
        ".map(id => document.getElementById(id).innerText).join(' ')"
    )


def code_form(desk, number):
    return desk.cell(number).locator(".dialtone-kit.dk-code")


def test_run_all_ends_at_the_form_and_not_in_an_error(desk):
    desk.run_all()
    field = desk.widget("email").get_by_label("Email address")
    desk.page.wait_for_function("document.activeElement.matches('.dk-email input')")
    desk.screenshot("forms-run-all")
    assert field.evaluate("node => node.getBoundingClientRect().top > 0")
    assert desk.errors() == []
    assert "Type your email address in the form above" in desk.cell(2).inner_text()
    assert desk.page.get_by_text("too early", exact=True).count() == 0
    assert desk.widget("inbox").count() == 0
    link = desk.page.get_by_role("link", name="Go to the form")
    target = link.get_attribute("href")
    assert desk.page.locator(target).locator("input").count() == 1


def test_a_wrong_address_is_kept_and_its_mistake_is_read_out(desk):
    field = desk.widget("email").get_by_label("Email address")
    field.fill("robin.example")
    field.press("Enter")
    assert field.input_value() == "robin.example"
    assert has_focus(field)
    assert "write the address as you@example.com" in described(field)
    assert desk.widget("email").locator(".dk-hint.dk-bad").count() == 1


def test_after_sending_the_result_has_the_focus_and_the_next_cells_run(desk):
    form = desk.widget("email")
    form.get_by_label("Email address").fill(ADDRESS)
    form.get_by_label("Email address").press("Enter")
    form.get_by_text("A code is on its way").wait_for()
    assert has_focus(form.get_by_role("status"))
    assert form.get_by_role("timer").count() == 0  # the code form says how long it is valid
    for number in (2, 3, 4, 5):
        desk.run_cell(number)
    assert desk.errors() == []
    assert desk.page.get_by_text("Go to the form").count() == 0


def test_the_code_is_copied_or_else_selected(desk):
    inbox = desk.widget("inbox")
    code = CODE.search(inbox.locator(".dk-mail").inner_text())[0]
    copy = inbox.get_by_role("button", name="Copy the code")
    copy.click()
    inbox.get_by_text("Copied: paste it").wait_for()
    assert desk.page.evaluate("navigator.clipboard.readText()") == code
    desk.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no'));"
        " document.execCommand = () => false; }"
    )
    copy.click()
    inbox.get_by_text("Selected: press Ctrl+C").wait_for()
    assert desk.page.evaluate("getSelection().toString()") == code


def test_a_wrong_code_on_the_sponsors_page_counts_in_the_form_too(desk):
    form = code_form(desk, 4)
    form.get_by_text("5 tries left").wait_for()
    with desk.page.context.expect_page() as opened:
        desk.cell(5).get_by_role("link", name="The page").click()
    page = opened.value
    page.get_by_label("Verification code").fill(WRONG)
    page.get_by_role("button", name="I vouch for this agent").click()
    page.get_by_text("4 tries left").first.wait_for()
    page.close()
    form.get_by_text("4 tries left").wait_for()
    field = form.get_by_label("Verification code")
    field.fill(WRONG)
    field.press("Enter")
    form.get_by_text("3 tries left").wait_for()
    assert field.input_value() == ""
    assert has_focus(field)
    assert "This is not the code from the email" in described(field)
    assert "3 tries left" in described(field)


def test_a_pasted_sentence_shows_the_code_in_it_and_is_taken(desk):
    form = code_form(desk, 4)
    field = form.get_by_label("Verification code")
    code = CODE.search(desk.widget("inbox").locator(".dk-mail").inner_text())[0]
    field.fill("there is nothing in this sentence")
    form.get_by_text("No code found").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    field.fill(f"Your verification code: {code.lower()}, thanks")
    form.get_by_text(f"Code found: {code}").wait_for()
    assert field.get_attribute("aria-invalid") == "false"
    assert form.get_by_text("This is not the code").count() == 0  # that was the last one
    desk.screenshot("forms-sentence")
    field.press("Enter")
    form.get_by_text("Registered as").wait_for()
    assert has_focus(form.get_by_role("status"))
    desk.screenshot("forms-registered")
    desk.run_cell(6)
    assert "registered" in desk.cell(6).locator(".jp-OutputArea-output").inner_text()


def test_the_fifth_wrong_code_locks_and_the_form_says_so(desk):
    desk.run_cell(7)
    form = code_form(desk, 7)
    field = form.get_by_label("Verification code")
    for left in ("4 tries left", "3 tries left", "2 tries left", "1 try left"):
        field.fill(WRONG)
        field.press("Enter")
        form.get_by_text(left).wait_for()
    field.fill(WRONG)
    field.press("Enter")
    form.get_by_text("locked this enrollment").wait_for()
    assert has_focus(form.get_by_role("status"))
    assert not field.is_visible()


def test_the_hour_is_the_services_hour(desk):
    desk.run_cell(8)
    form = code_form(desk, 8)
    assert re.fullmatch(r"(1:00:00|59:\d\d)", form.get_by_role("timer").inner_text())
    desk.run_cell(9)  # the realm's clock moves forward, the browser's does not
    form.get_by_text("This code has expired").wait_for()
    assert form.get_by_text("expired", exact=True).is_visible()
    assert form.get_by_text("locked").count() == 0


@pytest.mark.sample(1)
def test_nothing_runs_over_the_edge_when_the_page_is_zoomed_to_200_percent(desk):
    desk.page.set_viewport_size({"width": 640, "height": 500})
    over = desk.page.evaluate(
        "() => [...document.querySelectorAll('.dialtone-kit')].filter((card) =>"
        " card.scrollWidth > card.clientWidth || [...card.querySelectorAll('*')].some((node) =>"
        " node.checkVisibility() && node.getBoundingClientRect().right >"
        " card.getBoundingClientRect().right + 1)).map((card) => card.className)"
    )
    desk.screenshot("forms-zoomed")
    assert over == []
