"""The kit's client against oidc-provider, which was not written for it and demands nonces.

What is checked here is that the client follows the standards and not only our own service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialtone_kit import Credentials, DPoPAuth, IdentityClient, ProofKey, Secret
from dialtone_kit.base.errors import IssuerMismatch, NotThisService, ServiceError
from dialtone_kit.client.device_login import DeviceLogin
from tests.support.node import Script
from tests.support.running_mock import free_port

pytestmark = pytest.mark.index  # npm, once for each lock
# What HTTP Basic must form-encode first (RFC 6749 §2.3.1), or be taken for another secret.
SECRET = "a b+c/d:e%f=&g"
API = "https://api.example.com"
SCOPE = "openid offline_access"


@pytest.fixture(scope="module")
def issuer(javascript: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """oidc-provider, running."""
    server = Script("provider.mjs", tmp_path_factory.mktemp("provider") / "log")
    server.tell(port=free_port(), secret=SECRET, resource=API)
    yield server.hear()["issuer"]
    server.close()


Make = Callable[..., IdentityClient]


@pytest.fixture
def make(issuer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Our client, with credentials as some registration elsewhere gave them."""
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path))

    def one(client_id: str = "cli_interop", secret: str | None = SECRET) -> IdentityClient:
        hidden = None if secret is None else Secret(secret)
        own = Credentials(client_id, hidden, f"{issuer}/token", issuer)
        return IdentityClient(issuer, None, credentials=own, sleep=lambda _seconds: None)

    return one


@pytest.fixture
def client(make: Make) -> IdentityClient:
    return make()


def statuses(client: IdentityClient) -> list[int]:
    return [trip.status for trip in client.wire.round_trips]


class Visitor:
    """A person with a browser at oidc-provider's own pages: forms, cookies, redirects."""

    def __init__(self) -> None:
        self.http = httpx.Client(follow_redirects=True, trust_env=False)

    def approve(self, login: DeviceLogin) -> None:
        self.page = self.http.get(login.verification_uri)
        self.send(user_code=login.user_code.reveal())
        self.send(confirm="yes")
        self.send(login="somebody", password="anything")
        self.send()  # consent
        assert self.page.status_code == 200, self.page.text
        assert "Success" in self.page.text

    def deny(self, login: DeviceLogin) -> None:
        self.page = self.http.get(login.verification_uri)
        self.send(user_code=login.user_code.reveal())
        self.send(abort="yes")

    def send(self, **typed: str) -> None:
        """Send the page's form, including its hidden fields."""
        action = re.search(r'<form[^>]* action="([^"]+)"', self.page.text)
        assert action, self.page.text
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page.text)
        url = self.page.url.join(action[1])
        self.page = self.http.post(url, data=dict(hidden) | typed)


def test_discovery(client: IdentityClient, issuer: str) -> None:
    assert client.discover()["issuer"] == issuer
    assert client.endpoint("userinfo") == f"{issuer}/me"  # not where ours is


def test_a_bound_token_by_answering_the_demand_for_a_nonce(client: IdentityClient) -> None:
    key = ProofKey.generate()
    token = client.get_token("api:read", key=key, resource=API)
    assert token.token_type == "DPoP"
    assert token.claims["cnf"] == {"jkt": key.thumbprint}
    assert statuses(client)[-2:] == [400, 200]
    client.get_token("api:read", key=key, resource=API)
    assert statuses(client)[-1:] == [200]  # the nonce is known now


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "RS256", "PS256"])
def test_every_algorithm_that_it_knows(client: IdentityClient, alg: str) -> None:
    assert alg in client.metadata["dpop_signing_alg_values_supported"]
    assert client.get_token("api:read", key=ProofKey.generate(alg)).token_type == "DPoP"


def test_a_bearer_token_too(client: IdentityClient) -> None:
    assert client.get_token("api:read").token_type == "Bearer"


def test_the_token_is_verified_by_its_keys(client: IdentityClient, issuer: str) -> None:
    """An access token by RFC 9068: `typ: at+jwt` says what it is, no claim does."""
    token = client.get_token("api:read", key=ProofKey.generate(), resource=API)
    claims = client.verify(token, audience=API)
    assert (claims["iss"], claims["client_id"]) == (issuer, "cli_interop")
    assert "token_type" not in claims


