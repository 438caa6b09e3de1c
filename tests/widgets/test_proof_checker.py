"""The proof checker: which single tile falls at each edit, and what never leaves the kernel."""

from __future__ import annotations

import json

import pytest

from dialtone_kit import ProofKey, build_proof
from dialtone_kit.rules import MAX_BYTES, RULES, Request
from dialtone_kit.widgets.proof_checker import Case, ProofChecker, ServiceVerdict
from dialtone_kit.widgets.proof_tiles import TITLES, judged, stopped_at

URL, NOW, TOKEN = "https://id.example.com/api/notes", 1_800_000_000.0, "some.access.token"
KEY = ProofKey.generate()
OTHER = ProofKey.generate()


def request(**changes) -> Request:
    known = {
        "method": "GET",
        "url": URL,
        "now": NOW,
        "access_token": TOKEN,
        "bound_to": KEY.thumbprint,
    }
    return Request(**known | changes)


def good_proof() -> str:
    return build_proof(KEY, "GET", URL, access_token=TOKEN, now=NOW)


def checker(headers=None, *, ask=None, **changes) -> ProofChecker:
    case = Case([good_proof()] if headers is None else headers, request(**changes), "GET", ask=ask)
    return ProofChecker([case], KEY, now=lambda: NOW)


def edit(panel: ProofChecker, *, fields=None, **changes) -> None:
    """What a view sends after an edit: the whole desk, with this changed."""
    state = panel.state()
    desk = {
        **state["draft"],
        "method": state["method"],
        "url": state["url"],
        "replayed": state["replayed"],
    }
    desk["fields"] = state["draft"]["fields"] | (fields or {})
    panel.receive({"kind": "edit", "round": panel.round, **desk, **changes})


def fallen(panel: ProofChecker) -> str:
    stop = stopped_at(panel.tiles)
    return stop.rule if stop else ""


def test_every_rule_has_a_title_and_a_tile():
    assert list(TITLES) == [rule.__name__ for rule in RULES]
    assert [tile.rule for tile in checker().tiles] == list(TITLES)


def test_a_good_proof_lights_every_tile():
    panel = checker()
    assert fallen(panel) == ""
    assert {tile.outcome for tile in panel.tiles} == {"passed", "nothing to check"}
    assert panel.outcome() == "Proof checker: all 13 rules pass."


