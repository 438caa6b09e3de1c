"""Rows 33 to 36 and 42: edge values in keys and signatures, each with its rule, never a crash."""

from __future__ import annotations

import pytest

from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.proofs import check_proof
from dialtone_kit.rules import Request
from tests.support.refusals import NOW, Case, Scene, each
from tests.support.refusals.curves import (
    P256,
    P384,
    SMALL_ORDER_POINTS,
    TORSION,
    Edwards,
    Weierstrass,
)
from tests.support.refusals.edge_values import CASES, PUBLIC

SCENE = Scene()
REQUEST = Request(SCENE.method, SCENE.url, NOW)


@pytest.mark.sample(60)
@pytest.mark.parametrize("case", each(case for case in CASES if case.rule))
def test_refused_by_its_own_rule(case: Case) -> None:
    with pytest.raises(ProofRefused) as refusal:
        check_proof(case.headers(SCENE), REQUEST)
    assert refusal.value.rule == case.rule
    assert case.says in str(refusal.value)


@pytest.mark.parametrize("case", each(case for case in CASES if case.accepted))
def test_its_neighbour_is_accepted(case: Case) -> None:
    assert check_proof(case.headers(SCENE), REQUEST).claims["htm"] == SCENE.method


@pytest.mark.parametrize("curve", [P256, P384], ids=lambda curve: curve.name)
def test_the_arithmetic_of_these_tests_is_right(curve: Weierstrass) -> None:
    assert curve.times(curve.n) is None
    assert curve.times(curve.n - 1) == (curve.g[0], curve.p - curve.g[1])
    assert all(curve.square(x) == y * y % curve.p for x, y in (curve.small_x(), curve.small_y()))
    x, y = curve.low_order()[1]
    twice, once_more = curve.add((x, y), (x, y)), curve.add(None, (x, y))
    assert curve.add(twice, once_more) is None  # the formulas do not know which b it is


def test_the_torsion_point_has_order_8() -> None:
    assert Edwards.times(4, TORSION) != (0, 1)
    assert Edwards.times(8, TORSION) == (0, 1)
    assert len(set(SMALL_ORDER_POINTS)) == 8
    assert Edwards.times(Edwards.order, PUBLIC) == (0, 1)
