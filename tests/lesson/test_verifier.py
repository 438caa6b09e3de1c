"""The verifier of lesson 11: each hole lets in one attack and no other, and the judge sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from dialtone_kit.attacks.catalogue import Attack
from dialtone_kit.attacks.judge import Outcome, judge
from dialtone_kit.lesson.content.lesson_11.fix import judge_verifier, verifier_of
from dialtone_kit.lesson.content.lesson_11.naive import Listing, hole_of, make_listing, what_stands
from dialtone_kit.lesson.content.lesson_11.scene import Scene, on_paper
from dialtone_kit.lesson.content.lesson_11.spots import SPOTS
from dialtone_kit.lesson.exercises.verdict import Wrong

LINE = 'need(api.first_use(thumbprint(jwk), proof["jti"]), "a new proof")'
every_hole = pytest.mark.parametrize("rule", SPOTS)


def outcomes(listing: Listing) -> list[Outcome]:
    scene = Scene(verifier_of(str(listing), listing), on_paper())
    return list(judge(scene.send, scene.victim, scene.target))


def mended(rule: str) -> Listing:
    return Listing(make_listing(rule).replace(SPOTS[rule].hole, SPOTS[rule].right[0]))


def with_memory(listing: Listing) -> str:
    head, end, _ = listing.rpartition("    return told")
    return f"{head}    {LINE}\n{end}\n"


@every_hole
def test_a_hole_lets_in_its_own_attack_and_copies(rule: str) -> None:
    found = outcomes(make_listing(rule))
    let_in = [
        one.tried.rule for one in found if one.verdict == "open" and isinstance(one.tried, Attack)
    ]
    assert sorted(let_in) == sorted([rule, "jti_is_new"])


@every_hole
def test_a_mended_verifier_passes_in_both_wordings(rule: str) -> None:
    for right in SPOTS[rule].right:
        source = with_memory(Listing(make_listing(rule).replace(SPOTS[rule].hole, right)))
        judge_verifier(verifier_of(source, make_listing(rule)), on_paper())


def test_fifteen_attacks_and_thirteen_good_calls_are_made() -> None:
    found = outcomes(mended("aud"))
    tried = [one for one in found if one.verdict != "not tried"]
    attacks = [one for one in tried if isinstance(one.tried, Attack)]
    assert (len(attacks), len(tried) - len(attacks)) == (15, 13)


@every_hole
def test_the_hole_is_found_in_the_text_and_its_rule_too(rule: str) -> None:
    listing = make_listing(rule)
    number, broken = hole_of(listing)
    assert broken == rule
    assert listing.lines[number - 1].strip() == SPOTS[rule].hole


def test_two_learners_have_other_numbers_and_other_words() -> None:
    drawn = [make_listing("aud") for _ in range(20)]
    assert len({hole_of(one)[0] for one in drawn}) > 5
    assert len({frozenset(one.lines) for one in drawn}) > 10


@every_hole
def test_every_other_line_has_a_sentence_of_its_own(rule: str) -> None:
    listing = make_listing(rule)
    for number in range(1, len(listing.lines) + 1):
        if number != hole_of(listing)[0]:
            assert re.match(rf"Line {number} (is|imports) .+\.$", what_stands(listing, number))


def test_it_has_some_sixty_lines_and_shows_their_numbers() -> None:
    listing = make_listing()
    assert 55 <= len(listing.lines) <= 70
    assert "  1  import base64" in repr(listing)
    assert listing._repr_html_().count("user-select: none") == len(listing.lines)


def test_the_rule_is_nowhere_in_what_a_learner_is_given() -> None:
    listing = make_listing("ath_matches")
    assert not hasattr(listing, "__dict__")
    assert "ath_matches" not in str(listing)


def counting() -> Callable[..., Any]:
    """Knows that the judge begins with good calls."""
    right, calls = verifier_of(with_memory(mended("aud")), mended("aud")), []

    def verify(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) > 14:
            raise PermissionError
        return right(*arguments)

    return verify


def trusting_the_token() -> Callable[..., Any]:
    right = verifier_of(with_memory(mended("aud")), mended("aud"))

    def verify(method: str, fields: list[tuple[str, str]], api: Any) -> Any:
        try:
            return right(method, fields, api)
        except PermissionError:
            return right.__globals__["token_of"](fields, api)[2]

    return verify


def one_in_two() -> Callable[..., Any]:
    right, calls = verifier_of(with_memory(mended("aud")), mended("aud")), []

    def verify(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) % 2:
            raise PermissionError
        return right(*arguments)

    return verify


@pytest.mark.parametrize("cheat", [counting, trusting_the_token, one_in_two])
def test_a_verifier_that_does_not_judge_each_call_is_wrong(cheat: Callable[..., Any]) -> None:
    for _ in range(5):
        with pytest.raises(Wrong):
            judge_verifier(cheat(), on_paper())
