"""The board and the report of a class in Chromium: for everybody, in each theme, on a projector."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base.masking import Secret
from dialtone_kit.classroom.board_app import Desk, board_app
from dialtone_kit.classroom.report_files import PAGE, write_report
from dialtone_kit.classroom.reporting import make_report
from dialtone_kit.classroom.session import open_session
from tests.support import shots, sights
from tests.support.axe import violations
from tests.support.class_of import busy_class, event, give
from tests.support.lab import faint_texts
from tests.support.mcp_scene import serving

TOKEN = "t" * 43
SCHEMES = (("light", "none"), ("dark", "none"), ("light", "active"), ("dark", "active"))


@dataclass(frozen=True)
class Board:
    """A board that is served, and the folder that it's about."""

    folder: Path
    url: str


@contextmanager
def served(folder: Path) -> Iterator[Board]:
    with serving(lambda _: board_app(Desk(folder), Secret(TOKEN)), "/") as url:
        yield Board(folder, url)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with served(busy_class(tmp_path_factory.mktemp("board") / "class", 30, time.time())) as board:
        yield board


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def wrong_in_any_look(page: Any, name: str) -> dict[str, list[str]]:
    found = {}
    for scheme, forced in SCHEMES:
        page.emulate_media(color_scheme=scheme, forced_colors=forced)
        look = f"{scheme}, forced colours {forced}"
        found[look] = violations(page) + faint_texts(page, "body") + sights.edgeless(page, "body")
        shots.keep(page, f"{name}-{scheme}-{forced}")
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="reduce")
    found["motion"] = sights.moving(page, "body")
    found["names"] = sights.nameless(page, "body")
    found["keyboard"] = sights.unreachable(page, "body")
    return {look: wrong for look, wrong in found.items() if wrong}


BOTTOM = "document.querySelector('.quiz').getBoundingClientRect().bottom"  # of the overview


def open_board(page: Any, board: Board) -> None:
    page.goto(f"{board.url}#{TOKEN}")
    page.wait_for_selector("#everyone li")


def test_the_board_is_for_everybody_and_fits_a_projector(page: Any, board: Board) -> None:
    open_board(page, board)
    assert page.url == board.url  # the token isn't on the projector
    assert page.evaluate(BOTTOM) <= 720
    page.get_by_role("button", name="Pause").press("Enter")  # it holds still to be looked at
    page.get_by_role("button", name="Go on").wait_for()
    assert wrong_in_any_look(page, "board") == {}
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert sights.sideways(page, "main") == []


@pytest.mark.full
@pytest.mark.parametrize("count", [3, 300])
def test_a_small_and_a_large_class_fit_a_projector(page: Any, tmp_path: Path, count: int) -> None:
    with served(busy_class(tmp_path / "class", count, time.time(), lessons=20)) as board:
        open_board(page, board)
        assert page.evaluate(BOTTOM) <= 720
        assert page.locator("#everyone li").count() == count
        shots.keep(page, f"board-{count}")


def test_the_board_updates_by_itself_and_a_reload_needs_no_new_link(
    page: Any, board: Board
) -> None:
    open_board(page, board)
    late = page.locator("#everyone .not-begun").first
    seat = late.locator("b").inner_text()
    number = int(seat.removeprefix("Seat "))
    give(board.folder, number, [event(time.time(), "00", "opened")])
    page.locator("#everyone .working", has_text=f"{seat}:").wait_for()
    page.reload()
    page.wait_for_selector("#everyone li")


def test_a_page_without_the_token_shows_nothing_but_the_way_in(page: Any, board: Board) -> None:
    page.goto(board.url)
    page.get_by_text("Open the link that").wait_for()
    assert page.locator("#everyone li").count() == 0


def test_the_report_is_for_everybody_and_asks_nobody(page: Any, tmp_path: Path) -> None:
    folder = busy_class(tmp_path / "class", 12, time.time(), lessons=20)
    write_report(make_report(open_session(folder), time.time()), tmp_path / "out", names=False)
    said = list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url))
    page.goto((tmp_path / "out" / PAGE).as_uri())
    assert said == [(tmp_path / "out" / PAGE).as_uri()]
    assert wrong_in_any_look(page, "report") == {}
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
