"""SPIFFE IDs: one spelling for one workload, and no exception but the one that names the rule."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.errors import BadSpiffeId
from dialtone_kit.spiffe import spiffe_id
from dialtone_kit.spiffe.spiffe_id import SpiffeId, check_trust_domain
from tests.support.mutations import names, without

GOOD = [
    "spiffe://dialtone.test",
    "spiffe://dialtone.test/workload/cli_my_agent_0a1b",
    "spiffe://dialtone.test/ns/lessons/sa/reader",
    "spiffe://a/b",
    "spiffe://10.0.0.1/x",
    "spiffe://under_score-dash.test/A.b_c-9/...",
    "spiffe://" + "d" * 255 + "/x",
    "spiffe://d/" + "p" * (2048 - len("spiffe://d/")),
]
BAD = [
    ("", "scheme"),
    ("dialtone.test/x", "scheme"),
    ("https://dialtone.test/x", "scheme"),
    ("SPIFFE://dialtone.test/x", "scheme"),
    (" spiffe://dialtone.test/x", "scheme"),
    ("spiffe:///x", "trust_domain"),
    ("spiffe://", "trust_domain"),
    ("spiffe://Dialtone.test/x", "trust_domain"),
    ("spiffe://dialtöne.test/x", "trust_domain"),
    ("spiffe://dialtone.test%2f/x", "trust_domain"),
    ("spiffe://dialtone.test:443/x", "authority"),
    ("spiffe://dialtone.test:/x", "authority"),
    ("spiffe://me@dialtone.test/x", "authority"),
    ("spiffe://[::1]/x", "authority"),
    ("spiffe://dialtone.test/x?y=z", "query"),
    ("spiffe://dialtone.test/x#y", "query"),
    ("spiffe://dialtone.test?", "query"),
    ("spiffe://dialtone.test/", "path"),
    ("spiffe://dialtone.test/x/", "path"),
    ("spiffe://dialtone.test//x", "path"),
    ("spiffe://dialtone.test/.", "path"),
    ("spiffe://dialtone.test/x/../y", "path"),
    ("spiffe://dialtone.test/..", "path"),
    ("spiffe://dialtone.test/%61", "path"),
    ("spiffe://dialtone.test/x y", "path"),
    ("spiffe://dialtone.test/x\n", "path"),
    ("spiffe://dialtone.test/ü", "path"),
    ("spiffe://dialtone.test/x\0", "path"),
    ("spiffe://dialtone.test/a\\b", "path"),
    ("spiffe://" + "d" * 256 + "/x", "length"),
    ("spiffe://d/" + "p" * (2049 - len("spiffe://d/")), "length"),
]


@pytest.mark.parametrize("text", GOOD)
def test_a_well_formed_id_is_read_and_written_the_same(text: str) -> None:
    assert str(SpiffeId.parse(text)) == text


@pytest.mark.parametrize(("text", "rule"), BAD)
def test_a_malformed_id_is_refused_by_the_rule_it_breaks(text: str, rule: str) -> None:
    with pytest.raises(BadSpiffeId) as refused:
        SpiffeId.parse(text)
    assert refused.value.rule == rule


def test_the_parts_of_an_id() -> None:
    found = SpiffeId.parse("spiffe://dialtone.test/ns/lessons/sa/reader")
    assert (found.trust_domain, found.path) == ("dialtone.test", "/ns/lessons/sa/reader")


@pytest.mark.parametrize("name", ["dialtone.test/x", "Dialtone.test", "a:1", ""])
def test_a_trust_domain_is_a_name_alone(name: str) -> None:
    with pytest.raises(BadSpiffeId):
        check_trust_domain(name)


@pytest.mark.parametrize("off", spiffe_id.RULES, ids=names(spiffe_id.RULES))
def test_a_rule_that_is_off_is_missed(off: Callable[[str], None]) -> None:
    def holds(text: str, rule: str) -> bool:
        try:
            SpiffeId.parse(text)
        except BadSpiffeId as problem:
            return problem.rule == rule
        return False

    with without(spiffe_id, "RULES", off):
        assert not all(holds(*row) for row in BAD)


SPELLING = re.compile(r"spiffe://[a-z0-9._-]+(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._-]+)*")


@given(st.text() | st.text("spife:/.a%?#@A-_\n", max_size=30).map("spiffe://a".__add__))
def test_any_text_is_an_id_in_its_one_spelling_or_refused(text: str) -> None:
    try:
        found = SpiffeId.parse(text)
    except BadSpiffeId:
        assert not (SPELLING.fullmatch(text) and len(text) <= 264)
    else:
        assert str(found) == text
        assert SPELLING.fullmatch(text)
