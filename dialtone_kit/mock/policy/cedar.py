"""Cedar, the policy language: ask its engine a question and get a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy

from dialtone_kit.mock.policy.cedar_text import Policies, policy_number

REMEMBERED = 4096  # decisions

Value = str | bool | tuple[str, ...]


@dataclass(frozen=True)
class Party:
    """A principal or a resource: its kind, its id, and what has been verified about it.

    With a `domain`, it is a member of that domain and of every parent domain.
    """

    kind: str
    id: str
    domain: str = ""
    members: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Question:
    """May this principal do this to that resource in this context?"""

    principal: Party
    action: str
    resource: Party
    context: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The decision, the policies behind it (none for a default deny), and what to ask instead."""

    allowed: bool
    policies: tuple[str, ...] = ()
    ask: str = ""
    failed: bool = False  # a policy could not be evaluated, which counts as a denial


@lru_cache(maxsize=REMEMBERED)
def decide(policies: Policies, question: Question) -> Verdict:
    """The engine's decision, cached by policies and question.

    Names are passed as data, never pasted into Cedar source, so none can break out of its quotes.
    """
    request = {
        "principal": _uid(question.principal.kind, question.principal.id),
        "action": _uid("Action", question.action),
        "resource": _uid(question.resource.kind, question.resource.id),
        "context": dict(question.context),
    }
    parties = {question.principal, question.resource}
    entities = [_entity(one, policies.domains) for one in parties]
    try:
        result = cedarpy.is_authorized(request, policies.handle, entities)
    except ValueError:  # a name that is not a valid string: half a surrogate pair, for example
        return Verdict(allowed=False, failed=True)
    reasons = [
        policies.named[name] for name in sorted(result.diagnostics.reasons, key=policy_number)
    ]
    failed = bool(result.diagnostics.errors)
    return Verdict(
        allowed=result.allowed and not failed,
        policies=tuple(one.id for one in reasons),
        ask=" ".join(one.ask for one in reasons if one.ask and not result.allowed),
        failed=failed,
    )


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(party: Party, domains: frozenset[str] | None) -> dict[str, Any]:
    """The party as data, with those of its domains as parents that the policies name (None: all).

    Otherwise a name of a hundred labels would cost more than one of two.
    """
    labels = party.domain.split(".") if party.domain else []
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return {
        "uid": _uid(party.kind, party.id),
        "attrs": dict(party.members),
        "parents": [_uid("Domain", name) for name in above if domains is None or name in domains],
    }
