"""Who may register what, do what, and act for whom: each realm's Cedar policies decide.

A scope that a realm does not have is denied before any policy is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from dialtone_kit.base.email import canonical_email
from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.policy.cedar import Party, Question, Verdict, decide
from dialtone_kit.mock.policy.cedar_text import Policies, PolicyProblem, compiled
from dialtone_kit.mock.policy.files import PolicyFiles

API = {"whoami": "whoami", "notes:read": "notes", "notes:write": "notes"}  # action: resource
# Scopes that a policy decides on each time a token is asked for: the scope is the action.
TOKEN_SCOPES = frozenset({"repo:read", "repo:write", "pr:comment"})
REPOSITORIES = "acme-corp/*"  # a token is for all of them, so the question is about all of them


@dataclass(frozen=True)
class Decision:
    """Allowed or not, by which policy, and the reason to show to the caller.

    `policy` is FILE#ID, as in the audit trail. `denied`: the scopes that were denied.
    """

    allowed: bool
    policy: str
    why: str = ""
    denied: tuple[str, ...] = ()


def may_register(service: Service, realm: Realm, email: str, scopes: Sequence[str]) -> Decision:
    """Whether a sponsor with this address may register an agent with all of `scopes`.

    A denial gives the reason for the first denied scope, and lists the scopes that are available.
    """
    decisions = {scope: _registration(service, realm, email, scope) for scope in scopes}
    denied = tuple(scope for scope, one in decisions.items() if not one.allowed)
    if not denied:
        return _together(list(decisions.values()))
    first = decisions[denied[0]]
    available = [
        scope for scope in realm.scopes if _registration(service, realm, email, scope).allowed
    ]
    instead = (
        f"Ask for: {' '.join(available)}." if available else "No scope is available to you here."
    )
    return replace(first, why=f"{first.why} {instead}", denied=denied)


def refused_registration(email: str, decision: Decision) -> Refusal:
    """403 as in the demo's table: scope not permitted for your domain."""
    domain, scopes = email.rpartition("@")[2], " ".join(decision.denied)
    log.warning("registration refused by policy %s", decision.policy)
    return Refusal(
        403, "access_denied", f"Scope not permitted for {domain}: {scopes}. {decision.why}"
    )


def may_call(
    service: Service, realm: Realm, client: Client, action: str, claims: Mapping[str, Any]
) -> Decision:
    """Whether this client may do `action` ("notes:write") in the demo API, with this token."""
    question = Question(
        principal=_client(client),
        action=action,
        resource=Party("Api", API[action]),
        context=(
            ("bound", "cnf" in claims),
            ("delegated", "act" in claims),
            ("scopes", tuple(str(claims["scope"]).split())),
            ("subject", str(claims["sub"])),
        ),
    )
    return _decide(service, realm, question)


def refused_call(client: Client, action: str, decision: Decision) -> Refusal:
    """403: the token is good, but the policy denies the action."""
    log.warning("%s may not %s: policy %s", client.client_id, action, decision.policy)
    return Refusal(
        403, "access_denied", f"{client.client_id} may not {action} here. {decision.why}"
    )


def may_exchange(
    service: Service,
    realm: Realm,
    client: Client,
    owner: Client,
    *,
    subject: str,
    scopes: Sequence[str] = (),
) -> Decision:
    """Whether `client` may exchange a bound token that was issued to `owner`, with its own proof.

    Only if a policy of the realm permits it; otherwise a stolen token could be laundered. `subject`
    is the token's, `scopes` are the requested ones. The token's own `may_act` is checked elsewhere.
    """
    question = Question(
        principal=_client(client),
        action="exchange",
        resource=_client(owner),
        context=(("scopes", tuple(scopes)), ("subject", subject)),
    )
    return _decide(service, realm, question)


def may_call_onward(
    service: Service,
    realm: Realm,
    client: Client,
    audience: str,
    *,
    held: Sequence[str],
    subject: str,
    scopes: Sequence[str] = (),
) -> Decision:
    """Whether `client`, a server, may exchange a token that it was called with to call `audience`.

    `held` is that token's own audience. Which audience is the server's own, only a policy knows.
    """
    question = Question(
        principal=_client(client),
        action="call-onward",
        resource=Party("Audience", audience),
        context=(("held", tuple(held)), ("scopes", tuple(scopes)), ("subject", subject)),
    )
    return _decide(service, realm, question)


def may_have(service: Service, realm: Realm, client: Client, scope: str) -> Decision:
    """Whether this client may have `scope`, one of TOKEN_SCOPES, in a token.

    Registration granted it; the policy in force now has the last word.
    """
    agent = replace(_client(client), kind="Agent")
    return _decide(service, realm, Question(agent, scope, Party("Repository", REPOSITORIES)))


def record_decision(
    tx: Connection,
    realm: Realm,
    decision: Decision,
    action: str,
    resource: str,
    client_id: str | None = None,
    **details: object,
) -> None:
    """Record the decision in the audit trail, in the transaction of its effect."""
    audit.record(
        tx,
        realm,
        "authorization_decision",
        client_id,
        action=action,
        resource=resource,
        decision="allow" if decision.allowed else "deny",
        policy=decision.policy,
        **details,
    )


def _registration(service: Service, realm: Realm, email: str, scope: str) -> Decision:
    spelled = canonical_email(email)
    if scope not in realm.scopes or not spelled:
        return Decision(False, "realm#no-such-scope", "There is no such scope in this realm.")
    domain = spelled.rpartition("@")[2]
    sponsor = Party("Sponsor", spelled, domain, (("email", spelled), ("domain", domain)))
    return _decide(service, realm, Question(sponsor, "register", Party("Scope", scope)))


def _client(client: Client) -> Party:
    sponsor = canonical_email(client.sponsor)
    domain = sponsor.rpartition("@")[2]
    members = (("sponsor", sponsor), ("domain", domain), ("scopes", client.scopes))
    return Party("Client", client.client_id, domain, members)


def _decide(service: Service, realm: Realm, question: Question) -> Decision:
    file, policies = _policies_of(service, realm)
    if policies is None:
        why = f"{file} is broken and has no earlier good version, so it permits nothing."
        return Decision(False, f"{file}#no-good-policy", why)
    verdict = decide(policies, question)
    name = ",".join(verdict.policies) or "default-deny"
    return Decision(verdict.allowed, f"{file}#{name}", _why_not(file, verdict))


def _policies_of(service: Service, realm: Realm) -> tuple[str, Policies | None]:
    """The name and the policies of the realm: its own, or those in its file."""
    if realm.own_policies is None:
        files = service.part(PolicyFiles)
        return realm.policy_file, files.in_force(realm.policy_file).policies
    own = compiled(realm.own_policies)
    return f"{realm.name}.cedar", None if isinstance(own, PolicyProblem) else own


def _why_not(file: str, verdict: Verdict) -> str:
    """Which file decided, and what to ask for instead. Empty when it is allowed."""
    if verdict.allowed:
        return ""
    if verdict.failed:
        why = f"A policy in {file} can't be evaluated, which counts as a denial"
    elif verdict.policies:
        why = f"{file} forbids it, by its policy {', '.join(verdict.policies)}"
    else:
        why = f"No policy in {file} permits it"
    return f"{why}. {verdict.ask or f'The owner of {file} can change that.'}"


def _together(decisions: Sequence[Decision]) -> Decision:
    """Several allowing decisions as one, which names each policy once."""
    file = decisions[0].policy.partition("#")[0]
    names = dict.fromkeys(one.policy.partition("#")[2] for one in decisions)
    return Decision(True, f"{file}#{','.join(names)}")
