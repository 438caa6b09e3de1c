"""Refresh tokens: rows 85 to 88 and F1 to F3 of the catalogue."""

from typing import Any

import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import read_unverified
from tests.support.grant_desk import (
    ask,
    call,
    error,
    family,
    in_parallel,
    is_alive,
    post,
    public_client,
    renew,
    says,
)
from tests.support.running_mock import Mock, Registered

OTHER = ProofKey.generate()


@pytest.fixture
def open_client(mock: Mock, realm: str) -> Registered:
    """A client without a secret."""
    return public_client(mock, realm)


def jkt(answer: Any) -> Any:
    return read_unverified(answer.json()["access_token"]).claims.get("cnf", {}).get("jkt")


def test_a_refresh_token_brings_the_next(registered_client: Registered) -> None:
    client, first = registered_client, family(registered_client, scope="openid notes:read")
    answer = renew(client, first["refresh_token"])
    told = answer.json()
    assert told.keys() == first.keys()
    assert told["refresh_token"] != first["refresh_token"]
    assert (told["scope"], answer.headers["cache-control"]) == ("openid notes:read", "no-store")
    before, after = (read_unverified(one["access_token"]).claims for one in (first, told))
    assert before["sub"] == after["sub"]
    assert before["jti"] != after["jti"]
    assert call(client, told["access_token"]) == 200
    assert call(client, first["access_token"]) == 200  # still good, for its hour
    assert renew(client, told["refresh_token"]).status_code == 200


# --- 85 to 88: whose key ---
ROWS = [
    ("85", "public-DPoP-other", "bound to a different key"),
    ("86", "public-DPoP-none", "send a proof signed by it"),
    ("85✓", "public-DPoP-own", ""),
    ("88", "public-bearer-own", "issued without DPoP"),
    ("88✓", "public-bearer-none", ""),
    ("87✓", "secret-DPoP-other", ""),
    ("87✓", "secret-DPoP-own", ""),
    ("87✓", "secret-bearer-own", ""),
    ("87✓", "secret-DPoP-none", ""),
]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        pytest.param(case, reason, id=f"{row}-{case}", marks=pytest.mark.row(row))
        for row, case, reason in ROWS
    ],
)
def test_whose_key(mock: Mock, realm: str, case: str, reason: str) -> None:
    """`case`: what kind of client it is, how the family began, and whose key it renews with."""
    kind, began, renews_with = case.split("-")
    client = public_client(mock, realm) if kind == "public" else mock.register(realm)
    own = client.key if began == "DPoP" else None
    keys = {"own": client.key, "other": OTHER, "none": None}
    first = family(client, own)["refresh_token"]
    answer = renew(client, first, keys[renews_with])
    if not reason:
        key = keys[renews_with]
        assert answer.status_code == 200, answer.text
        assert jkt(answer) == (key.thumbprint if key else None)
        assert answer.json()["token_type"] == ("DPoP" if key else "Bearer")
        return
    says(answer, 400, "invalid_grant", reason)
    assert renew(client, first, own).status_code == 200  # 94: the refusal used nothing up


@pytest.mark.row("87")
def test_87_what_was_renewed_is_bound_to_the_new_key(registered_client: Registered) -> None:
    client = registered_client
    told = renew(client, family(client)["refresh_token"], OTHER).json()
    assert call(client, told["access_token"], OTHER) == 200
    assert call(client, told["access_token"]) == 401


# --- F1 to F3 ---


@pytest.mark.row("F1")
def test_f1_a_used_one_ends_the_family(mock: Mock, registered_client: Registered) -> None:
    client, other = registered_client, mock.register(registered_client.realm)
    first = family(client)
    second = renew(client, first["refresh_token"]).json()
    elsewhere = family(client)
    says(renew(client, first["refresh_token"]), 400, "invalid_grant", "already used")
    says(renew(client, second["refresh_token"]), 400, "invalid_grant", "revoked")
    for told in (first, second):
        assert call(client, told["access_token"]) == 401
        assert not is_alive(other, told["access_token"])
    assert call(client, elsewhere["access_token"]) == 200  # ✓ another approval is another family
    assert renew(client, elsewhere["refresh_token"]).status_code == 200


@pytest.mark.row("F1")
def test_f1_only_who_could_have_used_it_ends_the_family(mock: Mock, realm: str) -> None:
    """A thief without the key or the secret can't do even that."""
    client, stranger = public_client(mock, realm), public_client(mock, realm)
    first = family(client)["refresh_token"]
    second = renew(client, first).json()["refresh_token"]
    says(renew(stranger, first, client.key), 400, "invalid_grant", "unknown")
    says(renew(client, first, OTHER), 400, "invalid_grant", "another key")
    says(renew(client, first, None), 400, "invalid_grant", "proof")
    unready = client.proof("POST", client.url("/userinfo"))
    form = {"grant_type": "refresh_token", "refresh_token": first}
    says(post(client, "/token", unready, **form), 400, "invalid_dpop_proof", "htu")
    assert renew(client, second).status_code == 200


