"""Who may register what, do what, and act for whom: Cedar policies decide, a realm's file each.

A scope that a realm does not have is on no policy's list: administrative ones are nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.policy.cedar import Answer, Party, Question, decide
from dialtone_kit.mock.policy.cedar_text import Policies, PolicyProblem, compiled
from dialtone_kit.mock.policy.domains import canonical_email
from dialtone_kit.mock.policy.files import PolicyFiles

API = {"whoami": "whoami", "notes:read": "notes", "notes:write": "notes"}  # action: resource


@dataclass(frozen=True)
class Decision:
    """Allowed or not, by which policy, and in words for the one who asked.

    `policy` is FILE#ID, as the audit trail has it. `denied`: which of several scopes it was about.
    """

    allowed: bool
    policy: str
    why: str = ""
    denied: tuple[str, ...] = ()


def may_register(service: Service, realm: Realm, email: str, scopes: Sequence[str]) -> Decision:
    """Whether a sponsor with this address may register an agent with each of `scopes`.

    A no is that on the first scope which is denied, and says which ones are to be had.
    """
    decisions = {scope: _registration(service, realm, email, scope) for scope in scopes}
    denied = tuple(scope for scope, one in decisions.items() if not one.allowed)
    if not denied:
        return _together(list(decisions.values()))
    first = decisions[denied[0]]
    open_ones = [
        scope for scope in realm.scopes if _registration(service, realm, email, scope).allowed
    ]
    instead = f"Ask for: {' '.join(open_ones)}." if open_ones else "No scope is open to you here."
    return replace(first, why=f"{first.why} {instead}", denied=denied)


def refused_registration(email: str, decision: Decision) -> Refusal:
    """403 as the demo's table has it: scope not permitted for your domain."""
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
    """403: the token would do, the policy says no."""
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

    No, unless a policy of the realm permits it: else a stolen token could be laundered. `subject`
    is the token's, `scopes` are those asked for. A token's own `may_act` is not looked at here.
    """
    question = Question(
        principal=_client(client),
        action="exchange",
        resource=_client(owner),
        context=(("scopes", tuple(scopes)), ("subject", subject)),
    )
    return _decide(service, realm, question)


def record_decision(
    tx: Connection,
    realm: Realm,
    decision: Decision,
    action: str,
    resource: str,
    client_id: str | None = None,
    **details: object,
) -> None:
    """Write the decision into the audit trail, in the transaction of its effect."""
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
        why = f"{file} is broken and has no good text to fall back on, so it permits nothing."
        return Decision(False, f"{file}#no-good-policy", why)
    answer = decide(policies, question)
    name = ",".join(answer.policies) or "default-deny"
    return Decision(answer.allowed, f"{file}#{name}", _why_not(file, answer))


def _policies_of(service: Service, realm: Realm) -> tuple[str, Policies | None]:
    """What the realm's rules are called, and the rules: its own text, or the file of its kind."""
    if realm.own_policies is None:
        files = service.part(PolicyFiles)
        return realm.policy_file, files.in_force(realm.policy_file).policies
    found = compiled(realm.own_policies)
    return f"{realm.name}.cedar", None if isinstance(found, PolicyProblem) else found


def _why_not(file: str, answer: Answer) -> str:
    """Which file decided, and what to ask for. Nothing for a yes."""
    if answer.allowed:
        return ""
    if answer.failed:
        why = f"A policy in {file} can't be evaluated, which decides nothing, so it is a no"
    elif answer.policies:
        why = f"{file} forbids it, by its policy {', '.join(answer.policies)}"
    else:
        why = f"No policy in {file} permits it"
    return f"{why}. {answer.ask or f'Whoever keeps {file} can change that.'}"


def _together(decisions: Sequence[Decision]) -> Decision:
    """One allowing decision for several, naming each policy once."""
    file = decisions[0].policy.partition("#")[0]
    names = dict.fromkeys(one.policy.partition("#")[2] for one in decisions)
    return Decision(True, f"{file}#{','.join(names)}")
