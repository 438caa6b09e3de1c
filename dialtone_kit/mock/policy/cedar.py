"""Cedar, the policy language: a question, and the engine's answer to it."""

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
    """A principal or a resource: what kind, which one, and what is known and verified of it.

    With `domain` it stands below that domain and below each one that this is a part of.
    """

    kind: str
    id: str
    domain: str = ""
    members: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Question:
    """May this principal do this to that resource, as things are?"""

    principal: Party
    action: str
    resource: Party
    context: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Answer:
    """The decision, the policies that made it (none for a default deny), and what to ask for."""

    allowed: bool
    policies: tuple[str, ...] = ()
    ask: str = ""
    failed: bool = False  # a policy could not be evaluated: that decides nothing, so it is a no


@lru_cache(maxsize=REMEMBERED)
def decide(policies: Policies, question: Question) -> Answer:
    """The engine's decision. Remembered by policy version and inputs, the oldest forgotten first.

    Names travel as data and are never pasted into Cedar text, so none can end its own quotes.
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
    except ValueError:  # a name that is no text at all: half a character, for example
        return Answer(allowed=False, failed=True)
    reasons = [
        policies.named[name] for name in sorted(result.diagnostics.reasons, key=policy_number)
    ]
    failed = bool(result.diagnostics.errors)
    return Answer(
        allowed=result.allowed and not failed,
        policies=tuple(one.id for one in reasons),
        ask=" ".join(one.ask for one in reasons if one.ask and not result.allowed),
        failed=failed,
    )


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(party: Party, domains: frozenset[str] | None) -> dict[str, Any]:
    """The party as data, below those of its domains that the policies speak of (None: below all).

    A name of a hundred labels costs no more than one of two.
    """
    labels = party.domain.split(".") if party.domain else []
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return {
        "uid": _uid(party.kind, party.id),
        "attrs": dict(party.members),
        "parents": [_uid("Domain", name) for name in above if domains is None or name in domains],
    }
