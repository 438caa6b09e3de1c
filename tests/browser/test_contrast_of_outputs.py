"""What cells show, in Chromium with the colours of each JupyterLab theme: readable, and named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dialtone_kit.tokens import sign_token
from dialtone_kit.wire.record import RoundTrip, record
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.timing import PARTS
from tests.support.axe import THEMES, theme_css, violations
from tests.wire.test_wire import SIGNER

PAGE = """<!doctype html><html lang="en"><title>Outputs</title><style>%s</style>
<body class="jp-RenderedHTMLCommon" style="background: var(--jp-layout-color0)"><main>%s</main>"""
TOKEN = sign_token(SIGNER, {"sub": "cli_a", "email": "bea@example.com"}, kid="k1")


def trip(status: int | None) -> RoundTrip:
    url, proof = "https://id.example/realms/default/token", TOKEN
    headers = {"DPoP": proof, "Authorization": "Basic Y2xpX2E6c2VjcmV0"}
    request = httpx.Request("POST", url, data={"grant_type": "client_credentials"}, headers=headers)
    body = {"access_token": TOKEN, "error": "none", "expires_in": 3600}
    response = None if status is None else httpx.Response(status, json=body)
    timing = tuple((name, 0.001 * number) for number, name in enumerate(PARTS, 1))
    return record(request, response, 0.036, "" if response else "refused", timing)


@pytest.fixture(scope="module")
def outputs() -> str:
    """The wire view and the diagram, with every colour of an outcome."""
    wire = Wire()
    wire.round_trips += [trip(status) for status in (200, 401, None)]
    return wire.show(9).html + wire.sequence().html


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("theme", [*THEMES, "none"])
def test_the_wire_view_breaks_no_rule_in_any_theme(page: Any, outputs: str, theme: str) -> None:
    page.set_content(PAGE % ("" if theme == "none" else theme_css(theme), outputs))
    assert violations(page, "main") == []


def test_the_rules_see_a_text_that_is_faint(page: Any) -> None:
    faint = '<p style="color: #999; background: #fff">Can you read this?</p>'
    page.set_content(PAGE % (theme_css("theme-light"), faint))
    [found] = violations(page, "main")
    assert found.startswith("color-contrast: <p")


def test_the_parts_of_a_round_trip_have_names(page: Any, outputs: str) -> None:
    page.set_content(PAGE % (theme_css("theme-light"), outputs))
    group = page.get_by_role("group", name="POST https://id.example/realms/default/token, 200 OK")
    assert group.get_by_role("heading").all_inner_texts() == [
        "POST https://id.example/realms/default/token",
        "Request",
        "Response",
    ]
    table = group.get_by_role("table", name="Request, header fields")
    assert "DPoP" in table.get_by_role("rowheader").all_inner_texts()
    parts = group.get_by_role("table", name="Where the time went").get_by_role("row")
    assert parts.count() == len(PARTS)
    jwt = group.locator("details", has_text="DPoP proof, decoded")
    assert jwt.locator("pre").first.is_visible()
    jwt.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not jwt.locator("pre").first.is_visible()
