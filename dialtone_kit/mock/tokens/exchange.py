"""Token exchange (RFC 8693): a token for another audience, with less scope, or for another agent.

The incoming tokens are read and verified; then come the rules of exchange_rules.py; then one new
token that never has more than the subject token in scope, time or binding, nor in audience, unless
a policy lets the server that was called with it call another resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.mock.access import dpop, lineage
from dialtone_kit.mock.access.clients import find_client
from dialtone_kit.mock.access.live_tokens import live_token
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.tokens.exchange_rules import RULES, Case, NotPermitted, no
from dialtone_kit.mock.tokens.grant import Effect, Grant, Order, asked_scope
from dialtone_kit.tokens import bound_thumbprint

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
FARTHEST = 100  # tokens and clients that a token may be derived from
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name, no secret)


async def token_exchange(order: Order) -> Grant:
    """A token for the same subject, bound to the key of the proof sent."""
    case = await _case(order)
    try:
        for rule in RULES:
            rule(case)
    except NotPermitted:
        await order.service.store.write(lambda tx: _record_denial(tx, case))
        raise
    await _not_too_far(case)
    subject = case.subject
    shared = [scope for scope in subject["scope"].split() if scope in order.client.scopes]
    chain = case.chain
    return Grant(
        subject=subject["sub"],
        scope=_narrowed(order, shared),
        audience=await _audience(case),
        ends_at=subject["exp"],
        claims={"act": chain} if chain else {},
        answer={"issued_token_type": order.form.requested_token_type or ACCESS_TOKEN},
        audited={"subject": subject["sub"], "parent": subject["jti"], "act": chain},
        effect=_descend(case),
    )


# --- what comes in ---


async def _case(order: Order) -> Case:
    form = order.form
    subject = await _token(order, "subject_token", form.subject_token, form.subject_token_type)
    if subject is None:
        raise no("subject_token is missing.")
    actor = await _token(order, "actor_token", form.actor_token, form.actor_token_type)
    return Case(order, *subject, actor[0] if actor else None)


async def _token(
    order: Order, name: str, token: str, kind: str
) -> tuple[Mapping[str, Any], Client] | None:
    """The verified claims of a token and its client; None when no such token came."""
    if not token and not kind:
        return None
    if not token or not kind:
        raise no(f"Send {name} with {name}_type={ACCESS_TOKEN}.")
    try:
        claims, client = await live_token(order.service, order.realm, token)
        bound_thumbprint(claims)
    except TokenRefused as problem:
        raise no(f"{name}: {problem}") from None
    return claims, client


async def _not_too_far(case: Case) -> None:
    """Each check of a token looks up everything it was derived from: that has an end."""
    far = await case.order.service.store.read(lambda tx: lineage.derived_from(tx, case.subject))
    if far >= FARTHEST:
        raise no(
            f"This token was derived from {far} others, one after another. Get a token of your own."
        )


# --- what goes out ---


def _narrowed(order: Order, shared: list[str]) -> str:
    """The scope asked for, if both the subject token and the client have it. It is never empty."""
    if not shared:
        raise Refusal(
            400, "invalid_scope", "The subject token and this client have no scope in common."
        )
    try:
        return asked_scope(order.form.scope, shared, "This exchange was")
    except Refusal:
        if order.realm.refuses("scope_narrows"):
            raise
        return asked_scope(order.form.scope, order.client.scopes)


async def _audience(case: Case) -> tuple[str, ...]:
    """The audiences asked for; the subject token's when none is named.

    The rules have compared both. A token without an audience can be exchanged for one to this
    service's own resources, or to clients of the realm.
    """
    if not case.held:
        for audience in case.asked:
            if not await _is_known(case.order, audience):
                raise Refusal(400, "invalid_target", "This audience or resource is not known here.")
    return case.asked or case.held


async def _is_known(order: Order, audience: str) -> bool:
    if audience in order.service.settings.audiences(order.realm.name):
        return True
    found = await order.service.store.read(lambda tx: find_client(tx, audience))
    return found is not None and found[0].realm == order.realm.name


def _descend(case: Case) -> Effect:
    """Note where the new token comes from: what is revoked there is revoked here."""

    def effect(tx: Connection, claims: Mapping[str, Any]) -> None:
        issued_to = lineage.client_node(case.owner.client_id)
        lineage.link(tx, claims, [lineage.token_node(case.subject), issued_to])
        _record_decisions(tx, case)

    return effect


def _record_denial(tx: Connection, case: Case) -> None:
    """A denial is an event, too. It uses up the proof: repeating it adds nothing."""
    if case.order.proof is not None:
        dpop.use_up(tx, case.order.realm, case.order.proof, case.order.wanted)
    _record_decisions(tx, case)


def _record_decisions(tx: Connection, case: Case) -> None:
    made = [("call-onward", f"audience:{name}", one) for name, one in case.onward.items()]
    if case.leave is not None:
        made.append(("exchange", f"client:{case.owner.client_id}", case.leave))
    for action, resource, decision in made:
        decisions.record_decision(
            tx,
            case.order.realm,
            decision,
            action,
            resource,
            case.caller,
            sponsor=case.order.client.sponsor,
            subject=case.subject["sub"],
            token=case.subject["jti"],
        )