@pytest.mark.row("F1")
def test_f1_a_replayed_request_does_not_end_the_family(registered_client: Registered) -> None:
    client = registered_client
    form = {"grant_type": "refresh_token", "refresh_token": family(client)["refresh_token"]}
    proof = client.proof("POST", client.token_url)
    told = post(client, "/token", proof, **form).json()
    says(post(client, "/token", proof, **form), 400, "invalid_dpop_proof", "jti_is_new")
    assert renew(client, told["refresh_token"]).status_code == 200


@pytest.mark.both_databases
@pytest.mark.row("F2", "F2✓")
def test_f2_two_in_parallel_one_wins(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    first = family(client)["refresh_token"]

    def send(http: Any) -> Any:
        return http.post(
            client.token_url,
            data={"grant_type": "refresh_token", "refresh_token": first},
            auth=client.basic,
            headers={"DPoP": client.proof("POST", client.token_url)},
        )

    answers = in_parallel(8, send)
    assert sorted(answer.status_code for answer in answers) == [200] + 7 * [400]
    assert {error(one) for one in answers if one.status_code == 400} == {(400, "invalid_grant")}
    winner = next(answer for answer in answers if answer.status_code == 200).json()
    says(renew(client, winner["refresh_token"]), 400, "invalid_grant")  # two held it: F1
    assert call(client, winner["access_token"]) == 401


@pytest.mark.row("F3")
@pytest.mark.parametrize("scope", ["openid notes:read notes:write", "notes:write", "admin", " "])
def test_f3_never_more_than_was_approved(registered_client: Registered, scope: str) -> None:
    first = family(registered_client, scope="openid notes:read")["refresh_token"]
    answer = renew(registered_client, first, scope=scope)
    says(answer, 400, "invalid_scope", "was granted openid notes:read")
    assert renew(registered_client, first).status_code == 200


@pytest.mark.row("F3", "F3✓")
def test_f3_less_is_for_this_once(registered_client: Registered) -> None:
    first = family(registered_client, scope="openid notes:read")["refresh_token"]
    less = renew(registered_client, first, scope="openid").json()
    assert less["scope"] == "openid"
    again = renew(registered_client, less["refresh_token"]).json()
    assert again["scope"] == "openid notes:read"  # RFC 6749 §6: the refresh token's scope stays


@pytest.mark.parametrize("text", ["", "rt_", "rt_" + "A" * 43, "\0", "x" * 5000])
def test_unknown_refresh_tokens(registered_client: Registered, text: str) -> None:
    expected = "invalid_grant" if text else "invalid_request"
    assert error(ask(registered_client, "refresh_token", refresh_token=text)) == (400, expected)


def test_a_family_ends_after_thirty_days(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    token = family(client)["refresh_token"]
    mock.move_clock(client.realm, 29 * 86400)
    token = renew(client, token).json()["refresh_token"]
    mock.move_clock(client.realm, 86400)
    says(renew(client, token), 400, "invalid_grant", "over")


def test_another_realm_and_another_client_get_nothing(mock: Mock, realm: str) -> None:
    client, neighbour = mock.register(realm), mock.register(realm)
    stranger = mock.register(mock.new_realm())
    first = family(client)["refresh_token"]
    for other in (neighbour, stranger):
        says(renew(other, first), 400, "invalid_grant", "unknown")
    assert renew(client, first).status_code == 200


def test_an_access_token_is_not_a_refresh_token(registered_client: Registered) -> None:
    client = registered_client
    told = family(client)
    says(renew(client, told["access_token"]), 400, "invalid_grant")
    url = client.url("/userinfo")
    answer = client.call("GET", url, told["refresh_token"], scheme="Bearer", bare=True)
    assert answer.status_code == 401


def test_less_than_the_approved_audience_is_for_this_once(registered_client: Registered) -> None:
    client, both = registered_client, ["https://api.example", "https://other.example"]
    told = renew(client, family(client, audience=both)["refresh_token"], audience=both[0]).json()
    assert read_unverified(told["access_token"]).claims["aud"] == both[0]
    again = renew(client, told["refresh_token"]).json()
    assert read_unverified(again["access_token"]).claims["aud"] == both


@pytest.mark.both_databases
def test_the_database_knows_no_refresh_token_and_no_code(mock: Mock, realm: str) -> None:
    told = family(mock.register(realm))
    stored = mock.database.content(mock.state_dir)
    assert told["refresh_token"].encode() not in stored
    assert told["refresh_token"] not in mock.log
