"""The eight use cases published for StrongDM ID (strongdm/agentic-auth, USE-CASES.md).

Each is done by curl with the arguments printed there. Only the host and the credentials are ours,
and in use case 4 the client authenticates, which the text leaves out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
import pytest

from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import ProofKey, thumbprint
from dialtone_kit.proofs import build_proof
from tests.support.grant_desk import ACCESS_TOKEN, EXCHANGE, Person, begin, events, poll
from tests.support.published import policy_for
from tests.support.running_mock import Mock, Registered

Printed = tuple[str, ...]
AGENT_B = "https://agent-b.example.com/api"


@pytest.fixture
def acme(mock: Mock) -> Iterator[str]:
    name = mock.new_realm("acme")
    yield name
    mock.remove_realm(name)


def agent(mock: Mock, realm: str, name: str, *scopes: str) -> Registered:
    """An agent whose sponsor has an address as in the texts."""
    email = "developer@acme.com"
    return mock.register(realm, email=email, client_name=name, requested_scopes=list(scopes))


def curl(url: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer to a printed curl command."""
    ours = ["-sS", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code}"]
    command = ["curl", *ours, "-X", "POST", url, *arguments]
    text = subprocess.check_output(command, text=True, timeout=60)
    body, _, status = text.rpartition("\n")
    return int(status), json.loads(body)


def fields(*pairs: str) -> Printed:
    return tuple(part for pair in pairs for part in ("-d", pair))


def ask(client: Registered, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The root's token endpoint, as every text has it; the client authenticates."""
    return curl(f"{client.mock.base_url}/token", "-u", ":".join(client.basic), *arguments)


def asked(client: Registered, *arguments: str) -> dict[str, Any]:
    status, answer = ask(client, *arguments)
    assert status == 200, answer
    return answer


def claims(mock: Mock, realm: str, token: str) -> dict[str, Any]:
    """What a stranger reads in a token after verifying it by published documents alone."""
    document = mock.http.get(f"{mock.issuer(realm)}/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(mock.http.get(document["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]].key
    verified: dict[str, Any] = jwt.decode(
        token, key, algorithms=["ES256"], issuer=document["issuer"]
    )
    return verified


# --- 1: an agent proves its identity to another agent ---


@dataclass
class AgentB:
    """An API that does what the text lists: the token, its key, the method and the URL."""

    mock: Mock
    realm: str

    def accepts(self, token: str, proof: str, url: str = AGENT_B) -> bool:
        known = claims(self.mock, self.realm, token)
        key = jwt.get_unverified_header(proof)["jwk"]
        said = jwt.decode(proof, jwt.PyJWK(key).key, algorithms=["ES256"])
        hashed = b64url(sha256(token.encode()).digest())
        return (
            known["cnf"]["jkt"] == thumbprint(key)
            and (said["htm"], said["htu"]) == ("POST", url)
            and said["ath"] == hashed
        )


def test_use_case_1_an_agent_proves_its_identity_to_another(mock: Mock, acme: str) -> None:
    client = agent(mock, acme, "agent-a", "openid")
    proof = client.proof("POST", f"{mock.base_url}/token")
    answer = asked(client, "-H", f"DPoP: {proof}", *fields("grant_type=client_credentials"))
    token, other = answer["access_token"], AgentB(mock, acme)
    assert answer["token_type"] == "DPoP"
    assert claims(mock, acme, token)["sub"] == client.client_id
    assert other.accepts(token, client.proof("POST", AGENT_B, access_token=token))
    stolen = build_proof(ProofKey.generate(), "POST", AGENT_B, access_token=token)
    assert not other.accepts(token, stolen)
    elsewhere = client.proof("POST", "https://agent-c.example.com/api", access_token=token)
    assert not other.accepts(token, elsewhere)


# --- 2: a person's delegation ---


def test_use_case_2_a_token_shows_the_person_and_the_agent(mock: Mock, acme: str) -> None:
    client = agent(mock, acme, "calendar-sync-agent", "openid", "calendar:read")
    device = begin(client, scope="openid calendar:read")
    Person(mock, acme, "user@acme.com").approve(device)
    user_token = poll(client, device, key=None).json()["access_token"]
    agent_token = asked(client, *fields("grant_type=client_credentials"))["access_token"]
    answer = asked(
        client,
        *fields(
            f"grant_type={EXCHANGE}",
            f"subject_token={user_token}",
            f"subject_token_type={ACCESS_TOKEN}",
            "scope=calendar:read",
            f"actor_token={agent_token}",
            f"actor_token_type={ACCESS_TOKEN}",
        ),
    )
    told = claims(mock, acme, answer["access_token"])
    assert told["sub"] == claims(mock, acme, user_token)["sub"]
    assert told["sub"].startswith("usr_")  # stable for the person, and not the address itself
    assert told["act"] == {"sub": client.client_id}
    assert told["scope"] == answer["scope"] == "calendar:read"


# --- 3: constrained capabilities ---


def test_use_case_3_the_printed_policy_constrains_the_agent(mock: Mock, acme: str) -> None:
    scopes = ("repo:read", "repo:write", "pr:comment")
    client = agent(mock, acme, "code-review-agent", *scopes)
    pasted = {"realm": acme, "text": policy_for(client.client_id)}
    put = mock.control("PUT", "policies", json=pasted)
    assert put.status_code == 200, put.text
    grant = "grant_type=client_credentials"
    for scope in ("repo:read", "pr:comment"):
        token = asked(client, *fields(grant, f"scope={scope}"))["access_token"]
        assert claims(mock, acme, token)["scope"] == scope
    status, refused = ask(client, *fields(grant, "scope=repo:write"))
    assert (status, refused["error"]) == (400, "invalid_scope")


