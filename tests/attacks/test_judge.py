"""The judge, on a small verifier: sound, with each single hole, and too strict in each way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dialtone_kit.attacks.calls import Answer, Call, NotTried, Target
from dialtone_kit.attacks.catalogue import ATTACKS, RISKS, Attack
from dialtone_kit.attacks.good_calls import GOOD, escaped_letter
from dialtone_kit.attacks.judge import Outcome, judge
from dialtone_kit.base.jws import json_object
from dialtone_kit.tokens import read_unverified
from tests.support.small_verifier import URL, SmallVerifier

TARGET = Target("GET", URL)
# What a verifier lacks, or does, and the one attack that gets in there.
HOLES = {
    "key_is_bound": 1,
    "jti_is_new": 2,
    "signature_verifies": 3,
    "htm_matches": 4,
    "htu_matches": 5,
    "Host": 5,
    "X-Forwarded-Host": 5,
    "ath_matches": 6,
    "ath if there": 6,
    "iat_is_fresh": 7,
    "iat not too old": 7,
    "nonce_is_ours": 8,
    "typ_is_dpop": 9,
    "the first of several": 10,
    "the first field": 10,
    "the last of several": 10,
    "alg none": 11,
    "HMAC": 11,
    "private jwk": 12,
    "as bearer": 13,
    "without proof": 13,
    "aud": 14,
    "unbound": 1,
    "the text of the proof": 2,
    "jti if there": 2,
    "htm if there": 4,
    "the host alone": 5,
    "htu that begins so": 5,
    "htu as a beginning": 5,
    "htu with it inside": 5,
    "the origin first": 5,
    "any final slash": 5,
    "any case": 5,
    "any scheme": 5,
    "any port": 5,
    "htu if there": 5,
    "half of ath": 6,
    "half an hour": 7,
    "iat if there": 7,
    "any typ but JWT": 9,
    "any +jwt": 9,
    "aud that begins so": 14,
    "aud as a beginning": 14,
    "aud and a slash": 14,
    "aud if there": 14,
    "decoded": 24,
    "token of alg none": 24,
    "the key in the token": 24,
    "any issuer": 24,
    "expired": 25,
}


def judged(verifier: SmallVerifier, send: Callable[[Call], Answer] | None = None) -> list[Outcome]:
    return list(judge(send or verifier, verifier.victim(), TARGET))


def named(outcomes: list[Outcome], verdict: str) -> list[str]:
    return [one.tried.name for one in outcomes if one.verdict == verdict]


@pytest.mark.parametrize("nonces", [False, True])
def test_a_sound_verifier_lets_in_all_that_is_good_and_nothing_else(nonces: bool) -> None:
    outcomes = judged(SmallVerifier(nonces=nonces))
    only_with_nonces = ["the nonce that was handed out", "A proof made in advance"]
    assert named(outcomes, "not tried") == ([] if nonces else only_with_nonces)
    assert named(outcomes, "refused") == named(outcomes, "open") == []
    assert not any(one.is_fault for one in outcomes)
    assert len(outcomes) == len(GOOD) + len(ATTACKS)


@pytest.mark.parametrize("hole", HOLES)
def test_one_hole_opens_to_exactly_one_attack(hole: str) -> None:
    outcomes = judged(SmallVerifier(hole, nonces=True))
    opened = [one for one in outcomes if one.verdict == "open"]
    assert [one.tried.number for one in opened if isinstance(one.tried, Attack)] == [HOLES[hole]]
    assert named(outcomes, "refused") == named(outcomes, "not tried") == []
    assert all(one.is_fault for one in opened)


def proof_of(call: Call) -> tuple[dict[str, object], dict[str, object]]:
    """What the first proof of a call says."""
    head, claims, *_ = call.values("DPoP")[0].split(".")
    return json_object(head), json_object(claims)


def claims_of(call: Call) -> Mapping[str, Any]:
    return read_unverified(call.values("Authorization")[0].partition(" ")[2]).claims


def listed(aud: object) -> list[object]:
    return aud if isinstance(aud, list) else [aud]


def scheme_of(call: Call) -> str:
    return call.values("Authorization")[0].partition(" ")[0]


TOO_STRICT: dict[str, Callable[[Call], bool]] = {
    "the scheme written dpop": lambda call: scheme_of(call) == "dpop",
    "header names in capitals": lambda call: "DPOP" in dict(call.fields),
    "a query that htu leaves out": lambda call: "?" in call.url,
    "claims that no rule knows": lambda call: "iss" in proof_of(call)[1],
    "a jwk with more members": lambda call: "kid" in proof_of(call)[0]["jwk"],  # type: ignore[operator]
    "scheme and host of htu in capitals": lambda call: "HTTPS" in str(proof_of(call)[1].get("htu")),
    "the default port in htu": lambda call: ":443" in str(proof_of(call)[1].get("htu")),
    "an escaped letter in htu": lambda call: "%" in str(proof_of(call)[1].get("htu")),
    "a token for two APIs": lambda call: len(listed(claims_of(call).get("aud"))) == 2,
    "a key for ES384": lambda call: proof_of(call)[0]["alg"] == "ES384",
    "a key for EdDSA": lambda call: proof_of(call)[0]["alg"] == "EdDSA",
}


@pytest.mark.parametrize("good", TOO_STRICT)
def test_a_verifier_that_turns_a_good_call_away_is_told_which(good: str) -> None:
    verifier = SmallVerifier()

    def strict(call: Call) -> Answer:
        is_bare = not call.values("DPoP")
        return verifier(call) if is_bare or not TOO_STRICT[good](call) else Answer(401)

    outcomes = judged(verifier, strict)
    assert named(outcomes, "refused") == [good]
    assert [one.tried.name for one in outcomes if one.is_fault] == (
        [] if next(one for one in GOOD if one.name == good).advised else [good]
    )


def test_a_verifier_that_takes_only_newer_proofs_is_told_so() -> None:
    verifier, newest = SmallVerifier(), [0.0]

    def ordered(call: Call) -> Answer:
        iat = float(str(proof_of(call)[1].get("iat", 0))) if call.values("DPoP") else 0.0
        if iat < newest[0]:
            return Answer(401)
        newest[0] = iat
        return verifier(call)

    assert named(judged(verifier, ordered), "refused") == ["an older proof behind a newer one"]


class OnceNonces:
    """Nonces that are good for one proof each: how long one is good is the server's own affair."""

    def __init__(self) -> None:
        self._good: set[str] = set()

    def current(self) -> str:
        self._good.add(nonce := secrets.token_hex(8))
        return nonce

    def judge(self, nonce: str) -> str:
        if nonce not in self._good:
            return "unknown"
        self._good.remove(nonce)
        return "fresh"


