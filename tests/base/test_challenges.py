"""What WWW-Authenticate says, in every spelling that RFC 9110 allows."""

from __future__ import annotations

import time
import timeit

import pytest

from dialtone_kit.base.challenges import challenges

SPELLINGS = {
    'DPoP error="x", algs="ES256 EdDSA"': [("DPoP", {"error": "x", "algs": "ES256 EdDSA"})],
    "dpop Error = x": [("dpop", {"error": "x"})],
    'Bearer realm="a, DPoP b", error=y': [("Bearer", {"realm": "a, DPoP b", "error": "y"})],
    'DPoP algs="ES256", Bearer realm="r"': [
        ("DPoP", {"algs": "ES256"}),
        ("Bearer", {"realm": "r"}),
    ],
    r'Basic realm="say \"hi\""': [("Basic", {"realm": 'say "hi"'})],
    "Negotiate": [("Negotiate", {})],
    'DPoP error="first", error="second"': [("DPoP", {"error": "first"})],
    'error="nobody\'s"': [],
    "": [],
}


@pytest.mark.parametrize(("text", "expected"), SPELLINGS.items(), ids=repr)
def test_schemes_and_parameters_are_read(text: str, expected: list[object]) -> None:
    assert [(one.scheme, one.parameters) for one in challenges(text)] == expected


@pytest.mark.parametrize("piece", ['a="', "a =", "a,", '\\"', "a "])
def test_a_hostile_field_takes_no_time(piece: str) -> None:
    # timeit leaves the collector of garbage out, which takes longer the more tests ran before
    taken = timeit.repeat(
        lambda: challenges(piece * 20_000), timer=time.process_time, repeat=3, number=1
    )
    assert min(taken) < 0.5
