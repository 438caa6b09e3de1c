"""A person takes lesson 11 in an empty home: eight attacks, four rooms, a hole, what stays open."""

from __future__ import annotations

import pytest

from tests.support.learner import SECRETS, learner_at

BY_ONE_PIECE = """
found = {}
for number, rule, piece in (
    (2, "jti_is_new", "P1"), (5, "htu_matches", "P3"), (6, "ath_matches", "P4"), (9, "RULE", "P6")
):
    room = lesson.room(number)
    opened = room.call(room.bag.T, getattr(room.bag, piece))
    found[number] = (rule, opened.json()["notes"][0]["text"])
"""
THE_IMPORT = "line, rule = 1, 'aud'"
IN_ITS_TEXT = """
from dialtone_kit.lesson.content.lesson_11.naive import hole_of
line, rule = hole_of(verifier)
"""
ONLY_THE_LINE = """
from dialtone_kit.lesson.content.lesson_11.spots import SPOTS
changes = {line: SPOTS[rule].right[0]}
"""
WITH_THE_MEMORY = f"""
{ONLY_THE_LINE.strip()}
memory = 'need(api.first_use(thumbprint(jwk), proof["jti"]), "a new proof")'
changes[len(verifier.splitlines())] = f"{{memory}}\\nreturn told"
"""


pytestmark = pytest.mark.full  # 00 and 13 take the same steps in every run


@pytest.fixture(scope="module")
def desk(lab, browser):
    with learner_at(lab, browser, "11-attack-lab.ipynb") as (learner, watch):
        learner.watch = watch
        yield learner


def test_a_person_guesses_and_the_wall_says_where_each_attack_ended(desk):
    desk.run_all()
    assert desk.predict("l11-predict-how-many", "One or two: six proofs") == "✗"
    assert desk.predict("l11-predict-still-works", "Change the body") == "✓"
    desk.at("l11-done").locator(".jp-OutputArea-output").first.wait_for(timeout=90_000)
    assert desk.errors() == []
    wall = desk.at("l11-six").get_by_role("img", name="How far each one got")
    assert wall.locator("text", has_text="✗").count() == 6
    assert desk.output("l11-one-hole").strip() == "[401, 401, 401, 401, 401, 401, 401, 200]"
    assert desk.output("l11-all-three").strip() == "[201, 200, 200, 200]"
    wall.scroll_into_view_if_needed()
    desk.screenshot("lesson-11-wall")


def test_the_rooms_want_the_rule_and_the_flag(desk):
    wrong = desk.try_exercise("l11-exercise-rooms", BY_ONE_PIECE.replace("RULE", "htm_matches"))
    assert "Room 9: without htm_matches, P2 would open it" in wrong
    right = BY_ONE_PIECE.replace("RULE", "typ_is_dpop")
    assert "In each room" in desk.try_exercise("l11-exercise-rooms", right)


def test_the_hole_is_found_and_mended(desk):
    assert "imports what other lines use" in desk.try_exercise("l11-exercise-find", THE_IMPORT)
    assert "looks like a check" in desk.try_exercise("l11-exercise-find", IN_ITS_TEXT)
    assert "Attack 2 still works" in desk.try_exercise("l11-exercise-fix", ONLY_THE_LINE)
    assert "15 attacks stayed out" in desk.try_exercise("l11-exercise-fix", WITH_THE_MEMORY)
    desk.at("l11-listing").scroll_into_view_if_needed()
    desk.screenshot("lesson-11-verifier")


def test_the_saved_notebook_keeps_no_secret(desk):
    assert SECRETS.search(desk.saved_outputs()) is None
    assert desk.watch.complaints == []
    assert desk.watch.strangers == []
