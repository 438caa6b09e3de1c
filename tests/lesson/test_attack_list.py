"""lesson.attacks(): every attack by its number, what stops it, and who says so."""

from __future__ import annotations

import re

from dialtone_kit.attacks.catalogue import ATTACKS
from dialtone_kit.lesson.attack_list import NOTHING, all_attacks, attack_list


def test_the_numbers_have_no_gap_and_those_of_the_probe_are_among_them() -> None:
    listed = all_attacks()
    assert [one.number for one in listed] == list(range(1, len(listed) + 1))
    assert [one for one in listed if one in ATTACKS] == list(ATTACKS)


def test_each_has_its_source_and_its_risks() -> None:
    for one in all_attacks():
        assert re.match(r"RFC \d{4} §\d", one.section), one
        assert one.owasp
        assert all(re.fullmatch(r"(ASI|MCP)(0[1-9]|10)", risk) for risk in one.owasp), one


def test_what_nothing_stops_is_in_the_table_as_loudly_as_the_rest() -> None:
    shown = attack_list()
    left_open = [one.name for one in all_attacks() if one.rule == NOTHING]
    assert left_open == ["A changed body", "A phished approval", "A stolen client secret"]
    for name in left_open:
        assert name in shown.html
        assert name in shown.text
    assert shown.html.count("<tr>") == len(all_attacks()) + 1
    assert shown.html.count("<b>nothing</b>") == len(left_open)
