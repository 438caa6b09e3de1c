"""requests_oauth2client, a Python client with DPoP of its own, does everything against the service.

It gets an issuer and credentials, and nothing else; it finds the rest by discovery.
`testing=True` is its own switch for plain http.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests_oauth2client import (
    AccessDenied,
    AuthorizationPending,
    DeviceAuthorizationPollingJob,
    DPoPKey,
    DPoPToken,
    InvalidGrant,
    InvalidScope,
    MissingDPoPNonce,
    OAuth2Client,
    SlowDown,
    validate_dpop_proof,
)

from dialtone_kit import ProofKey, access_token_hash, build_proof
from tests.support.grant_desk import Person
from tests.support.running_mock import Registered

ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256", "PS256")


def stranger(client: Registered, url: str | None = None) -> OAuth2Client:
    """Their client for our service. Its proofs are dated in the realm's time."""

    def new_key(alg: str) -> DPoPKey:
        now = client.mock.now
        return DPoPKey.generate(alg, iat_generator=lambda: int(now(client.realm)))

    metadata = requests.get(f"{client.issuer}/.well-known/openid-configuration", timeout=10).json()
    return OAuth2Client.from_discovery_endpoint(
        url,
        issuer=client.issuer,
        auth=client.basic,
        testing=True,
        # this library reads all endpoints from the document but this one
        device_authorization_endpoint=metadata["device_authorization_endpoint"],
        dpop_bound_access_tokens=True,
        dpop_key_generator=new_key,
    )


@pytest.fixture
def theirs(client: Registered) -> OAuth2Client:
    return stranger(client)


def api(client: Registered, method: str, path: str, token: Any, **more: Any) -> requests.Response:
    return requests.request(method, client.url(path), auth=token, timeout=10, **more)


def refused(client: Registered, token: DPoPToken) -> requests.Response:
    """The answer to a call that is refused. The library takes any 401 under DPoP for the demand of
    a nonce, and stops where none comes: `default` has none to send along (RFC 9449 §8).
    """
    try:
        return api(client, "GET", "/api/whoami", token)
    except MissingDPoPNonce as stopped:
        return stopped.response


def approved(client: Registered, theirs: OAuth2Client, scope: str | None = None) -> DPoPToken:
    """The token of a device flow, which a person approves after the first poll."""
    device = theirs.authorize_device(scope=scope)
    key = theirs.dpop_key_generator("ES256")
    job = DeviceAuthorizationPollingJob(theirs, device, dpop_key=key, dpop=True)
    with pytest.raises(AuthorizationPending):
        job.token_request()
    Person(client.mock, client.realm).approve(vars(device))
    assert device.interval == job.interval == 5
    client.mock.move_clock(client.realm, device.interval)
    token = job.token_request()
    assert isinstance(token, DPoPToken)
    return token


def test_both_ways_of_discovery_find_the_same(client: Registered) -> None:
    """OpenID Connect's, and RFC 8414 §3.1's. The latter's URL is given, since this library puts the
    document's name last for an issuer with a path, not between host and path.
    """
    place = f"{client.mock.base_url}/.well-known/oauth-authorization-server/realms/{client.realm}"
    oidc, oauth2 = stranger(client), stranger(client, place)
    assert oidc.token_endpoint == oauth2.token_endpoint == client.token_url
    assert oidc.authorization_server_jwks == oauth2.authorization_server_jwks
    assert oidc.introspection_endpoint
    assert oidc.revocation_endpoint


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_bound_to_a_key_of_every_algorithm(easy: Registered, alg: str) -> None:
    theirs = stranger(easy)
    token = theirs.client_credentials(scope="openid", dpop_key=theirs.dpop_key_generator(alg))
    assert isinstance(token, DPoPToken)
    assert api(easy, "GET", "/api/whoami", token).json()["client_id"] == easy.client_id


def test_the_api_with_fresh_proofs(client: Registered, theirs: OAuth2Client) -> None:
    token = theirs.client_credentials(scope="openid notes:read notes:write")
    assert token.token_type == "DPoP"
    for text in ("first", "second"):
        assert api(client, "POST", "/api/notes", token, json={"text": text}).status_code == 201
    notes = api(client, "GET", "/api/notes", token).json()["notes"]
    assert [note["text"] for note in notes] == ["second", "first"]
    assert theirs.userinfo(token)["sub"] == client.client_id