def test_introspection_and_revocation(client: IdentityClient) -> None:
    key = ProofKey.generate()
    token = client.get_token("api:read", key=key)
    told = client.introspect(token)
    assert (told["active"], told["token_type"]) == (True, "DPoP")
    assert told["cnf"] == {"jkt": key.thumbprint}
    client.revoke(token)
    assert client.introspect(token) == {"active": False}
    client.revoke(token)  # again is fine


@pytest.mark.parametrize("public", [False, True], ids=["confidential", "public"])
def test_device_flow_userinfo_renewal(make: Make, public: bool) -> None:
    client = make("cli_interop_public", None) if public else make()
    key = ProofKey.generate()
    login = client.start_device(SCOPE)
    assert isinstance(client.poll_device(login, key), DeviceLogin)  # no one has answered yet
    Visitor().approve(login)
    token = client.wait_for_device(login, key)
    assert client.userinfo(token) == {"sub": "somebody"}
    assert statuses(client)[-2:] == [401, 200]  # a nonce is demanded here, too
    renewed = client.refresh(token)
    assert renewed.refresh_token is not None
    assert client.userinfo(renewed) == {"sub": "somebody"}
    client.revoke(renewed.refresh_token)
    with pytest.raises(ServiceError, match="invalid_grant"):
        client.refresh(renewed)


def test_what_a_thief_can_do_without_the_key(make: Make) -> None:
    """A found token helps no one else; a used refresh token presented again ends all of it."""
    client, key = make("cli_interop_public", None), ProofKey.generate()
    login = client.start_device(SCOPE)
    Visitor().approve(login)
    token = client.wait_for_device(login, key)
    with pytest.raises(ServiceError, match="invalid_token"):
        client.userinfo(replace(token, key=ProofKey.generate()))
    renewed = client.refresh(token)
    with pytest.raises(ServiceError, match="invalid_grant"):
        client.refresh(token)
    with pytest.raises(ServiceError, match="invalid_token"):
        client.userinfo(renewed)


def test_a_person_who_says_no(client: IdentityClient) -> None:
    login = client.start_device(SCOPE)
    Visitor().deny(login)
    with pytest.raises(ServiceError, match="access_denied"):
        client.wait_for_device(login, ProofKey.generate())


def test_dpop_auth_with_plain_httpx(client: IdentityClient, issuer: str) -> None:
    """Without the rest of the client: any httpx request, here the token request itself."""
    form = {"grant_type": "client_credentials", "scope": "api:read"}
    form |= {"client_id": "cli_interop", "client_secret": SECRET}
    key = ProofKey.generate()
    with httpx.Client(trust_env=False) as http:
        answer = http.post(f"{issuer}/token", data=form, auth=DPoPAuth(key)).json()
    assert answer["token_type"] == "DPoP"
    assert client.introspect(answer["access_token"])["cnf"] == {"jkt": key.thumbprint}


def test_refusals_arrive_as_errors_that_say_what_to_do(make: Make, client: IdentityClient) -> None:
    with pytest.raises(ServiceError, match="Check client_id and client_secret"):
        make(secret="wrong").get_token("api:read")
    with pytest.raises(ServiceError, match="invalid_target"):
        client.get_token("api:read", resource="https://other.example.com")
    bearer = client.get_token("api:read")
    with pytest.raises(ServiceError) as refused:
        client.userinfo(bearer)  # no person stands behind it
    assert refused.value.status == 401
    with pytest.raises(NotThisService):
        client.endpoint("registration")


def test_the_issuer_is_held_to_the_letter(issuer: str) -> None:
    """It names itself by address; who asks for `localhost` is told of another issuer."""
    with pytest.raises(IssuerMismatch):
        IdentityClient(issuer.replace("127.0.0.1", "localhost"), None).discover()
    with pytest.raises((ServiceError, NotThisService)):
        IdentityClient(issuer).discover()  # it has no realms


def names(document: dict[str, Any]) -> set[str]:
    return {name for name in document if name.endswith("_endpoint")}


def test_every_endpoint_that_it_names_was_accepted(client: IdentityClient) -> None:
    assert names(client.metadata) >= {
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "device_authorization_endpoint",
        "userinfo_endpoint",
    }
