"""Token exchange (RFC 8693): a token for another place, for less, or for another agent's hands.

What comes in is read and verified first; then the rules, in their order; then one new token that
never has more than the subject token: not in scope, not in audience, not in time, not in binding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from dialtone_kit.errors import TokenRefused
from dialtone_kit.mock import lineage, policy
from dialtone_kit.mock.answers import Refusal
from dialtone_kit.mock.client_auth import Client, find_client
from dialtone_kit.mock.intake import one
from dialtone_kit.mock.live_tokens import live_token
from dialtone_kit.mock.orders import Effect, Form, Grant, Order, asked_audience, asked_scope
from dialtone_kit.tokens import bound_thumbprint

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name, no secret)
TYPES = (ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt")  # our access tokens are both
DEEPEST = 5  # agents in an `act` chain


@dataclass(frozen=True)
class Case:
    """Who exchanges what: the order, the verified claims of the tokens that came, and `owner`, the
    client that the subject token was issued to."""

    order: Order
    subject: Mapping[str, Any]
    owner: Client
    actor: Mapping[str, Any] | None

    @property
    def caller(self) -> str:
        return self.order.client.client_id

    @property
    def own(self) -> bool:
        """The subject token was issued to the caller itself: case (a)."""
        return self.owner.client_id == self.caller

    @property
    def acts(self) -> bool:
        """The caller becomes visible as an actor: with an actor token, or in case (b)."""
        return self.actor is not None or not self.own

    @property
    def chain(self) -> Mapping[str, Any] | None:
        """The `act` of the new token: the newest outermost; nobody who was in it drops out."""
        before = self.subject.get("act")
        if not self.acts:
            return before
        return {"sub": self.caller, **({"act": before} if before else {})}


async def token_exchange(order: Order) -> Grant:
    """A token for the same subject, bound to the key of the proof sent."""
    requested = _requested_type(order.form)
    case = await _case(order)
    for rule in RULES:
        rule(case)
    subject = case.subject
    shared = [one for one in str(subject["scope"]).split() if one in order.client.scopes]
    chain = case.chain
    return Grant(
        subject=subject["sub"],
        scope=_narrowed(order.form, shared),
        audience=await _audience(case),
        ends_at=subject["exp"],
        claims={"act": chain} if chain else {},
        answer={"issued_token_type": requested},
        told={"subject": subject["sub"], "parent": subject["jti"], "act": chain},
        effect=_descend(case),
    )


# --- the rules: each has one reason to refuse ---


def bound_needs_a_proof(case: Case) -> None:
    """A bound token never becomes a bearer token."""
    if _key_of(case.subject) is not None and case.order.proof is None:
        raise _no("The subject token is bound to a key: send a proof, the new one is bound too.")


def own_needs_its_key(case: Case) -> None:
    """Case (a): whoever exchanges its own bound token proves the key that it is bound to."""
    key = _key_of(case.subject)
    if case.own and key is not None and key != _key_sent(case):
        raise _no("The proof is not by the key that your subject token is bound to. M07")


def may_act_names_the_actor(case: Case) -> None:
    """A `may_act` in the subject token names the one client that may become its actor."""
    named = case.subject.get("may_act")
    if case.acts and named is not None and named.get("sub") != case.caller:
        raise _no("The may_act of the subject token names another actor.")


def foreign_needs_leave(case: Case) -> None:
    """Case (b): another client's token only for whom its `may_act` or the policy names."""
    order, subject = case.order, case.subject
    if case.own or subject.get("may_act", {}).get("sub") == case.caller:
        return
    decision = policy.may_exchange(
        order.service,
        order.realm,
        order.client,
        case.owner,
        subject=subject["sub"],
        scopes=(one(order.form, "scope") or str(subject["scope"])).split(),
    )
    if not decision.allowed:
        raise _no(
            "The subject token was issued to another client, and its may_act does not name you. "
            f"{decision.why}"
        )


def actor_is_the_caller(case: Case) -> None:
    """The actor token is the caller's own; bound, it is bound to the key of the proof."""
    if case.actor is None:
        return
    if case.actor["client_id"] != case.caller:
        raise _no("The actor token was issued to another client: an actor comes in person.")
    key = _key_of(case.actor)
    if key is not None and key != _key_sent(case):
        raise _no("The actor token is bound to another key than the proof's. M07")


def not_too_deep(case: Case) -> None:
    """At most five agents in a row act for the subject."""
    if _depth(case.chain) > DEEPEST:
        raise _no(f"More than {DEEPEST} actors in a row: ask the subject for a token of your own.")


RULES: tuple[Callable[[Case], None], ...] = (
    bound_needs_a_proof,
    own_needs_its_key,
    may_act_names_the_actor,
    foreign_needs_leave,
    actor_is_the_caller,
    not_too_deep,
)


# --- what comes in ---


async def _case(order: Order) -> Case:
    subject = await _token(order, "subject")
    if subject is None:
        raise _no("subject_token is missing.")
    actor = await _token(order, "actor")
    return Case(order, *subject, actor[0] if actor else None)


async def _token(order: Order, role: str) -> tuple[Mapping[str, Any], Client] | None:
    """The verified claims of `<role>_token` and its client; None when no such token came."""
    token, kind = one(order.form, f"{role}_token"), one(order.form, f"{role}_token_type")
    if token is None and kind is None:
        return None
    if token is None or kind not in TYPES:
        raise _no(f"{role}_token goes with {role}_token_type={ACCESS_TOKEN}.")
    try:
        claims, client = await live_token(order.service, order.realm, token)
        bound_thumbprint(claims)
    except TokenRefused as problem:
        raise _no(f"{role}_token: {problem}") from None
    return claims, client


def _requested_type(form: Form) -> str:
    kind = one(form, "requested_token_type") or ACCESS_TOKEN
    if kind not in TYPES:
        raise _no(f"requested_token_type is {ACCESS_TOKEN} here.")
    return kind


# --- what goes out ---


def _narrowed(form: Form, shared: list[str]) -> str:
    """What is asked for, if both the subject token and the client have it. Nothing is no scope."""
    if not shared:
        raise Refusal(
            400, "invalid_scope", "The subject token and this client have no scope in common."
        )
    return asked_scope(form, shared, "This exchange was")


async def _audience(case: Case) -> tuple[str, ...]:
    """The audiences asked for, within the subject token's; those themselves when none is named.

    Out of a token for nobody in particular: this service's own resources and clients of the realm.
    """
    named = case.subject.get("aud", [])
    parents = tuple(named) if isinstance(named, list) else (named,)
    asked = asked_audience(case.order.form)
    if not asked:
        return parents
    for audience in asked:
        if audience not in parents if parents else not await _is_known(case.order, audience):
            where = "beyond the subject token's" if parents else "not known here"
            raise Refusal(400, "invalid_target", f"This audience or resource is {where}.")
    return asked


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

    return effect


def _key_of(claims: Mapping[str, Any]) -> str | None:
    return bound_thumbprint(claims)


def _key_sent(case: Case) -> str | None:
    return case.order.proof.thumbprint if case.order.proof else None


def _depth(chain: Mapping[str, Any] | None) -> int:
    return 0 if chain is None else 1 + _depth(chain.get("act"))


def _no(description: str) -> Refusal:
    """RFC 8693 §2.2.2: a bad or unacceptable subject or actor token is an invalid_request."""
    return Refusal(400, "invalid_request", description)