@pytest.mark.parametrize("hole", ["", "typ_is_dpop"])
def test_where_a_nonce_is_good_once_each_call_gets_its_own(hole: str) -> None:
    verifier = SmallVerifier(hole)
    verifier.own_nonces = OnceNonces()  # type: ignore[assignment]
    outcomes = judged(verifier)
    assert named(outcomes, "refused") == named(outcomes, "not tried") == []
    assert named(outcomes, "open") == (["A JWT that is no proof"] if hole else [])


def test_a_memory_of_whole_requests_lets_a_copy_in_with_one_more_field() -> None:
    verifier, seen = SmallVerifier("jti_is_new"), set[object]()

    def send(call: Call) -> Answer:
        known = call.fields in seen
        seen.add(call.fields)
        return Answer(401) if known else verifier(call)

    (outcome,) = [one for one in judged(verifier, send) if one.verdict == "open"]
    assert outcome.detail.startswith("200: A used proof, in a request with one more")


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("after", [1, 8])
def test_a_service_that_shuts_the_agent_out_is_not_taken_for_a_sound_one(
    status: int, after: int
) -> None:
    """From the first refusals on it refuses everything: fail2ban does so, or it fell over."""
    verifier, refused, late = SmallVerifier(), list[Call](), list[Call]()

    def send(call: Call) -> Answer:
        if len(refused) >= after:
            late.append(call)
            return Answer(status)
        answer = verifier(call)
        refused.extend([call] if answer.status != 200 else [])
        return answer

    outcomes = judged(verifier, send)
    unjudged = [one for one in outcomes if one.unjudged]
    judged_before = named(outcomes, "held")
    assert len(judged_before) + len(unjudged) == len(ATTACKS)
    assert bool(judged_before) is (after > 1)
    assert {one.verdict for one in unjudged} == {"not tried"}
    assert f"the agent's own call got {status}" in unjudged[-1].detail
    assert len(late) < 12  # it is left alone
    assert not any(one.unjudged for one in judged(verifier))


