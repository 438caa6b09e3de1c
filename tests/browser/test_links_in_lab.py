"""The sponsor's link where the browser reaches JupyterLab, and nothing else, under another address.

This is what a container's port mapping or `ssh -L` does.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tests.support.lab import Person, write_notebook
from tests.support.lossy_line import LossyLine

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


def test_the_sponsors_link_works_where_only_jupyters_port_is_forwarded(lab, browser):
    write_notebook(lab.root / "far.ipynb", *CELLS)
    line = LossyLine(("127.0.0.1", urlsplit(lab.url).port))
    origin = f"http://localhost:{line.port}"
    context = browser.new_context(viewport={"width": 1280, "height": 1800})
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    try:
        person = Person(replace(lab, url=origin), context.new_page(), "far.ipynb")
        person.run_first(4)
        code = person.cell(3).locator(".jp-OutputArea-output").inner_text().strip()
        in_widget = person.widget("code").get_by_text("Open the sponsor's page")
        in_output = person.cell(1).get_by_text("The sponsor's page", exact=True).last
        for link in (in_widget, in_output):
            with context.expect_page() as opened:
                link.click()
            page = opened.value
            page.get_by_role("heading", name="far-agent").wait_for()
            assert page.url.startswith(f"{origin}/proxy/")
        page.get_by_label("Verification code").fill(code)
        page.get_by_role("button", name="I vouch for this agent").click()
        page.get_by_text("Approved").first.wait_for()
        assert page.url.startswith(f"{origin}/proxy/")
        person.run_cell(4)
        assert person.errors() == []
        assert "cli_far_agent" in person.cell(4).locator(".jp-OutputArea-output").inner_text()
        near = (f"{origin}/", "data:", "blob:")
        assert [url for url in asked if not url.startswith(near)] == []
    finally:
        context.close()
        line.close()
