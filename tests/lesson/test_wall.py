"""lesson.wall(): thirteen tiles for each response, and where the request ended."""

from __future__ import annotations

import re

import httpx
import pytest

from dialtone_kit.lesson.answers import read_answer
from dialtone_kit.lesson.wall import NAMES, wall_picture
from tests.lesson.test_said import HOSTILE, JWT, WELCOME, refused

TILE = re.compile(r">([✓✗]? ?\d+)</text>")


def wall(*responses: httpx.Response) -> tuple[str, str]:
    shown = wall_picture([read_answer(one) for one in responses])
    return shown.text, shown.html


@pytest.mark.parametrize("place", range(len(NAMES)))
def test_the_tiles_before_the_rule_are_passed_and_those_behind_it_are_not_reached(
    place: int,
) -> None:
    text, html = wall(refused(text=f"{NAMES[place]}: expected a, got b. Do."))
    tiles = TILE.findall(html)
    passed, stopped = [f"✓ {n}" for n in range(1, place + 1)], f"✗ {place + 1}"
    assert tiles == [*passed, stopped, *(str(n) for n in range(place + 2, len(NAMES) + 1))]
    assert f"401 {NAMES[place]}, tile {place + 1} of 13." in text


def test_of_a_request_that_was_let_in_no_tile_is_said_to_have_passed_it() -> None:
    """In a room with one rule off, one of them is not there."""
    text, html = wall(WELCOME)
    assert TILE.findall(html) == [str(n) for n in range(1, len(NAMES) + 1)]
    assert "let in. No tile stopped it." in text


@pytest.mark.parametrize("text", ["scheme: expected DPoP, got Bearer. Do. [M08]", "No.", ""])
def test_what_no_tile_refused_reached_none(text: str) -> None:
    words, html = wall(refused(text=text, error="invalid_token"))
    assert "No tile was reached." in words
    assert "✗" not in html


def test_each_response_has_a_row_with_its_number() -> None:
    text, html = wall(WELCOME, refused(text="ath_matches: expected a, got b."), WELCOME)
    assert [line[:4] for line in text.splitlines()[1:]] == ["  1.", "  2.", "  3."]
    assert len(TILE.findall(html)) == 3 * len(NAMES)


def test_without_a_response_there_is_an_empty_wall() -> None:
    text, _ = wall()
    assert text.splitlines() == ["How far each one got, tile by tile"]


def test_a_hostile_answer_is_text_and_shows_no_token() -> None:
    text, html = wall(refused(text=f"{HOSTILE} {JWT}", error=HOSTILE))
    assert "<script" not in html
    assert "<img" not in html
    assert JWT not in text + html


def test_what_differs_from_run_to_run_is_not_in_the_words() -> None:
    asked = httpx.Request("GET", "http://127.0.0.1:8787/realms/lab-4f9a1c22/api/notes")
    text, _ = wall(httpx.Response(200, json={}, request=asked))
    assert "lab-…" in text
