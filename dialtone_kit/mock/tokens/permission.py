"""What the realm's policies say about the scopes of a token that is about to be issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from dialtone_kit.mock.access import dpop
from dialtone_kit.mock.core.refusal import Refusal, log
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.policy.decisions import REPOSITORIES, TOKEN_SCOPES, Decision
from dialtone_kit.mock.tokens.grant import Grant, Order


async def within_policy(order: Order, grant: Grant) -> Grant:
    """`grant` with the decisions about its scopes; 400 invalid_scope for one that is denied.

    A request that names no scope gets those that are permitted (RFC 6749 §3.3), if there are any.
    """
    decided = {
        scope: decisions.may_have(order.service, order.realm, order.client, scope)
        for scope in grant.scope.split()
        if scope in TOKEN_SCOPES
    }
    denied = {scope: one for scope, one in decided.items() if not one.allowed}
    left = " ".join(scope for scope in grant.scope.split() if scope not in denied)
    if denied and (order.form.scope or not left):
        await order.service.store.write(lambda tx: _record_denial(tx, order, denied))
        raise _refusal(order, denied)
    return replace(grant, scope=left, decided=decided)


def record_decisions(tx: Connection, order: Order, decided: Mapping[str, Decision]) -> None:
    """Each decision is an event of its own."""
    for scope, decision in decided.items():
        decisions.record_decision(
            tx,
            order.realm,
            decision,
            scope,
            f"repository:{REPOSITORIES}",
            order.client.client_id,
            sponsor=order.client.sponsor,
        )


def _record_denial(tx: Connection, order: Order, denied: Mapping[str, Decision]) -> None:
    """It uses up the proof: repeating it adds nothing."""
    if order.proof is not None:
        dpop.use_up(tx, order.realm, order.proof, order.wanted)
    record_decisions(tx, order, denied)


def _refusal(order: Order, denied: Mapping[str, Decision]) -> Refusal:
    first = next(iter(denied.values()))
    log.warning("scope refused to %s by policy %s", order.client.client_id, first.policy)
    names = " ".join(denied)
    return Refusal(
        400, "invalid_scope", f"{order.client.client_id} may not have {names}. {first.why}"
    )
