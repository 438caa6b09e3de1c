"""Rows 67 to 73: nonces, in a realm that demands them at the token endpoint and at resources."""

from typing import Any

import pytest

from tests.support.raw_http import (
    Answer,
    Line,
    ask_token,
    call,
    call_scene,
    challenged,
    granted,
    refused,
    token_scene,
)
from tests.support.refusals.forge import ABSENT
from tests.support.running_mock import Registered


def nonce_of(answer: Answer) -> str:
    """The one nonce in an answer (row 72)."""
    found = answer.all("dpop-nonce")
    assert len(found) == 1, answer
    assert answer.all("cache-control") == ["no-store"]
    assert all("\x21" <= character <= "\x7e" and character not in '"\\' for character in found[0])
    return found[0]


def demanded(answer: Answer, *, at_resource: bool = False) -> str:
    """The nonce that a refusal with use_dpop_nonce hands out."""
    if at_resource:
        challenged(answer, "use_dpop_nonce", "nonce_is_ours", bearer=False)
    else:
        refused(answer, 400, "use_dpop_nonce", "nonce_is_ours")
    return nonce_of(answer)


def ask(line: Line, client: Registered, **claims: Any) -> Answer:
    return ask_token(line, client, [token_scene(client).proof(claims=claims)])


def ask_resource(line: Line, client: Registered, token: str, **claims: Any) -> Answer:
    scene = call_scene(client, token)
    return call(line, scene, [scene.proof(claims=claims)])


WRONG = [ABSENT, None, "", "wrong", "é", "\0", "A" * 32, "A" * 4000, "=", "AAAA.AAAA"]


@pytest.mark.row("67", "68")
@pytest.mark.parametrize("wrong", WRONG, ids=lambda nonce: repr(nonce)[:20])
def test_67_68_a_nonce_is_demanded(wrong: object, line: Line, strict_resident: Registered) -> None:
    client = strict_resident
    nonce = demanded(ask(line, client, nonce=wrong))
    token = granted(ask(line, client, nonce=nonce))
    nonce = demanded(ask_resource(line, client, token, nonce=wrong), at_resource=True)
    assert ask_resource(line, client, token, nonce=nonce).status == 200


@pytest.mark.row("68")
@pytest.mark.parametrize("wrong", [1, True, [], {}, 1.5], ids=repr)
def test_68_a_nonce_that_is_not_a_string_is_a_broken_proof(
    wrong: object, line: Line, strict_resident: Registered
) -> None:
    answer = ask(line, strict_resident, nonce=wrong)
    refused(answer, 400, "invalid_dpop_proof", "nonce_is_ours")
    assert nonce_of(answer)


@pytest.mark.row("68")
def test_68_one_character_of_the_nonce_changed(line: Line, strict_resident: Registered) -> None:
    nonce = demanded(ask(line, strict_resident))
    for at in (0, len(nonce) // 2, len(nonce) - 1):
        other = "B" if nonce[at] == "A" else "A"
        demanded(ask(line, strict_resident, nonce=nonce[:at] + other + nonce[at + 1 :]))


@pytest.mark.row("69", "69✓")
def test_69_the_nonce_of_the_period_before_passes_an_older_one_does_not(
    line: Line, strict_client: Registered
) -> None:
    client = strict_client
    nonce = demanded(ask(line, client))
    client.mock.move_clock(client.realm, 120)
    granted(ask(line, client, nonce=nonce))
    client.mock.move_clock(client.realm, 120)
    fresh = demanded(ask(line, client, nonce=nonce))
    assert fresh != nonce
    granted(ask(line, client, nonce=fresh))


@pytest.mark.row("70")
def test_70_each_place_and_each_realm_has_its_own(
    line: Line, strict_resident: Registered, strict_client: Registered
) -> None:
    client = strict_resident
    of_token = demanded(ask(line, client))
    token = granted(ask(line, client, nonce=of_token))
    of_resource = demanded(ask_resource(line, client, token), at_resource=True)
    demanded(ask(line, client, nonce=of_resource))
    demanded(ask_resource(line, client, token, nonce=of_token), at_resource=True)
    demanded(ask(line, client, nonce=demanded(ask(line, strict_client))))


@pytest.mark.row("72")
def test_72_a_fresh_nonce_goes_out_on_success_and_it_is_never_demanded_twice(
    line: Line, strict_resident: Registered
) -> None:
    client = strict_resident
    nonce = demanded(ask(line, client))
    for _ in range(3):
        answer = ask(line, client, nonce=nonce)
        token, nonce = granted(answer), nonce_of(answer)
    nonce = demanded(ask_resource(line, client, token), at_resource=True)
    for _ in range(3):
        answer = ask_resource(line, client, token, nonce=nonce)
        assert answer.status == 200
        nonce = nonce_of(answer)


@pytest.mark.row("73")
def test_73_a_stale_proof_hears_about_its_clock_not_its_nonce(
    line: Line, strict_resident: Registered
) -> None:
    client = strict_resident
    nonce = demanded(ask(line, client))
    stale = int(client.mock.now(client.realm)) - 70
    answer = ask(line, client, nonce=nonce, iat=stale)
    refused(answer, 400, "invalid_dpop_proof", "iat_is_fresh")


def test_a_refused_nonce_uses_up_no_proof_and_a_replay_has_nothing_to_do_with_nonces(
    line: Line, strict_resident: Registered
) -> None:
    client = strict_resident
    nonce = demanded(ask(line, client, jti="chosen", nonce="wrong"))
    granted(ask(line, client, jti="chosen", nonce=nonce))
    answer = ask(line, client, jti="chosen", nonce=nonce)
    refused(answer, 400, "invalid_dpop_proof", "jti_is_new")
    assert nonce_of(answer)


@pytest.mark.row("71")
def test_71_where_none_is_demanded_none_is_sent(line: Line, resident: Registered) -> None:
    for answer in (ask(line, resident, nonce="x"), ask(line, resident, htm="GET")):
        assert answer.all("dpop-nonce") == []
