"""The attack lab: a private realm with exactly one proof rule off, and the ones that never are."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.mock.access.attack_lab import ALWAYS_ON, BY_NAME, GUARDS, rules_of
from dialtone_kit.mock.core.settings import built_in_realms
from dialtone_kit.rules import RULES
from tests.support.raw_http import (
    Line,
    ask_token,
    call,
    call_scene,
    challenged,
    granted,
    refused,
    token_scene,
)
from tests.support.refusals import ACCEPTED, CASES, REFUSED, Case, each
from tests.support.running_mock import Mock, Registered

NEVER_OFF = sorted(rule.__name__ for rule in ALWAYS_ON)
CAN_BE_OFF = [name for name in BY_NAME if name not in NEVER_OFF]
OVER_HTTP = [case for case in REFUSED if case.over_http and case.row != "1"]  # 1: a bearer token
WHOAMI = "/api/whoami"
BY_ITS_OWN_TEST = {"nonce_is_ours", "ath_matches", "key_is_bound", "jti_is_new"}  # further below


def make(mock: Mock, **members: Any) -> httpx.Response:
    return mock.control("POST", "realms", json=members)


def lab(mock: Mock, without: str) -> Registered:
    """A client in a new realm without that rule."""
    like = "strict" if without == "nonce_is_ours" else "default"
    answer = make(mock, like=like, without=without)
    assert answer.status_code == 201, answer.text
    return mock.register(answer.json()["realm"])


@pytest.fixture(scope="module", params=CAN_BE_OFF)
def weak(mock: Mock, request: pytest.FixtureRequest) -> Iterator[tuple[str, Registered]]:
    client = lab(mock, request.param)
    yield request.param, client
    mock.remove_realm(client.realm)


# --- making one --------------------------------------------------------------------------------


def test_every_rule_is_either_switchable_or_has_its_reason() -> None:
    assert sorted([*CAN_BE_OFF, *NEVER_OFF]) == sorted(rule.__name__ for rule in RULES)
    assert NEVER_OFF == ["alg_is_listed", "jwk_is_public", "well_formed"]
    public = built_in_realms()["default"]
    for name in CAN_BE_OFF:
        weak = rules_of(replace(public, like="default", without=name))
        assert [rule for rule in RULES if rule not in weak] == [BY_NAME[name]]
    assert rules_of(public) == RULES


@pytest.mark.parametrize("name", [*CAN_BE_OFF, *GUARDS])
def test_a_public_realm_refuses_whatever_it_is_said_to_be_without(name: str) -> None:
    public = replace(built_in_realms()["default"], without=name)
    private = replace(public, like="default")
    assert public.refuses(name)
    assert not private.refuses(name)
    assert private.refuses("another_check")
    assert (public.let_through, private.let_through) == ([], [name])


@pytest.mark.parametrize(
    ("without", "why"),
    [
        ("well_formed", "parts that every later rule reads"),
        ("alg_is_listed", "switch off signature_verifies"),
        ("jwk_is_public", "it extracts the key"),
    ],
)
def test_a_rule_that_the_others_need_stays_on_and_the_answer_says_why(
    mock: Mock, without: str, why: str
) -> None:
    answer = make(mock, like="default", without=without)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    text = answer.json()["error_description"]
    assert text.startswith(f"without: {without} can't be switched off: ")
    assert why in text


@pytest.mark.parametrize(
    "without", ["", "htm", "HTM_MATCHES", "htm_matches,htu_matches", "all", "x"]
)
def test_an_unknown_rule_is_refused_with_the_list(mock: Mock, without: str) -> None:
    answer = make(mock, like="default", without=without)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert all(name in answer.json()["error_description"] for name in (*CAN_BE_OFF, *GUARDS))
    assert not any(name in answer.json()["error_description"] for name in NEVER_OFF)


@pytest.mark.parametrize("without", [1, ["htm_matches"], {"rule": "htm_matches"}, True])
def test_exactly_one_rule_by_its_name(mock: Mock, without: Any) -> None:
    assert make(mock, like="default", without=without).status_code == 400


def test_a_rule_that_makes_no_difference_is_not_switched_off(mock: Mock) -> None:
    answer = make(mock, like="default", without="nonce_is_ours")
    assert answer.status_code == 400
    assert "Make the realm like strict" in answer.json()["error_description"]
    assert make(mock, like="strict", without="nonce_is_ours").status_code == 201


def test_only_who_may_use_the_controls_makes_one(mock: Mock) -> None:
    body = {"like": "default", "without": "htm_matches"}
    assert mock.http.post(f"{mock.base_url}/mock/realms", json=body).status_code == 401


def test_a_lab_realm_is_listed_nowhere(mock: Mock) -> None:
    client = lab(mock, "htm_matches")
    base = mock.base_url
    for path in (
        "/agent.json",
        "/.well-known/agent-instructions",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/realms/default/.well-known/openid-configuration",
        "/realms/acme/.well-known/openid-configuration",
        "/openapi.json",
    ):
        text = mock.http.get(base + path).text
        assert "lab-" not in text, path
        assert not [name for name in (*CAN_BE_OFF, *GUARDS) if name in text], path
    # and its own document is that of any realm: which rule is off is for the learner to find
    own = mock.http.get(client.url("/.well-known/openid-configuration")).text
    other = mock.new_realm()
    assert (
        own.replace(client.realm, other)
        == mock.http.get(f"{mock.issuer(other)}/.well-known/openid-configuration").text
    )
    mock.remove_realm(other)


def test_public_realms_have_all_their_rules(mock: Mock, line: Line, resident: Registered) -> None:
    """Whatever lab realms there are beside them."""
    for name in CAN_BE_OFF:
        lab(mock, name)
    for case in {case.rule: case for case in OVER_HTTP}.values():
        text = refused(
            ask_token(line, resident, case.headers(token_scene(resident))),
            400,
            "invalid_dpop_proof",
        )
        assert text.startswith(case.rule)


# --- one hole, and only one --------------------------------------------------------------------


def test_the_rule_that_is_off_lets_through_what_it_would_refuse_and_nothing_else(
    weak: tuple[str, Registered], line: Line
) -> None:
    """The whole catalogue, at the token endpoint of each lab realm."""
    without, client = weak
    through = 0
    for case in OVER_HTTP:
        answer = ask_token(line, client, case.headers(token_scene(client)))
        if case.rule == without:
            assert answer.status in (200, 400), (case.id, answer)
            through += answer.status == 200
            continue
        text = refused(answer, 400, "invalid_dpop_proof", case.says)
        assert text.startswith(f"{case.rule}: "), case.id
    assert (through > 0) is (without not in BY_ITS_OWN_TEST or without == "jti_is_new")


def test_good_proofs_stay_good(weak: tuple[str, Registered], line: Line) -> None:
    _, client = weak
    for case in ACCEPTED:
        granted(ask_token(line, client, case.headers(token_scene(client))))
    token = (
        client.token()
        if client.mock.demands_nonces(client.realm)
        else granted(ask_token(line, client, [token_scene(client).proof()]))
    )
    scene = call_scene(client, token)
    assert call(line, scene, [scene.proof()]).status == 200


@pytest.mark.sample(25)
@pytest.mark.parametrize("case", each({case.row: case for case in CASES}.values()))
def test_never_a_500(case: Case, weak: tuple[str, Registered], line: Line) -> None:
    """A row's example at a resource of each lab realm: an answer, and one of those documented."""
    without, client = weak
    if not case.over_http:
        return
    token = granted(ask_token(line, client, [token_scene(client).proof()]))
    scene = call_scene(client, token)
    answer = call(line, scene, case.headers(scene))
    assert answer.status in (200, 401), (without, case.id, answer)


