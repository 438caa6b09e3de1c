"""Protected resources: scheme, token, proof, scope, in this order, each with its own answer."""

from typing import Any

import httpx
import pytest

from dialtone_kit.keys import ProofKey
from tests.support.running_mock import Mock, Registered

WHOAMI, NOTES, USERINFO = "/api/whoami", "/api/notes", "/userinfo"


def refused(answer: httpx.Response, status: int, error: str, scheme: str = "DPoP") -> str:
    """The text of a refusal whose body says the same `error` as the challenge of `scheme`."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    challenges = answer.headers.get_list("www-authenticate")
    own = [one for one in challenges if "error" in one]
    assert [one.partition(" ")[0] for one in own] == [scheme]
    assert f'error="{error}", error_description="' in own[0]
    assert 'algs="ES256 ' in challenges[0]
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["error_description"])


def test_a_bound_token_with_a_proof(registered_client: Registered) -> None:
    client = registered_client
    token = client.token(scope="openid")
    answer = client.call("GET", client.url(WHOAMI), token)
    assert answer.json() == {
        "client_id": client.client_id,
        "client_name": "my-agent",
        "realm": client.realm,
        "scope": "openid",
        "token_type": "DPoP",
        "cnf": {"jkt": client.key.thumbprint},
    }
    told = client.call("GET", client.url(USERINFO), token).json()
    assert told["sub"] == client.client_id


def test_userinfo_answers_get_and_post_alike(registered_client: Registered) -> None:
    """OpenID Connect Core §5.3.1; one client library asks by POST."""
    client, url = registered_client, registered_client.url(USERINFO)
    token = client.token(scope="openid")
    asked, posted = (client.call(method, url, token) for method in ("GET", "POST"))
    assert (posted.status_code, posted.json()) == (200, asked.json())
    by_get = client.proof("GET", url, access_token=token)
    refused(client.call("POST", url, token, proof=by_get), 401, "invalid_dpop_proof")


def test_a_bearer_token_as_bearer(registered_client: Registered) -> None:
    client = registered_client
    token = client.token(bound=False)
    answer = client.call("GET", client.url(WHOAMI), token, scheme="bearer", bare=True)
    assert answer.json()["token_type"] == "Bearer"
    assert "cnf" not in answer.json()


def test_at_the_root_the_token_says_the_realm(registered_client: Registered) -> None:
    client = registered_client
    url = client.mock.base_url + USERINFO
    assert client.call("GET", url, client.token()).json()["realm"] == client.realm


def test_no_credentials_no_error_in_the_header(mock: Mock, realm: str) -> None:
    answer = mock.http.get(mock.issuer(realm) + WHOAMI)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    dpop, bearer = answer.headers.get_list("www-authenticate")
    assert dpop == 'DPoP algs="ES256 ES384 EdDSA Ed25519 RS256 PS256"'
    assert bearer.startswith("Bearer")


def test_strict_offers_no_bearer(mock: Mock, strict_realm: str) -> None:
    answer = mock.http.get(mock.issuer(strict_realm) + WHOAMI)
    assert len(answer.headers.get_list("www-authenticate")) == 1


@pytest.mark.row("77", "78")
def test_77_78_a_bound_token_is_not_a_bearer_token(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    token = client.token()
    refused(
        client.call("GET", url, token, scheme="Bearer", bare=True), 401, "invalid_token", "Bearer"
    )
    refused(client.call("GET", url, token, scheme="Bearer"), 401, "invalid_token", "Bearer")


@pytest.mark.row("79")
def test_79_an_unbound_token_is_not_a_dpop_token(registered_client: Registered) -> None:
    client = registered_client
    answer = client.call("GET", client.url(WHOAMI), client.token(bound=False))
    refused(answer, 401, "invalid_token")


@pytest.mark.row("80")
def test_80_the_dpop_scheme_needs_a_proof(registered_client: Registered) -> None:
    client = registered_client
    answer = client.call("GET", client.url(WHOAMI), client.token(), bare=True)
    assert "one_header" in refused(answer, 401, "invalid_dpop_proof")


@pytest.mark.row("76")
def test_76_the_proof_is_by_the_tokens_key(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    token = client.token()
    thief = client.proof("GET", url, access_token=token, key=ProofKey.generate())
    answer = client.call("GET", url, token, proof=thief)
    assert "key_is_bound" in refused(answer, 401, "invalid_token")


def test_a_proof_works_once(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    token = client.token()
    proof = client.proof("GET", url, access_token=token)
    assert client.call("GET", url, token, proof=proof).status_code == 200
    again = client.call("GET", url, token, proof=proof)
    assert "jti_is_new" in refused(again, 401, "invalid_dpop_proof")


@pytest.mark.row("10")
@pytest.mark.parametrize(
    "header", ["DPoP", "DPoP a b", "DPoP a,b", "Bearer a b", "DPoP not-a-jwt", "DPoP a.b.c"]
)
def test_10_malformed_credentials(mock: Mock, realm: str, header: str) -> None:
    answer = mock.http.get(mock.issuer(realm) + WHOAMI, headers={"Authorization": header})
    refused(answer, 401, "invalid_token", header.partition(" ")[0])


@pytest.mark.row("8")
def test_8_two_authorization_headers(registered_client: Registered) -> None:
    client = registered_client
    again = [("Authorization", "DPoP x")]
    answer = client.call("GET", client.url(WHOAMI), client.token(), headers=again)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.row("11")
def test_11_a_token_in_body_or_query(registered_client: Registered) -> None:
    client = registered_client
    token = client.token(bound=False)
    posted = client.mock.http.post(client.url(NOTES), data={"access_token": token})
    assert (posted.status_code, posted.json()["error"]) == (400, "invalid_request")
    asked = client.mock.http.get(client.url(WHOAMI), params={"access_token": token})
    assert (asked.status_code, asked.json()["error"]) == (400, "invalid_request")


@pytest.mark.row("82")
def test_82_an_expired_token_with_a_good_proof(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    token = client.token()
    client.mock.move_clock(client.realm, 3590)
    assert client.call("GET", url, token).status_code == 200
    client.mock.move_clock(client.realm, 11)
    assert "exp" in refused(client.call("GET", url, token), 401, "invalid_token")


@pytest.mark.row("A3")
def test_a3_a_token_of_another_realm(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    other = mock.new_realm()
    url = mock.issuer(other) + WHOAMI
    refused(client.call("GET", url, client.token()), 401, "invalid_token")
    mock.remove_realm(other)


def test_a_token_for_another_audience_is_not_for_us(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    foreign = client.token(audience="https://api.example")
    assert "aud" in refused(client.call("GET", url, foreign), 401, "invalid_token")
    assert client.call("GET", url, client.token(audience=client.issuer)).status_code == 200


def test_the_client_of_a_token_must_still_be_there(registered_client: Registered) -> None:
    client = registered_client
    token = client.token()
    client.mock.control("POST", "reset", json={"realm": client.realm})
    refused(client.call("GET", client.url(WHOAMI), token), 401, "invalid_token")


def test_notes_need_their_scopes(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(NOTES)
    reader = client.token(scope="notes:read")
    answer = client.call("POST", url, reader, json={"text": "x"})
    text = refused(answer, 403, "insufficient_scope")
    assert "notes:write" in text
    assert 'scope="notes:write"' in answer.headers["www-authenticate"]
    writer = client.token(scope="notes:write")
    refused(client.call("GET", url, writer), 403, "insufficient_scope")
    written = client.call("POST", url, writer, json={"text": "hello <b>"})
    assert (written.status_code, written.json()["text"]) == (201, "hello <b>")
    assert client.call("GET", url, reader).json()["notes"] == [written.json()]


def test_a_refused_scope_uses_up_no_proof(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(NOTES)
    poor, rich = client.token(scope="openid"), client.token()
    proof = client.proof("GET", url, access_token=poor)
    refused(client.call("GET", url, poor, proof=proof), 403, "insufficient_scope")
    again = client.call("GET", url, poor, proof=proof)
    refused(again, 403, "insufficient_scope")  # and not: a used jti
    assert client.call("GET", url, rich).status_code == 200


def test_clients_see_their_own_notes_only(mock: Mock, realm: str) -> None:
    one, other = mock.register(realm), mock.register(realm)
    one.call("POST", one.url(NOTES), one.token(), json={"text": "mine"})
    assert other.call("GET", other.url(NOTES), other.token()).json() == {"notes": []}


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": 1}, {"text": "x" * 2001}, []])
def test_a_note_is_a_text(registered_client: Registered, body: Any) -> None:
    client = registered_client
    answer = client.call("POST", client.url(NOTES), client.token(), json=body or {"no": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_bearer_token_writes_notes_too(registered_client: Registered) -> None:
    client = registered_client
    token = client.token(bound=False)
    more = {"scheme": "Bearer", "bare": True, "json": {"text": "x"}}
    assert client.call("POST", client.url(NOTES), token, **more).status_code == 201


def test_head_is_get_without_a_body_and_needs_its_own_proof(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    token = client.token()
    assert client.call("HEAD", url, token).status_code == 200
    of_get = client.proof("GET", url, access_token=token)
    assert client.call("HEAD", url, token, proof=of_get).status_code == 401


def test_strict_demands_a_nonce_at_resources_too(strict_client: Registered) -> None:
    client, url = strict_client, strict_client.url(WHOAMI)
    token = client.token()
    demanded = client.call("GET", url, token)
    refused(demanded, 401, "use_dpop_nonce")
    assert len(demanded.headers.get_list("dpop-nonce")) == 1
    nonce = demanded.headers["dpop-nonce"]
    answer = client.call("GET", url, token, nonce=nonce)
    assert answer.status_code == 200
    assert answer.headers["dpop-nonce"]
    of_token = client.nonce(client.token_url)
    refused(client.call("GET", url, token, nonce=of_token), 401, "use_dpop_nonce")


def test_a_replay_in_strict_hands_out_a_nonce(strict_client: Registered) -> None:
    client, url = strict_client, strict_client.url(WHOAMI)
    token = client.token()
    nonce = client.call("GET", url, token).headers["dpop-nonce"]
    proof = client.proof("GET", url, access_token=token, nonce=nonce)
    assert client.call("GET", url, token, proof=proof).status_code == 200
    again = client.call("GET", url, token, proof=proof)
    refused(again, 401, "invalid_dpop_proof")
    assert again.headers["dpop-nonce"] == nonce


def test_text_in_a_challenge_stays_in_its_quotes(registered_client: Registered) -> None:
    client, url = registered_client, registered_client.url(WHOAMI)
    token = client.token()
    proof = client.proof('G"E\\T', url, access_token=token)
    header = client.call("GET", url, token, proof=proof).headers.get_list("www-authenticate")[0]
    assert header.count('"') == 6
    assert "\\" not in header