EDITS = {
    "two headers": ({"twice": True}, "one_header"),
    "typ": ({"fields": {"typ": "JWT"}}, "typ_is_dpop"),
    "alg none": ({"fields": {"alg": "none"}}, "alg_is_listed"),
    "alg of another key": ({"fields": {"alg": "ES384"}}, "jwk_is_public"),
    "private member": ({"leaked": True}, "jwk_is_public"),
    "changed after signing": ({"signer": "tampered"}, "signature_verifies"),
    "htm": ({"fields": {"htm": "get"}}, "htm_matches"),
    "htm left out": ({"fields": {"htm": ""}}, "htm_matches"),
    "another method": ({"method": "POST"}, "htm_matches"),
    "htu": ({"fields": {"htu": URL + "/"}}, "htu_matches"),
    "another URL": ({"url": URL + "/7"}, "htu_matches"),
    "old": ({"age": "61"}, "iat_is_fresh"),
    "ahead": ({"age": "-6"}, "iat_is_fresh"),
    "a time in quotes": ({"age": '"1800000000"'}, "iat_is_fresh"),
    "no ath": ({"fields": {"ath": ""}}, "ath_matches"),
    "another key": ({"signer": "another key"}, "key_is_bound"),
    "no jti": ({"fields": {"jti": ""}}, "jti_is_new"),
    "used before": ({"replayed": True}, "jti_is_new"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_makes_exactly_its_own_tile_fall(name):
    changes, rule = EDITS[name]
    panel = checker()
    edit(panel, **changes)
    assert fallen(panel) == rule
    after = panel.tiles[[tile.rule for tile in panel.tiles].index(rule) + 1 :]
    assert {tile.outcome for tile in after} <= {"not reached"}
    as_before = {"age": "0", "signer": "key", "leaked": False, "twice": False, "replayed": False}
    edit(panel, fields=checker().state()["draft"]["fields"], method="GET", url=URL, **as_before)
    assert fallen(panel) == ""


NEIGHBOURS = {
    "a query in the request": {"url": URL + "?page=2"},
    "as old as allowed": {"age": "60"},
    "an unknown claim left as it is": {"fields": {"unknown": "x"}},
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_an_edit_that_breaks_no_rule_leaves_every_tile_lit(name):
    panel = checker()
    edit(panel, **NEIGHBOURS[name])
    assert fallen(panel) == ""


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ([], "one_header"),
        ([""], "one_header"),
        (["x" * (MAX_BYTES + 1)], "one_header"),
        (["junk"], "well_formed"),
        (["é.ü.ß"], "well_formed"),
        (["a.b.c\n"], "well_formed"),
    ],
)
def test_junk_stops_at_the_first_tiles_and_can_be_edited_into_a_good_proof(headers, rule):
    panel = checker(headers)
    assert fallen(panel) == rule
    edit(panel, fields={"alg": "ES256"})
    assert fallen(panel) == ""


def test_a_url_that_is_none_is_named_and_changes_nothing():
    panel = checker()
    edit(panel, url="not a url")
    assert panel.state()["problem"]["text"]
    assert panel.state()["url"] == URL
    assert fallen(panel) == ""


def test_the_tiles_say_what_the_rules_say():
    tile = stopped_at(judged([good_proof()], request(method="POST", first_use=lambda *_: True)))
    assert (tile.rule, tile.expected, tile.got) == ("htm_matches", "POST", "GET")


def test_sending_twice_is_a_replay_here_and_there():
    sent: list[tuple[str, int]] = []

    def ask(method, url, proofs, times):
        sent.append((proofs[0], times))
        return ServiceVerdict(200, "The proof was accepted.")

    panel = checker(ask=ask)
    for _ in range(2):
        panel.receive({"kind": "ask", "round": panel.round})
    assert sent[0] == sent[1]
    assert fallen(panel) == "jti_is_new"
    edit(panel)
    panel.receive({"kind": "ask", "round": panel.round})
    assert sent[2][0] != sent[0][0]
    assert fallen(panel) == ""


def refusing(method, url, proofs, times):
    return ServiceVerdict(401, "No.")


def test_a_proof_that_the_service_has_accepted_is_used_up_when_it_is_sent_again():
    panel = ProofChecker([Case([good_proof()], request(), "", 200, refusing)], KEY, now=lambda: NOW)
    assert fallen(panel) == ""
    panel.receive({"kind": "ask", "round": panel.round})
    assert fallen(panel) == "jti_is_new"


def test_a_proof_that_was_refused_is_not_used_up_when_it_is_sent_again():
    panel = ProofChecker([Case([good_proof()], request(), "", 401, refusing)], KEY, now=lambda: NOW)
    panel.receive({"kind": "ask", "round": panel.round})
    assert fallen(panel) == ""


def test_the_second_of_two_requests_with_one_proof_is_shown_as_a_replay_and_the_first_is_not():
    proof = good_proof()
    cases = [Case([proof], request(), "", 200), Case([proof], request(), "", 401)]
    panel = ProofChecker(cases, KEY, now=lambda: NOW)
    assert fallen(panel) == "jti_is_new"
    panel.receive({"kind": "open", "round": panel.round, "case": 0})
    assert fallen(panel) == ""


def test_requests_to_one_url_differ_in_the_list_by_number_and_by_the_rule_that_stopped_them():
    proof, label = good_proof(), "GET /api → 401"
    cases = [
        Case([proof], request(), "GET /api → 200", 200),
        Case([proof], request(), label, 401),
        Case([good_proof()], request(method="POST"), label, 401),
        Case([good_proof()], request(), label, 401),  # refused for what no rule here can see
        Case([good_proof()], request(method="POST"), "POST /api, not sent yet"),
    ]
    assert ProofChecker(cases, KEY, now=lambda: NOW).state()["cases"] == [
        "1. GET /api → 200",
        "2. GET /api → 401 jti_is_new",
        "3. GET /api → 401 htm_matches",
        "4. GET /api → 401",
        "5. POST /api, not sent yet",
    ]


def test_an_edit_makes_a_new_proof_of_a_replay():
    proof = good_proof()
    cases = [Case([proof], request(), "", 200), Case([proof], request(), "", 401, refusing)]
    panel = ProofChecker(cases, KEY, now=lambda: NOW)
    edit(panel)
    panel.receive({"kind": "ask", "round": panel.round})
    assert fallen(panel) == ""


@pytest.mark.parametrize(("seconds", "rule"), [(60, ""), (61, "iat_is_fresh")])
def test_a_proof_is_as_old_as_it_is_when_it_is_sent(seconds, rule):
    clock = [NOW]
    case = Case([good_proof()], request(), ask=refusing)
    panel = ProofChecker([case], KEY, now=lambda: clock[0])
    clock[0] += seconds
    panel.receive({"kind": "ask", "round": panel.round})
    assert fallen(panel) == rule


def test_neither_proof_nor_token_is_in_a_trait_or_in_the_text():
    panel = checker()
    panel._repr_mimebundle_()
    kept = json.dumps(panel._view.get_state(), default=str) + repr(panel)
    assert not any(part in kept for part in (*good_proof().split(".")[:1], TOKEN))
    assert TOKEN not in json.dumps(panel.state())
