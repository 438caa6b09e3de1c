"""The whole site, built by its one command, in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.lesson import catalog
from docs.site.__main__ import main
from tests.support import shots
from tests.support.axe import violations
from tests.support.books import FOLDER, LESSONS, cells
from tests.support.sights import unreachable

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]
LOOKED_AT = ["index.html", "03-dpop-token.html", "glossary.html"]
LOOK = {"desktop-light": ("light", 1400), "desktop-dark": ("dark", 1400), "phone": ("light", 390)}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assert main([str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    handler = partial(Quiet, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def opened(browser: Any, url: str, scheme: str = "light", width: int = 1400) -> Any:
    """A page with its widgets drawn."""
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    page.goto(url)
    page.wait_for_function("!document.querySelector('.still > script')")
    return page


def unfolded(page: Any) -> None:
    page.evaluate("document.querySelectorAll('.fold').forEach((fold) => { fold.open = true; })")


def pages_of(built: Path) -> list[str]:
    return [path.relative_to(built).as_posix() for path in sorted(built.rglob("*.html"))]


def test_no_page_asks_another_host_or_meets_an_error(
    browser: Any, built: Path, address: str
) -> None:
    page, asked, wrong = browser.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda got: wrong.append(got.url) if got.status >= 400 else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    for name in pages_of(built):
        page.goto(f"{address}/{name}")
        page.wait_for_function("!document.querySelector('.still > script')")
        unfolded(page)
    page.wait_for_load_state("networkidle")
    assert len(asked) > len(LESSONS)
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert wrong == []
    page.close()


@pytest.mark.parametrize("name", LESSONS)
def test_no_outcome_is_in_sight_before_its_question_is_answered(
    browser: Any, address: str, name: str
) -> None:
    page = opened(browser, f"{address}/{name.replace('.ipynb', '.html')}")
    asked = page.locator(".dk-questions", has=page.get_by_role("button", name="I am sure"))
    folds = page.locator("details[data-for]")
    assert asked.count() == folds.count() == len(catalog.questions(name[:2]).predictions)
    assert page.locator("details.fold[open]").count() == 0
    for fold in folds.all():
        assert not fold.locator("p").first.is_visible()
    page.close()


def test_an_answer_is_judged_and_opens_what_is_folded_below(browser: Any, address: str) -> None:
    page = opened(browser, f"{address}/03-dpop-token.html")
    item = catalog.prediction("03.same-proof-twice")
    fold = page.locator(f"details[data-for='{item.id}']")
    question = page.locator(".dk-questions", has_text="the second copy of a proof")
    question.get_by_role("radio").nth(0).check()
    question.get_by_role("button", name="I am sure").click()
    question.get_by_text("✗ not quite").wait_for()
    assert question.get_by_text("if the service let it through").is_visible()
    assert question.locator("summary", has_text="M01").is_visible()
    assert fold.get_by_text("jti_is_new").first.is_visible()
    question.get_by_role("button", name="Answer again").click()
    question.get_by_role("button", name="I am sure").wait_for()
    assert fold.get_attribute("open") is None
    page.close()


def test_a_widget_that_needs_a_kernel_says_so(browser: Any, address: str) -> None:
    page = opened(browser, f"{address}/03-dpop-token.html")
    checker = page.locator(".dk-checker")
    assert checker.get_by_text("Every rule passes").is_visible()
    checker.get_by_role("button", name="Send it to the service").click()
    checker.get_by_text("there is no kernel. Open the lesson").wait_for()
    page.close()


@pytest.mark.parametrize("look", LOOK)
@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_is_right_for_everyone(browser: Any, address: str, name: str, look: str) -> None:
    scheme, width = LOOK[look]
    page = opened(browser, f"{address}/{name}", scheme, width)
    shots.keep(page, f"site-{name.removesuffix('.html')}-{look}")
    unfolded(page)
    page.wait_for_timeout(1500)  # the tiles of the proof checker light up one after another
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_folds_and_widgets_are_reached_by_keyboard(browser: Any, address: str) -> None:
    page = opened(browser, f"{address}/solutions/03-dpop-token.html")
    assert unreachable(page, "article") == []
    page.close()


def test_the_dark_mode_is_a_choice_of_the_reader(browser: Any, address: str) -> None:
    page = opened(browser, f"{address}/03-dpop-token.html")
    ground = "getComputedStyle(document.querySelector('.dialtone-kit')).backgroundColor"
    light = page.evaluate(ground)
    page.evaluate("document.body.dataset.theme = 'dark'")
    assert page.evaluate(ground) != light
    page.close()


def test_the_search_finds_a_word_of_a_lesson_and_quotes_nothing(browser: Any, address: str) -> None:
    page = opened(browser, f"{address}/search.html?q=thumbprint")
    page.get_by_role("link", name="03 · A token bound to a key").nth(1).wait_for()
    results = page.locator("#search-results")
    assert results.get_by_role("link", name="Glossary").count()
    assert "SHA-256" not in results.inner_text()
    page.close()


def test_the_pages_are_those_of_the_notebooks(built: Path) -> None:
    assert {name.replace(".ipynb", ".html") for name in LESSONS} <= set(pages_of(built))
    for name in LESSONS:
        page = (built / name.replace(".ipynb", ".html")).read_text(encoding="utf-8")
        assert page.count('class="still"') >= len(
            [c for c in cells(FOLDER / name) if "lesson.predict(" in "".join(c["source"])]
        )
