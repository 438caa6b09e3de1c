"""A reason is read as it was written, whoever wrote it."""

from __future__ import annotations

import time

import pytest

from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.base.reason import LONGEST, Reason

WRITTEN = (
    ProofRefused("POST", "GET", hint="Build a new proof.", rule="htm_matches"),
    ProofRefused(
        "iat at most 60 s old, 5 s ahead", "iat 70 s behind", code="M06", rule="iat_is_fresh"
    ),
    ProofRefused(
        "https://h.example/a.b?", None, hint="Two. Sentences.", code="M04", rule="htu_matches"
    ),
    ProofRefused("one DPoP header", 2, rule="one_header"),
    ProofRefused("typ dpop+jwt", 1.5),
)


@pytest.mark.parametrize("refusal", WRITTEN, ids=str)
def test_what_a_refusal_writes_is_read_back_whole(refusal: ProofRefused) -> None:
    got = "nothing" if refusal.got is None else str(refusal.got)
    whole = Reason(str(refusal.expected), got, refusal.hint, refusal.code, refusal.rule)
    assert Reason.read(str(refusal)) == whole


def test_a_full_stop_of_the_reason_itself_is_not_in_it() -> None:
    read = Reason.read("htu_matches: expected a URL, got characters beyond ASCII.. [M04]")
    assert (read.got, read.code) == ("characters beyond ASCII", "M04")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("scheme: it is Bearer. M08", Reason(hint="it is Bearer.", code="M08", rule="scheme")),
        ("Get a new token.", Reason(hint="Get a new token.")),
        ("Wait: then try.", Reason(hint="Wait: then try.")),
        ("expected tea, got coffee", Reason("tea", "coffee")),
        ("[M05]", Reason(code="M05")),
        ("", Reason()),
    ],
)
def test_other_texts_are_read_as_far_as_they_go(text: str, read: Reason) -> None:
    assert Reason.read(text) == read


@pytest.mark.parametrize("piece", ["expected ", ", got ", ". ", "M05 ", " ", "a_"])
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    started = time.process_time()
    assert len(str(Reason.read("expected a" + piece * 50_000))) < 2 * LONGEST
    assert time.process_time() - started < 0.5