@pytest.mark.parametrize("name", CAN_BE_OFF)
def test_junk_is_refused_whichever_rule_is_off(name: str, mock: Mock, line: Line) -> None:
    client = lab(mock, name)
    token = granted(ask_token(line, client, [token_scene(client).proof()]))
    scene = call_scene(client, token)
    for junk in (
        [""],
        [","],
        [",,,"],
        [" "],
        ["."],
        [".."],
        ["a.b.c"],
        ["e30.e30.e30"],
        ["e30.e30."],
        ["é"],
        ["x" * 9000],
        [f"{'x' * 9000},{scene.proof()}"],
        ["", ""],
        ["", scene.proof()],
        ["junk", scene.proof()],
        [f", {scene.proof()}"],
    ):
        assert ask_token(line, client, junk).status == 400, junk
        assert call(line, scene, junk).status == 401, junk


# --- rule by rule: the exploit -----------------------------------------------------------------


def test_without_one_header_the_first_of_two_counts(mock: Mock, line: Line) -> None:
    client = lab(mock, "one_header")
    scene = token_scene(client)
    granted(ask_token(line, client, [scene.proof(), "junk"]))
    granted(ask_token(line, client, [f"{scene.proof()}, junk"]))
    refused(ask_token(line, client, ["junk", scene.proof()]), 400, "invalid_dpop_proof")
    twice = scene.proof()
    granted(ask_token(line, client, [twice, twice]))
    refused(ask_token(line, client, [twice]), 400, "invalid_dpop_proof", "jti_is_new")