# --- 4: an agent spawns another with less ---


def test_use_case_4_a_worker_gets_less_than_its_parent(mock: Mock, acme: str) -> None:
    parent = agent(mock, acme, "orchestrator", "repo:read", "repo:write", "deploy:staging")
    parents = asked(parent, *fields("grant_type=client_credentials"))
    assert set(parents["scope"].split()) == {"repo:read", "repo:write", "deploy:staging"}

    def narrow(token: str, scope: str) -> tuple[int, dict[str, Any]]:
        exchange = (f"grant_type={EXCHANGE}", f"subject_token={token}")
        more = (f"subject_token_type={ACCESS_TOKEN}", f"scope={scope}")
        return ask(parent, *fields(*exchange, *more))

    status, workers = narrow(parents["access_token"], "repo:read")
    assert (status, workers["scope"]) == (200, "repo:read")
    assert claims(mock, acme, workers["access_token"])["scope"] == "repo:read"
    status, wider = narrow(workers["access_token"], "repo:write")
    assert (status, wider["error"]) == (400, "invalid_scope")


# --- 5: the audit trail ---


def test_use_case_5_the_trail_says_who_did_what_and_why_it_might(mock: Mock, acme: str) -> None:
    client = agent(mock, acme, "code-review-agent", "openid", "repo:read", "pr:comment")
    proof = client.proof("POST", f"{mock.base_url}/token")
    form = fields("grant_type=client_credentials", "scope=repo:read pr:comment")
    token = asked(client, "-H", f"DPoP: {proof}", *form)["access_token"]
    url = client.url("/audit/events")
    own = client.call("GET", url, token).json()["events"]
    issued = next(one for one in own if one["event"] == "token_issued")
    assert issued["timestamp"].endswith("Z")
    assert (issued["client_id"], issued["sponsor_email"]) == (
        client.client_id,
        "developer@acme.com",
    )
    assert issued["granted_scopes"] == ["repo:read", "pr:comment"]
    assert issued["token_binding"] == "dpop"
    assert issued["dpop_thumbprint"] == f"sha256:{client.key.thumbprint}"
    decided = next(one for one in own if one.get("action") == "pr:comment")
    assert (decided["event"], decided["client_id"]) == ("authorization_decision", client.client_id)
    assert (decided["decision"], decided["resource"]) == ("allow", "repository:acme-corp/*")
    assert decided["policy_id"] == "acme.cedar#staff-agents-work-on-repositories"
    assert events(mock, acme)  # and the service's own trail has them, too


# --- 6: services that know OAuth alone ---


def test_use_case_6_a_service_that_knows_oauth_alone_gets_a_bearer_token(
    mock: Mock, acme: str
) -> None:
    client = agent(mock, acme, "my-agent", "openid", "api:read")
    answer = asked(client, *fields("grant_type=client_credentials", "scope=api:read"))
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    told = claims(mock, acme, answer["access_token"])
    assert (told["client_id"], told["scope"]) == (client.client_id, "api:read")
    assert "cnf" not in told


# --- 7: agents of several vendors ---


def test_use_case_7_agents_of_two_vendors_know_each_other_by_standards(
    mock: Mock, acme: str
) -> None:
    ours, theirs = agent(mock, acme, "ours", "openid"), agent(mock, acme, "theirs", "openid")
    document = mock.http.get(f"{mock.base_url}/.well-known/openid-configuration").json()
    assert EXCHANGE in document["grant_types_supported"]
    assert "ES256" in document["dpop_signing_alg_values_supported"]
    for client in (ours, theirs):
        token = client.token()
        assert claims(mock, acme, token)["sub"] == client.client_id
        info = client.call("GET", client.url("/userinfo"), token).json()
        assert info["client_id"] == client.client_id
    bundle = mock.http.get(f"{mock.base_url}/.well-known/spiffe-trust-bundle").json()
    assert {key["use"] for key in bundle["keys"]} == {"x509-svid", "jwt-svid"}


# --- 8: an organisation's agents ---


def test_use_case_8_an_agent_belongs_to_its_organisation(mock: Mock, acme: str) -> None:
    """The text's own path is an older one; its answer names the path that begins registration."""
    printed = {"email": "platform-team@acme.com", "agent_name": "acme-deployment-bot"}
    status, older = curl(f"{mock.base_url}/register/agent", "-d", json.dumps(printed))
    assert (status, "/register/request" in older["error_description"]) == (404, True)
    client = mock.register(
        acme,
        email=printed["email"],
        client_name=printed["agent_name"],
        requested_scopes=["deploy:prod"],
    )
    assert client.client_id.startswith("cli_acme_deployment_bot_")
    answer = asked(client, *fields("grant_type=client_credentials"))
    told = claims(mock, acme, answer["access_token"])
    assert (told["sub"], told["realm"]) == (client.client_id, acme)
    assert told["scope"] == "deploy:prod"
    stranger = mock.request_enrollment(acme, requested_scopes=["deploy:prod"])
    assert stranger.status_code == 403
