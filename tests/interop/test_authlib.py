"""Authlib against the service: Pathway B (bearer tokens; it knows no DPoP), discovery, RFC 9068.

Its client is one half; the other is the side of a resource server, which judges our tokens.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from tests.support.grant_desk import DEVICE, Person, public_client
from tests.support.running_mock import Mock, Registered

API = "https://api.example.com"


def metadata(client: Registered) -> dict[str, Any]:
    place = get_well_known_url(client.issuer, external=True)
    return dict(client.mock.http.get(place).json())


def session(client: Registered, **options: Any) -> OAuth2Session:
    secret = client.answer.get("client_secret")
    return OAuth2Session(client.client_id, secret, **metadata(client), **options)


def approved(client: Registered, theirs: OAuth2Session) -> dict[str, Any]:
    """The answer to a device flow: Authlib polls, and asks for the codes as for any resource."""
    device = theirs.post(
        metadata(client)["device_authorization_endpoint"],
        data={"scope": "openid notes:read"},
        withhold_token=True,
        auth=theirs.client_auth(theirs.token_endpoint_auth_method),
    ).json()
    poll = {"grant_type": DEVICE, "device_code": device["device_code"]}
    with pytest.raises(OAuthError, match="authorization_pending"):
        theirs.fetch_token(**poll)
    Person(client.mock, client.realm).approve(device)
    client.mock.move_clock(client.realm, device["interval"])
    return dict(theirs.fetch_token(**poll))


class TheirApi(JWTBearerTokenValidator):
    """A resource server for `API`, by RFC 9068 §4."""

    def __init__(self, client: Registered) -> None:
        super().__init__(client.issuer, API)
        published = client.mock.http.get(metadata(client)["jwks_uri"]).json()
        self.keys = KeySet.import_key_set(published)

    def get_jwks(self) -> KeySet:
        return self.keys


def test_every_member_of_the_discovery_document_is_a_valid_one(client: Registered) -> None:
    # Judged as if served over https, which RFC 8414 §2 requires and a service on loopback lacks.
    secure = json.dumps(metadata(client)).replace(client.mock.base_url, "https://id.example.com")
    document = AuthorizationServerMetadata(json.loads(secure))
    judged = {name for name in document if hasattr(document, f"validate_{name}")}
    assert judged >= {"issuer", "token_endpoint", "jwks_uri", "response_types_supported"}
    for name in judged:
        getattr(document, f"validate_{name}")()


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_token_api_introspection_revocation(easy: Registered, method: str) -> None:
    theirs = session(
        easy, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method
    )
    token = theirs.fetch_token(grant_type="client_credentials", scope="openid notes:read")
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert theirs.get(easy.url("/api/whoami")).json()["client_id"] == easy.client_id
    known = theirs.metadata
    text = token["access_token"]
    told = theirs.introspect_token(known["introspection_endpoint"], text, "access_token").json()
    assert (told["active"], told["scope"], told["token_type"]) == (
        True,
        "openid notes:read",
        "Bearer",
    )
    assert theirs.revoke_token(known["revocation_endpoint"], text, "access_token").ok
    assert theirs.get(easy.url("/api/whoami")).status_code == 401
    assert theirs.introspect_token(known["introspection_endpoint"], text).json() == {
        "active": False
    }


def test_device_flow_and_renewal(easy: Registered) -> None:
    theirs = session(easy)
    first = approved(easy, theirs)
    subject = theirs.get(easy.url("/userinfo")).json()["sub"]
    assert subject.startswith("usr_")
    second = theirs.refresh_token()
    assert second["refresh_token"] != first["refresh_token"]
    assert theirs.get(easy.url("/userinfo")).json()["sub"] == subject
    with pytest.raises(OAuthError, match="invalid_grant"):
        theirs.refresh_token(refresh_token=first["refresh_token"])


def test_a_public_client_names_itself_in_the_form(mock: Mock) -> None:
    client = public_client(mock, mock.new_realm())
    theirs = session(client)
    assert theirs.token_endpoint_auth_method == "none"
    assert approved(client, theirs)["refresh_token"]


def test_a_realm_that_wants_dpop_says_so_to_who_has_none(mock: Mock) -> None:
    theirs = session(mock.register(mock.new_realm("strict")))
    with pytest.raises(OAuthError, match="invalid_dpop_proof"):
        theirs.fetch_token(grant_type="client_credentials")


def test_their_api_accepts_our_token_for_an_audience(easy: Registered) -> None:
    api = TheirApi(easy)
    token = api.authenticate_token(easy.token(scope="notes:read", audience=API))
    api.validate_token(token, ["notes:read"], None)
    assert token["client_id"] == token["sub"] == easy.client_id
    with pytest.raises(InsufficientScopeError):
        api.validate_token(token, ["notes:write"], None)


def test_their_api_refuses_a_token_for_no_one_and_one_for_another(easy: Registered) -> None:
    api = TheirApi(easy)
    for audience in ({}, {"audience": "https://other.example.com"}):
        token = api.authenticate_token(easy.token(scope="notes:read", **audience))
        with pytest.raises(InvalidTokenError):
            api.validate_token(token, None, None)