def test_without_one_header_its_size_still_has_a_limit(mock: Mock, line: Line) -> None:
    client = lab(mock, "one_header")
    answer = ask_token(line, client, ["x" * 8193])
    assert refused(answer, 400, "invalid_dpop_proof").startswith("one_header: expected at most")


def test_without_typ_any_signed_text_with_the_right_claims_is_a_proof(
    mock: Mock, line: Line
) -> None:
    client = lab(mock, "typ_is_dpop")
    granted(ask_token(line, client, [token_scene(client).proof(header={"typ": "JWT"})]))


def test_without_the_signature_the_public_key_is_enough_to_be_someone(
    mock: Mock, line: Line
) -> None:
    """A thief with a bound token and the owner's public key, which every proof shows."""
    client = lab(mock, "signature_verifies")
    token = granted(ask_token(line, client, [token_scene(client).proof()]))
    scene = call_scene(client, token)
    answer = call(line, scene, [scene.proof(sign=lambda _: b"")])
    assert (answer.status, answer.json()["client_id"]) == (200, client.client_id)


def test_without_htm_a_proof_to_read_is_one_to_write(mock: Mock) -> None:
    client = lab(mock, "htm_matches")
    token, url = client.token(), client.url("/api/notes")
    to_read = client.proof("GET", url, access_token=token)
    answer = client.call("POST", url, token, proof=to_read, json={"text": "not by the owner"})
    assert answer.status_code == 201


def test_without_htu_a_proof_for_another_service_is_one_for_this(mock: Mock) -> None:
    client = lab(mock, "htu_matches")
    token = client.token()
    elsewhere = client.proof("GET", "https://elsewhere.example/", access_token=token)
    assert client.call("GET", client.url(WHOAMI), token, proof=elsewhere).status_code == 200


@pytest.mark.parametrize("age", [61, 3600, 10**9, -3600])
def test_without_iat_an_old_proof_is_as_good_as_a_new_one_and_still_works_once(
    mock: Mock, line: Line, age: int
) -> None:
    client = lab(mock, "iat_is_fresh")
    scene = token_scene(client)
    old = scene.proof(claims={"iat": scene.now - age})
    granted(ask_token(line, client, [old]))
    refused(ask_token(line, client, [old]), 400, "invalid_dpop_proof", "jti_is_new")


def test_without_iat_a_used_proof_is_remembered_as_long_as_the_realm(
    own_mock: Callable[..., Mock],
) -> None:
    """It could pass at any time, so forgetting it after its window would be a second hole."""
    mine = own_mock()
    client = lab(mine, "iat_is_fresh")
    client.token()
    ((until,),) = mine.sql("SELECT forget_at FROM used_proofs")
    assert until > time.time() + 6.9 * 24 * 3600


