"""The bag of loot: every piece is what the table says, and none of it leads to the key."""

from __future__ import annotations

import pickle

import pytest

from dialtone_kit.attacks.bag import PIECES, Bag
from dialtone_kit.attacks.calls import Call, NotTried, Target
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.keys import ProofKey
from tests.support.reachable import reachable
from tests.support.small_verifier import URL, SmallVerifier

TARGET = Target("GET", URL)
STOPPED_BY = {
    "P1": "jti_is_new",
    "P2": "htm_matches",
    "P3": "htu_matches",
    "P4": "ath_matches",
    "P5": "iat_is_fresh",
    "P6": "typ_is_dpop",
}


@pytest.fixture
def verifier() -> SmallVerifier:
    return SmallVerifier()


@pytest.fixture
def victim(verifier: SmallVerifier) -> Victim:
    return verifier.victim()


@pytest.fixture
def bag(victim: Victim, verifier: SmallVerifier) -> Bag:
    return Bag(victim, TARGET, verifier)


@pytest.mark.parametrize("piece", STOPPED_BY)
def test_one_rule_stops_each_proof_and_no_other_would(
    piece: str, bag: Bag, victim: Victim, verifier: SmallVerifier
) -> None:
    fields = (("Authorization", f"DPoP {bag.T}"), ("DPoP", getattr(bag, piece)))
    answer = verifier(Call("GET", URL, fields))
    assert answer.status == 401
    assert answer.reason.startswith(f"{STOPPED_BY[piece]}: ")
    holed = SmallVerifier(STOPPED_BY[piece], issuer_key=verifier.issuer_key)
    assert holed(Call("GET", URL, fields)).status == 200


def test_a_piece_is_new_each_time_since_proofs_age(bag: Bag) -> None:
    assert bag.P2 != bag.P2
    assert bag.T == bag.T
    assert bag.S != bag.T


def test_the_used_proof_was_used(bag: Bag, verifier: SmallVerifier) -> None:
    before = verifier.calls
    assert bag.P1
    assert verifier.calls == before + 1


def test_there_is_no_used_proof_where_the_agent_itself_is_refused(victim: Victim) -> None:
    bag = Bag(victim, Target("GET", "https://other.example/api"), SmallVerifier())
    with pytest.raises(NotTried, match="refused"):
        _ = bag.P1


def test_where_the_issuer_repeats_itself_there_is_no_smaller_token(
    verifier: SmallVerifier,
) -> None:
    token = verifier.token(key := ProofKey.generate())
    bag = Bag(Victim(lambda _: token, key=key), TARGET, verifier)
    with pytest.raises(NotTried, match="same token"):
        _ = bag.S


def test_loot_is_a_string_that_shows_nothing(bag: Bag) -> None:
    for name in PIECES:
        piece = getattr(bag, name)
        assert f"DPoP {piece}".endswith(str.__str__(piece)[-20:])
        assert len(repr(piece)) < 70
        assert piece[:20] not in repr(piece)
        with pytest.raises(TypeError, match="never saved"):
            pickle.dumps(piece)
    assert repr(bag) == "<bag with T, S, P1, P2, P3, P4, P5, P6>"


def test_the_bag_does_not_lead_to_its_victim(bag: Bag) -> None:
    found = reachable(bag)
    assert any(isinstance(one, Target) for one in found)
    assert not any(isinstance(one, Victim | ProofKey) for one in found)


def test_neither_bag_nor_call_nor_victim_can_be_saved(bag: Bag, victim: Victim) -> None:
    for one in (bag, victim, victim.call(TARGET)):
        with pytest.raises(TypeError):
            pickle.dumps(one)


def test_a_fresh_proof_and_the_token_are_a_good_call_and_no_attack(
    victim: Victim, verifier: SmallVerifier
) -> None:
    call = victim.call(TARGET)
    assert verifier(call).status == 200
    assert verifier(call).status == 401
    assert victim.token() not in f"{victim!r}{call!r}"
