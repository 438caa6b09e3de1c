"""The realm's policies have the last word on a token's scopes, each time one is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.grant_desk import Person, ask, begin, events, exchange, poll, says
from tests.support.published import policy_for
from tests.support.running_mock import Mock, Registered

SCOPES = ["openid", "repo:read", "repo:write", "pr:comment"]


@pytest.fixture
def acme(mock: Mock) -> Iterator[str]:
    name = mock.new_realm("acme")
    yield name
    mock.remove_realm(name)


@pytest.fixture
def reviewer(mock: Mock, acme: str) -> Registered:
    """Registered with every scope of a repository."""
    return mock.register(acme, email="a@acme.example", requested_scopes=SCOPES)


def paste(agent: Registered, text: str = "") -> None:
    """The printed policy for this agent, or another text: it alone is in force then."""
    text = text or policy_for(agent.client_id)
    answer = agent.mock.control("PUT", "policies", json={"realm": agent.realm, "text": text})
    assert answer.status_code == 200, answer.text


def test_the_printed_policy_permits_what_it_names_and_nothing_else(reviewer: Registered) -> None:
    assert ask(reviewer, "client_credentials", scope="repo:write").status_code == 200
    paste(reviewer)
    for scope in ("repo:read", "pr:comment", "repo:read pr:comment", "openid repo:read"):
        assert ask(reviewer, "client_credentials", scope=scope).json()["scope"] == scope
    for scope in ("repo:write", "repo:read repo:write"):
        refused = ask(reviewer, "client_credentials", scope=scope)
        says(refused, 400, "invalid_scope", f"{reviewer.client_id} may not have repo:write.")
        says(refused, 400, "invalid_scope", f"No policy in {reviewer.realm}.cedar permits it")


def test_the_printed_policy_is_about_one_agent(mock: Mock, reviewer: Registered) -> None:
    other = mock.register(reviewer.realm, email="b@acme.example", requested_scopes=SCOPES)
    paste(reviewer)
    says(ask(other, "client_credentials", scope="repo:read"), 400, "invalid_scope")


def test_another_organisations_repositories_are_not_these(reviewer: Registered) -> None:
    paste(reviewer, policy_for(reviewer.client_id).replace("acme-corp/*", "other-corp/*"))
    says(ask(reviewer, "client_credentials", scope="repo:read"), 400, "invalid_scope")


def test_who_names_no_scope_gets_those_that_are_permitted(reviewer: Registered) -> None:
    assert ask(reviewer, "client_credentials").json()["scope"] == " ".join(SCOPES)
    paste(reviewer)
    assert ask(reviewer, "client_credentials").json()["scope"] == "openid repo:read pr:comment"


def test_where_nothing_is_left_there_is_no_token(mock: Mock, acme: str) -> None:
    agent = mock.register(acme, email="a@acme.example", requested_scopes=["repo:write"])
    paste(agent)
    says(ask(agent, "client_credentials"), 400, "invalid_scope")


def test_an_exchange_is_not_a_way_around(reviewer: Registered) -> None:
    before = reviewer.token()
    paste(reviewer)
    assert exchange(reviewer, before, scope="repo:read").json()["scope"] == "repo:read"
    says(exchange(reviewer, before, scope="repo:write"), 400, "invalid_scope")


def test_a_persons_approval_is_not_a_way_around(reviewer: Registered) -> None:
    device = begin(reviewer, scope="repo:read repo:write")
    Person(reviewer.mock, reviewer.realm, "b@acme.example").approve(device)
    paste(reviewer)
    assert poll(reviewer, device).json()["scope"] == "repo:read"


def test_each_decision_is_in_the_audit_trail(reviewer: Registered) -> None:
    paste(reviewer)
    ask(reviewer, "client_credentials", scope="openid pr:comment")
    ask(reviewer, "client_credentials", scope="repo:write")
    trail = events(reviewer.mock, reviewer.realm)
    decided = [
        (one["client_id"], one["action"], one["resource"], one["decision"], one["policy"])
        for one in trail
        if one["event"] == "authorization_decision" and one["action"] != "register"
    ]
    file, resource = f"{reviewer.realm}.cedar", "repository:acme-corp/*"
    assert decided == [
        (reviewer.client_id, "pr:comment", resource, "allow", f"{file}#line-1"),
        (reviewer.client_id, "repo:write", resource, "deny", f"{file}#default-deny"),
    ]


def test_a_denial_uses_the_proof_up(reviewer: Registered) -> None:
    paste(reviewer)
    proof = reviewer.proof("POST", reviewer.token_url)
    says(reviewer.ask_token(proof, scope="repo:write"), 400, "invalid_scope")
    says(reviewer.ask_token(proof, scope="repo:read"), 400, "invalid_dpop_proof")
