"""Revocation (RFC 7009): R1 to R6 of the catalogue."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.grant_desk import (
    FORM,
    call,
    error,
    exchanged,
    family,
    is_alive,
    post,
    public_client,
    renew,
    says,
)
from tests.support.running_mock import Mock, Registered


@pytest.fixture
def other(mock: Mock, registered_client: Registered) -> Registered:
    """Another client of the same realm."""
    return mock.register(registered_client.realm)


def revoke(client: Registered, token: str, **form: Any) -> httpx.Response:
    return post(client, "/revoke", token=token, **form)


def test_a_revoked_token_is_dead_at_once_and_everywhere(
    registered_client: Registered, other: Registered
) -> None:
    client = registered_client
    bound, bearer, kept = client.token(), client.token(bound=False), client.token()
    for token in (bound, bearer):
        answer = revoke(client, token)
        assert (answer.status_code, answer.json()) == (200, {})
        assert answer.headers["cache-control"] == "no-store"
        assert not is_alive(other, token)
    url = client.url("/api/notes")
    for method, sent in (("GET", None), ("POST", {"text": "x"})):
        refused = client.call(method, url, bound, json=sent)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
        assert "revoked" in refused.json()["error_description"]
        challenge = refused.headers.get_list("www-authenticate")[0]
        assert challenge.startswith('DPoP error="invalid_token"')
    plain = client.call("GET", client.url("/userinfo"), bearer, scheme="Bearer", bare=True)
    assert plain.status_code == 401
    assert call(client, kept) == 200  # ✓


@pytest.mark.row("R1")
@pytest.mark.parametrize(
    "token", ["nothing", "a.b.c", "rt_" + "A" * 43, "eyJhbGciOiJub25lIn0.e30.", "é\0", "x" * 9000]
)
def test_r1_unknown_tokens_are_fine(registered_client: Registered, token: str) -> None:
    assert revoke(registered_client, token).status_code == 200


@pytest.mark.row("R1")
def test_r1_so_are_tokens_that_are_over_or_of_another_realm(
    mock: Mock, registered_client: Registered
) -> None:
    client = registered_client
    elsewhere = mock.register(mock.new_realm())
    foreign, old = elsewhere.token(), client.token()
    renewable = family(elsewhere)["refresh_token"]
    mock.move_clock(client.realm, 3601)
    for token in (foreign, renewable):
        assert revoke(client, token).status_code == 200
    assert revoke(client, old).status_code == 200
    assert call(elsewhere, foreign) == 200  # and nothing happened to them
    assert renew(elsewhere, renewable).status_code == 200


@pytest.mark.row("R2")
def test_r2_another_clients_token_stays_alive(
    registered_client: Registered, other: Registered
) -> None:
    client, first = registered_client, family(registered_client)
    for token in (client.token(), first["access_token"]):
        says(revoke(other, token), 400, "invalid_request", "another client")
        assert call(client, token) == 200
    says(revoke(other, first["refresh_token"]), 400, "invalid_request", "another client")
    assert renew(client, first["refresh_token"]).status_code == 200


@pytest.mark.row("R2")
def test_r2_nor_may_a_parent_revoke_what_an_agent_made_of_it(
    registered_client: Registered, other: Registered
) -> None:
    child = exchanged(other, registered_client.token(may_act=other.client_id))
    says(revoke(registered_client, child), 400, "invalid_request", "another client")
    assert call(other, child) == 200


@pytest.mark.row("R3")
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "id_token", "é"])
def test_r3_a_wrong_hint_works(registered_client: Registered, hint: str) -> None:
    client = registered_client
    token, first = client.token(), family(client)
    for one in (token, first["refresh_token"]):
        assert revoke(client, one, token_type_hint=hint).status_code == 200
    assert call(client, token) == 401
    says(renew(client, first["refresh_token"]), 400, "invalid_grant", "revoked")


@pytest.mark.row("R4")
def test_r4_a_refresh_token_takes_its_family_along(
    registered_client: Registered, other: Registered
) -> None:
    client = registered_client
    first = family(client)
    second = renew(client, first["refresh_token"], may_act=other.client_id).json()
    child = exchanged(other, second["access_token"])
    kept = family(client)
    assert revoke(client, first["refresh_token"]).status_code == 200  # a used one will do
    for told in (first, second):
        assert call(client, told["access_token"]) == 401
        assert not is_alive(client, told["refresh_token"])
    assert call(other, child) == 401
    says(renew(client, second["refresh_token"]), 400, "invalid_grant", "revoked")
    assert renew(client, kept["refresh_token"]).status_code == 200  # ✓


@pytest.mark.row("R4")
def test_r4_an_access_token_leaves_its_family_alive(registered_client: Registered) -> None:
    client, first = registered_client, family(registered_client)
    assert revoke(client, first["access_token"]).status_code == 200
    assert call(client, first["access_token"]) == 401
    assert renew(client, first["refresh_token"]).status_code == 200


@pytest.mark.row("R5")
def test_r5_again_is_fine(registered_client: Registered) -> None:
    client = registered_client
    token, first = client.token(), family(client)["refresh_token"]
    for one in (token, first, token, first):
        assert revoke(client, one).status_code == 200


@pytest.mark.both_databases
@pytest.mark.row("R6")
def test_r6_racing_a_refresh_leaves_no_survivor(
    mock: Mock, registered_client: Registered, other: Registered
) -> None:
    client = registered_client
    for _ in range(8):
        first = family(client)
        proof = client.proof("POST", client.token_url)
        renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

        def send(path: str, form: dict[str, str], proof: str | None) -> httpx.Response:
            with httpx.Client(timeout=20, trust_env=False, verify=False) as http:
                headers = {"DPoP": proof} if proof else {}
                return http.post(client.url(path), data=form, auth=client.basic, headers=headers)

        with ThreadPoolExecutor(2) as pool:
            renewed = pool.submit(send, "/token", renewal, proof)
            gone = pool.submit(send, "/revoke", {"token": first["refresh_token"]}, None)
        assert gone.result().status_code == 200
        answers = [first] + ([renewed.result().json()] if renewed.result().is_success else [])
        for told in answers:
            assert not is_alive(other, told["access_token"])
            assert not is_alive(client, told["refresh_token"])
            assert error(renew(client, told["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.both_databases
def test_racing_an_exchange_leaves_no_survivor(
    registered_client: Registered, other: Registered
) -> None:
    client = registered_client
    for _ in range(6):
        parent = client.token(may_act=other.client_id)
        with ThreadPoolExecutor(4) as pool:
            children = [pool.submit(exchange_or_none, other, parent) for _ in range(3)]
            gone = pool.submit(revoke, client, parent)
        assert gone.result().status_code == 200
        for child in children:
            if (token := child.result()) is not None:
                assert not is_alive(client, token)


def exchange_or_none(client: Registered, parent: str) -> str | None:
    try:
        return exchanged(client, parent)
    except AssertionError:
        return None


# --- who may ---


def test_a_public_client_revokes_its_own(mock: Mock, realm: str, other: Registered) -> None:
    client = public_client(mock, realm)
    first = family(client)
    assert revoke(client, first["refresh_token"]).status_code == 200
    assert not is_alive(mock.register(realm), first["access_token"])
    says(revoke(client, other.token()), 400, "invalid_request", "another client")


def test_without_authentication_nothing(registered_client: Registered) -> None:
    client = registered_client
    token, url = client.token(), client.url("/revoke")
    for auth in (None, (client.client_id, "sec_wrong")):
        answer = client.mock.http.post(url, data={"token": token}, auth=auth)
        assert error(answer) == (401, "invalid_client")
    assert call(client, token) == 200


@pytest.mark.parametrize("body", ["", "token=", "token=a&token=b"])
def test_no_token(registered_client: Registered, body: str) -> None:
    client = registered_client
    answer = client.mock.http.post(
        client.url("/revoke"), content=body, auth=client.basic, headers={"Content-Type": FORM}
    )
    assert error(answer) == (400, "invalid_request")


def test_at_the_root_too(registered_client: Registered) -> None:
    client = registered_client
    token, url = client.token(), f"{client.mock.base_url}/revoke"
    answer = client.mock.http.post(url, data={"token": token}, auth=client.basic)
    assert answer.status_code == 200
    assert call(client, token) == 401