def test_an_attack_that_makes_the_service_fail_is_not_held() -> None:
    verifier = SmallVerifier()

    def send(call: Call) -> Answer:
        two = len(call.values("DPoP")) > 1
        return Answer(500, reason="list index") if two else verifier(call)

    (outcome,) = [one for one in judged(verifier, send) if one.unjudged]
    assert (outcome.tried.name, outcome.verdict) == ("Two proofs at once", "not tried")
    assert outcome.detail == "500: list index (the service fails)"


def test_a_busy_service_is_not_taken_for_a_sound_one() -> None:
    verifier = SmallVerifier()
    outcomes = judged(verifier, lambda call: Answer(429))
    assert {one.verdict for one in outcomes} == {"not tried"}
    assert all(one.unjudged for one in outcomes if isinstance(one.tried, Attack))
    everything_in = named(judged(verifier, lambda call: Answer(204)), "open")
    assert everything_in == named(judged(SmallVerifier(), lambda call: Answer(200)), "open") != []


def test_the_status_of_a_good_call_can_be_any_other() -> None:
    """An API behind the verifier may answer 406: then whatever gets 406 was let in."""
    verifier = SmallVerifier("typ_is_dpop")

    def behind(call: Call) -> Answer:
        answer = verifier(call)
        return Answer(406) if answer.status == 200 else answer

    outcomes = list(judge(behind, verifier.victim(), TARGET, 406))
    assert named(outcomes, "refused") == []
    assert named(outcomes, "open") == ["A JWT that is no proof"]


def test_no_outcome_shows_a_token_or_a_proof() -> None:
    sent: list[str] = []

    def telling(call: Call) -> Answer:
        """A careless service: it quotes what it got."""
        secrets = [value.rpartition(" ")[2] for _, value in call.fields]
        sent.extend(secrets)
        return Answer(401, (), f"I will not take {' or '.join(secrets)}")

    shown = repr(judged(SmallVerifier(), telling))
    assert len(sent) > 20
    assert not any(len(secret) > 30 and secret in shown for secret in sent)


def test_every_attack_says_all_that_a_security_team_needs() -> None:
    assert [one.number for one in ATTACKS] == [*range(1, 15), 24, 25]
    for attack in ATTACKS:
        assert attack.section.startswith("RFC "), attack.name
        assert set(attack.owasp) <= set(RISKS), attack.name
        assert any(one.startswith("ASI") for one in attack.owasp), attack.name
        assert attack.sentence.endswith("."), attack.name
    assert len({one.name for one in (*GOOD, *ATTACKS)}) == len(GOOD) + len(ATTACKS)


@pytest.mark.parametrize(
    ("path", "spelled"),
    [("/notes", "/note%73"), ("/caf%C3%A9", "/ca%66%C3%A9"), ("/a/%41%42", "/%61/%41%42")],
)
def test_a_letter_of_an_escape_is_not_escaped_again(path: str, spelled: str) -> None:
    target = Target("GET", f"https://api.example{path}")
    call = escaped_letter(SmallVerifier().victim(), target)
    assert read_unverified(call.values("DPoP")[0]).claims["htu"].endswith(spelled)


def test_a_path_without_a_letter_is_not_tried() -> None:
    with pytest.raises(NotTried, match="no letter"):
        escaped_letter(SmallVerifier().victim(), Target("GET", "https://api.example/%C3%A9"))
