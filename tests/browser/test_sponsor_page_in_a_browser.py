"""The sponsor's page in Chromium, light and dark, by keyboard, on a narrow screen."""

from __future__ import annotations

import pytest

from tests.support import shots
from tests.support.lab import faint_texts


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sponsor_mistypes_and_then_approves_by_keyboard_alone(browser, mock, realm, scheme):
    enrollment, code = mock.enroll(realm)
    context = browser.new_context(color_scheme=scheme, viewport={"width": 640, "height": 900})
    page = context.new_page()
    page.goto(enrollment["approval_url"])
    seen = []
    page.keyboard.type("AAAA-AAAA")  # the field has the focus
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    seen.append(look(page, f"sponsor-refused-{scheme}"))
    assert page.get_by_role("alert").inner_text().endswith("4 tries left.")
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == (
        "problem tries"
    )
    page.keyboard.type(f"Your code is {code.lower()}")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    seen.append(look(page, f"sponsor-approved-{scheme}"))
    assert page.evaluate("document.activeElement.getAttribute('role')") == "status"
    assert seen == [([], False), ([], False)]
    context.close()


def look(page, name):
    """Texts that are hard to read, and whether the page scrolls sideways at 320 px."""
    shots.keep(page, name)
    page.set_viewport_size({"width": 320, "height": 900})
    sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    faint = faint_texts(page, "body")
    page.set_viewport_size({"width": 640, "height": 900})
    return faint, sideways
