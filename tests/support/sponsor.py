"""A learner who registers in a notebook, and their sponsor, who follows the link in a browser."""

from __future__ import annotations

from typing import Any

from tests.support.lab import Person

CELLS = (
    """
    from dialtone_kit import start
    lesson = start("02", globals(), credentials=False)
    enrollment = lesson.client.request_enrollment("ada@mail.example", "far-agent", "", ("openid",))
    """,
    'lesson.link(enrollment.approval_url, "The sponsor\'s page")',
    "form = lesson.code_form(enrollment)\nform",
    "print(lesson.controls.code_for(enrollment.email, enrollment.realm))",
    "print(lesson.client.confirm_enrollment(enrollment).client_id)",
)


def register_and_approve(person: Person, context: Any, proxy: str) -> None:
    """Through a notebook of CELLS. The sponsor's page has to open below the address `proxy`."""
    person.run_first(4)
    code = person.cell(3).locator(".jp-OutputArea-output").inner_text().strip()
    in_widget = person.widget("code").get_by_text("Open the sponsor's page")
    in_output = person.cell(1).get_by_text("The sponsor's page", exact=True).last
    for link in (in_widget, in_output):
        with context.expect_page() as opened:
            link.click()
        page = opened.value
        page.get_by_role("heading", name="far-agent").wait_for()
        assert page.url.startswith(proxy)
    page.get_by_label("Verification code").fill(code)
    page.get_by_role("button", name="I vouch for this agent").click()
    page.get_by_text("Approved").first.wait_for()
    assert page.url.startswith(proxy)
    person.run_cell(4)
    assert person.errors() == []
    assert "cli_far_agent" in person.cell(4).locator(".jp-OutputArea-output").inner_text()
