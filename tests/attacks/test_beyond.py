"""The attacks beyond one request: what a security team's list says about each."""

from __future__ import annotations

import re

import pytest

from dialtone_kit.attacks.beyond import BEYOND
from dialtone_kit.attacks.catalogue import ATTACKS, RISKS, Attack
from dialtone_kit.lesson.misconceptions import misconception
from tests.support.attack_steps import STEPS


def test_they_go_on_where_the_catalogue_ends() -> None:
    numbers = {attack.number for attack in (*ATTACKS, *BEYOND)}
    assert numbers == {*range(1, 21), 24, 25}  # 21 to 23 are what no rule stops
    assert list(STEPS) == [attack.number for attack in BEYOND]
    assert len({attack.rule for attack in (*ATTACKS, *BEYOND)}) == 22


@pytest.mark.parametrize("attack", BEYOND, ids=lambda attack: str(attack.number))
def test_each_says_where_it_is_told_and_what_to_do(attack: Attack) -> None:
    assert re.fullmatch(r"RFC \d{4} §[\d.]+", attack.section)
    assert attack.owasp
    assert set(attack.owasp) <= set(RISKS)
    assert attack.sentence.endswith(".")
    assert ": " in attack.sentence
    assert not attack.code or misconception(attack.code)
    assert (STEPS[attack.number].__doc__ or "").endswith(".")