def test_the_token_verifies_by_the_published_keys(client: Registered, theirs: OAuth2Client) -> None:
    token = theirs.client_credentials(scope="openid", audience="https://api.example.com")
    jwt = token.access_token_jwt
    jwt.validate(
        theirs.authorization_server_jwks, issuer=client.issuer, audience="https://api.example.com"
    )
    assert jwt.claims["cnf"] == {"jkt": token.dpop_key.dpop_jkt}
    assert jwt.typ == "at+jwt"


def test_introspection_and_revocation(client: Registered, theirs: OAuth2Client) -> None:
    token = theirs.client_credentials(scope="openid")
    told = theirs.introspect_token(token)
    assert told["active"] is True
    assert told["token_type"] == "DPoP"
    assert told["cnf"]["jkt"] == token.dpop_key.dpop_jkt
    assert theirs.revoke_access_token(token) is True
    assert theirs.introspect_token(token) == {"active": False}
    answer = refused(client, token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert theirs.revoke_access_token("never issued") is True  # RFC 7009 §2.2


def test_the_device_flow_and_renewal(client: Registered, theirs: OAuth2Client) -> None:
    token = approved(client, theirs, "openid notes:read")
    assert theirs.userinfo(token)["sub"].startswith("usr_")
    renewed = theirs.refresh_token(token)
    assert isinstance(renewed, DPoPToken)
    assert renewed.refresh_token != token.refresh_token
    assert theirs.userinfo(renewed)["sub"] == theirs.userinfo(token)["sub"]
    with pytest.raises(InvalidGrant):
        theirs.refresh_token(token)  # used up, with everything that came from it
    assert theirs.introspect_token(renewed) == {"active": False}


def test_a_revoked_refresh_token_takes_the_approval_along(
    client: Registered, theirs: OAuth2Client
) -> None:
    token = approved(client, theirs)
    assert theirs.revoke_refresh_token(token) is True
    assert theirs.introspect_token(token) == {"active": False}


def test_no_and_too_fast_are_understood(client: Registered, theirs: OAuth2Client) -> None:
    device = theirs.authorize_device()
    key = theirs.dpop_key_generator("ES256")
    for answer in (AuthorizationPending, SlowDown):
        with pytest.raises(answer):
            theirs.device_code(device, dpop_key=key)
    Person(client.mock, client.realm).deny(vars(device))
    client.mock.move_clock(client.realm, 10)
    with pytest.raises(AccessDenied):
        theirs.device_code(device, dpop_key=key)


def test_token_exchange_narrows(client: Registered, theirs: OAuth2Client) -> None:
    whole = theirs.client_credentials(scope="openid notes:read")
    part = theirs.token_exchange(
        subject_token=whole, scope="notes:read", dpop=True, dpop_key=whole.dpop_key
    )
    assert part.scope == "notes:read"
    assert part.issued_token_type == "urn:ietf:params:oauth:token-type:access_token"
    assert api(client, "GET", "/api/notes", part).status_code == 200
    assert api(client, "POST", "/api/notes", whole, json={"text": "x"}).status_code == 403
    with pytest.raises(InvalidScope):
        theirs.token_exchange(
            subject_token=part, scope="openid", dpop=True, dpop_key=whole.dpop_key
        )


def test_a_bearer_token_where_the_realm_allows_one(easy: Registered) -> None:
    token = stranger(easy).client_credentials(scope="openid", dpop=False)
    assert token.token_type == "Bearer"
    assert api(easy, "GET", "/api/whoami", token).status_code == 200


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_they_accept_our_proofs(alg: str) -> None:
    """The other way round: what our `build_proof` makes, judged by their rules."""
    key, url = ProofKey.generate(alg), "https://api.example.com/notes?page=2"
    proof = build_proof(key, "GET", url, access_token="a.b.c", nonce="n-1")
    told = validate_dpop_proof(
        proof,
        htm="GET",
        htu="https://api.example.com/notes",
        nonce="n-1",
        algs=[alg],
        ath=access_token_hash("a.b.c"),
    )
    assert told.headers["jwk"] == key.public_jwk