def test_without_the_nonce_a_strict_realm_takes_a_proof_made_in_advance(
    mock: Mock, line: Line
) -> None:
    client = lab(mock, "nonce_is_ours")
    answer = ask_token(line, client, [token_scene(client).proof()])
    granted(answer)
    assert answer.all("dpop-nonce")  # it still hands them out
    scene = token_scene(client)
    for nonce in ("made up", 1, None, ["x"]):
        granted(ask_token(line, client, [scene.proof(claims={"nonce": nonce})]))
    bearer = ask_token(line, client, [])
    refused(bearer, 400, "invalid_dpop_proof", "one_header")  # the other demand stands


@pytest.mark.parametrize("ath", [None, "", "wrong", 1, ["x"]])
def test_without_ath_a_proof_goes_with_any_token_of_its_key(
    mock: Mock, line: Line, ath: object
) -> None:
    client = lab(mock, "ath_matches")
    token = client.token()
    scene = call_scene(client, token)
    assert call(line, scene, [scene.proof(claims={"ath": ath})]).status == 200
    thief = call_scene(client, token, key=ProofKey.generate())
    challenged(call(line, thief, [thief.proof()]), "invalid_token", "key_is_bound")


def test_without_the_binding_a_stolen_token_is_spent_with_the_thiefs_own_key(mock: Mock) -> None:
    client = lab(mock, "key_is_bound")
    token, url = client.token(), client.url(WHOAMI)
    thief = ProofKey.generate()
    proof = client.proof("GET", url, access_token=token, key=thief)
    answer = client.call("GET", url, token, proof=proof)
    assert (answer.status_code, answer.json()["client_id"]) == (200, client.client_id)
    # the service shows whose key it should have been, and records which one it was
    assert answer.json()["cnf"] == {"jkt": client.key.thumbprint}
    trail = client.call("GET", client.url("/audit/events"), token).json()["events"]
    assert trail[0]["dpop_thumbprint"] == f"sha256:{thief.thumbprint}"


def test_without_the_memory_of_jti_a_proof_works_as_often_as_one_likes(
    mock: Mock, line: Line
) -> None:
    client = lab(mock, "jti_is_new")
    proof = token_scene(client).proof()
    for _ in range(3):
        granted(ask_token(line, client, [proof]))
    scene = call_scene(client, client.token())
    replayed = scene.proof()
    for _ in range(3):
        assert call(line, scene, [replayed]).status == 200
    old = token_scene(client)
    refused(
        ask_token(line, client, [old.proof(claims={"iat": old.now - 100})]),
        400,
        "invalid_dpop_proof",
        "iat_is_fresh",
    )


@pytest.mark.parametrize("jti", [None, "", 1, ["x"], "x" * 300])
def test_without_the_memory_of_jti_its_form_does_not_matter_either(
    mock: Mock, line: Line, jti: object
) -> None:
    client = lab(mock, "jti_is_new")
    granted(ask_token(line, client, [token_scene(client).proof(claims={"jti": jti})]))


# --- the realm itself --------------------------------------------------------------------------


def test_it_stays_weak_across_a_restart_and_goes_with_its_removal(
    own_mock: Callable[..., Mock],
) -> None:
    mine = own_mock()
    client = lab(mine, "htu_matches")
    token = client.token()
    mine.kill()
    mine.start()
    elsewhere = client.proof("GET", "https://elsewhere.example/", access_token=token)
    assert client.call("GET", client.url(WHOAMI), token, proof=elsewhere).status_code == 200
    mine.remove_realm(client.realm)
    assert client.call("GET", client.url(WHOAMI), token).status_code == 404


def test_what_its_creator_is_told(mock: Mock) -> None:
    answer = make(mock, like="default", without="htu_matches").json()
    assert answer == {
        "realm": answer["realm"],
        "issuer": mock.issuer(answer["realm"]),
        "like": "default",
        "without": "htu_matches",
    }
    assert make(mock, like="default").json()["without"] is None
