"""lesson.wall(): thirteen tiles for each response, and where the request ended."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson.answers import read_answer
from dialtone_kit.lesson.attack_rooms import AttackRooms
from dialtone_kit.lesson.wall import NAMES, Attempt, tile_named, wall_picture
from dialtone_kit.local.controls import Controls
from dialtone_kit.wire.recorder import Wire
from tests.lesson.test_said import HOSTILE, JWT, WELCOME, refused

TILE = re.compile(r">([✓✗]? ?\d+|off)</text>")


def wall(*responses: httpx.Response, hole: str | None = "") -> tuple[str, str]:
    shown = wall_picture([Attempt(read_answer(one), hole) for one in responses])
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


def ticked(upto: int) -> list[str]:
    return [f"✓ {n}" for n in range(1, upto + 1)]


def test_where_nothing_is_off_a_request_that_was_let_in_passed_every_tile() -> None:
    text, html = wall(WELCOME)
    assert TILE.findall(html) == ticked(13)
    assert "let in. All thirteen tiles let it pass." in text


def test_a_rule_that_is_off_is_a_hole_and_never_ticked() -> None:
    text, html = wall(WELCOME, hole="signature_verifies")
    assert TILE.findall(html) == [*ticked(5), "off", *ticked(13)[6:]]
    assert "let in. signature_verifies is off here." in text


def test_the_hole_is_also_seen_where_a_later_tile_stopped_the_request() -> None:
    _, html = wall(refused(text="htm_matches: expected a, got b. Do."), hole="signature_verifies")
    assert TILE.findall(html)[:8] == [*ticked(5), "off", "✗ 7", "8"]


def test_where_nobody_said_which_rule_is_off_no_tile_gets_a_tick() -> None:
    text, html = wall(WELCOME, refused(text="htm_matches: expected a, got b. Do."), hole=None)
    assert "✓" not in html
    assert "✗ 7" in html
    assert "let in. One tile is off here." in text


def test_the_rule_that_is_off_has_to_be_a_tile() -> None:
    assert tile_named("ath_matches") == "ath_matches"
    with pytest.raises(DialtoneError, match="one of the thirteen rules; got 'aud'"):
        tile_named("aud")


@pytest.mark.parametrize("text", ["scheme: expected DPoP, got Bearer. Do. [M08]", "No.", ""])
def test_what_no_tile_refused_reached_none(text: str) -> None:
    words, html = wall(refused(text=text, error="invalid_token"))
    assert "No tile was reached." in words
    assert "✗" not in html


def test_each_response_has_a_row_with_its_number() -> None:
    text, html = wall(WELCOME, refused(text="ath_matches: expected a, got b."), WELCOME)
    assert [line[:4] for line in text.splitlines()[1:-1]] == ["  1.", "  2.", "  3."]
    assert len(TILE.findall(html)) == 3 * len(NAMES)


def test_without_a_response_there_is_an_empty_wall() -> None:
    text, _ = wall()
    assert text.splitlines()[0] == "How far each one got, tile by tile"
    assert text.splitlines()[1].startswith("The tiles: 1 one_header, 2 well_formed")


def test_a_hostile_answer_is_text_and_shows_no_token() -> None:
    text, html = wall(refused(text=f"{HOSTILE} {JWT}", error=HOSTILE))
    assert "<script" not in html
    assert "<img" not in html
    assert JWT not in text + html


def test_what_differs_from_run_to_run_is_not_in_the_words() -> None:
    asked = httpx.Request("GET", "http://127.0.0.1:8787/realms/lab-4f9a1c22/api/notes")
    text, _ = wall(httpx.Response(200, json={}, request=asked))
    assert "lab-…" in text


def test_a_request_was_for_a_room_with_a_hole_unless_it_is_room_0_or_no_room() -> None:
    rooms: Any = AttackRooms("http://127.0.0.1:1", Controls(None), Wire(), is_mock=True)
    for number in (0, 2):
        issuer = f"http://127.0.0.1:1/realms/lab-{number}"
        rooms._all.append(SimpleNamespace(number=number, issuer=issuer))
    assert rooms.holed("GET /realms/lab-2/api/notes")
    assert not rooms.holed("GET /realms/lab-0/api/notes")
    assert not rooms.holed("GET /realms/lab-22/api/notes")
    assert not rooms.holed("POST /token")
