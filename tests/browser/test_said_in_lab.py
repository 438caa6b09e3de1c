"""Refusals, diagrams and codes in JupyterLab: readable, and the codes lead to their entries."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest

from tests.support.lab import Person, write_notebook

PAGE = Path(__file__).parents[2] / "notebooks" / "misconceptions.md"
CELLS = (
    # 0: responses as the local service gives them; no service is needed to look at them
    """
    import httpx
    from dialtone_kit import ProofKey, build_proof
    from dialtone_kit.lesson.answers import read_answer
    from dialtone_kit.lesson.misconceptions import entry_for_view
    from dialtone_kit.lesson.replay import replay_timeline
    from dialtone_kit.lesson.said import Story
    from dialtone_kit.widgets import Prediction
    from dialtone_kit.widgets.choices import Choice, Question
    from dialtone_kit.wire.recorder import Wire
    text = "ath_matches: expected ath, the SHA-256 of the token, got nothing. Hash it. [M05]"
    body = {"error": "invalid_dpop_proof", "error_description": text}
    answers = iter([httpx.Response(200), httpx.Response(401, json=body)])
    wire, key = Wire(), ProofKey.generate()
    http = httpx.Client(transport=wire.transport(httpx.MockTransport(lambda _: next(answers))))
    proof = build_proof(key, "GET", "https://id.example/api")
    sent = [http.get("https://id.example/api", headers={"DPoP": proof}) for _ in range(2)]
    """,
    "Story().add([read_answer(one) for one in sent])",  # 1
    "wire.sequence()",  # 2
    "replay_timeline(wire)",  # 3
    # 4
    """
    choices = Choice("Yes", "It is not.", code="M01"), Choice("No", "Right.", right=True)
    asked = Prediction(Question("05.again", "Is it good again?", choices), lambda _: None)
    asked.explain = entry_for_view
    asked
    """,
)


@pytest.fixture(scope="module")
def desk(lab, browser):
    folder = lab.root / "course"
    folder.mkdir()
    shutil.copy(PAGE, folder)
    cells = [textwrap.dedent(cell).strip() for cell in CELLS]
    write_notebook(folder / "said.ipynb", *cells)
    context = browser.new_context(viewport={"width": 1280, "height": 1500})
    person = Person(lab, context.new_page(), "course/said.ipynb")
    person.run_all()
    yield person
    context.close()


def test_what_they_say_can_be_read(desk):
    desk.screenshot("said-light")
    assert desk.errors() == []
    assert desk.page.locator(".jp-OutputArea-output svg[role=img]").count() == 3
    assert desk.faint_texts(".jp-OutputArea-output") == []


def test_a_narrow_window_scrolls_the_picture_and_not_the_page(desk):
    desk.page.set_viewport_size({"width": 640, "height": 1500})
    wide = "node => node.scrollWidth > node.clientWidth"
    pictures = desk.page.locator(".dk-picture").all()
    page = desk.page.locator(".jp-WindowedPanel-outer").first.evaluate(wide)
    desk.page.set_viewport_size({"width": 1280, "height": 1500})
    assert len(pictures) == 3
    assert page is False


def test_a_code_in_a_question_opens_in_place(desk):
    form = desk.widget("questions")
    form.get_by_label("Yes").check()
    form.get_by_role("button", name="I am sure").click()
    entry = form.locator(".dk-entry")
    entry.locator("summary").click()
    entry.get_by_text("What's true:").wait_for()
    assert entry.locator("summary").inner_text() == "M01 A retry can send the same proof"
    assert desk.faint_texts(".dk-entry") == []


def test_a_code_in_a_refusal_leads_to_its_entry_on_the_page(desk):
    desk.cell(1).get_by_role("link", name="M05").click()
    viewer = desk.page.locator(".jp-MarkdownViewer")
    heading = viewer.get_by_role("heading", name="M05")
    heading.wait_for()
    desk.page.wait_for_function(
        "node => Math.abs(node.getBoundingClientRect().top"
        " - node.closest('.jp-MarkdownViewer').getBoundingClientRect().top) < 120",
        arg=heading.element_handle(),
    )


def test_in_the_dark_theme_they_can_be_read_too(desk):
    desk.use_theme("JupyterLab Dark")
    try:
        desk.reload()
        desk.run_all()
        desk.screenshot("said-dark")
        assert desk.faint_texts(".dk-picture, .jp-RenderedHTML") == []
    finally:
        desk.use_theme("JupyterLab Light")
