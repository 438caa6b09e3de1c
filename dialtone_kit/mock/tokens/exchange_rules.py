"""Who may exchange what (RFC 8693): a case, and the rules that it must pass, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.tokens.grant import Order, asked_audience
from dialtone_kit.tokens import bound_thumbprint

DEEPEST = 5  # agents in an `act` chain


class NotPermitted(Refusal):
    """A policy refused: its decisions are recorded."""


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

    @cached_property
    def leave(self) -> decisions.Decision | None:
        """What the policy says, where it is asked: on another's token without a `may_act`.

        Beyond the token's audience, `onward` is the question instead.
        """
        if self.own or "may_act" in self.subject or self.beyond:
            return None
        return decisions.may_exchange(
            self.order.service,
            self.order.realm,
            self.order.client,
            self.owner,
            subject=self.subject["sub"],
            scopes=self._scopes,
        )

    @property
    def held(self) -> tuple[str, ...]:
        """The subject token's audience; empty when the token names none."""
        named = self.subject.get("aud", [])
        return tuple(named) if isinstance(named, list) else (named,)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The audience of the new token, as far as the request names one."""
        return asked_audience(self.order.form)

    @property
    def beyond(self) -> bool:
        """The new token is to reach beyond the subject token's audience."""
        return bool(self.held) and not set(self.asked) <= set(self.held)

    @cached_property
    def onward(self) -> Mapping[str, decisions.Decision]:
        """What the policy says of each audience asked for, where another's token is to go further.

        Each, not just the new ones: otherwise one permitted audience would bring others along.
        """
        if self.own or not self.beyond:
            return {}
        return {
            audience: decisions.may_call_onward(
                self.order.service,
                self.order.realm,
                self.order.client,
                audience,
                held=self.held,
                subject=self.subject["sub"],
                scopes=self._scopes,
            )
            for audience in self.asked
        }

    @property
    def _scopes(self) -> list[str]:
        return (self.order.form.scope or str(self.subject["scope"])).split()

    @property
    def acts(self) -> bool:
        """The caller becomes visible as an actor: with an actor token, or in case (b)."""
        return self.actor is not None or not self.own

    @property
    def chain(self) -> Mapping[str, Any] | None:
        """The `act` of the new token: the newest outermost, and no one drops out."""
        before = self.subject.get("act")
        if not self.acts:
            return before
        return {"sub": self.caller, **({"act": before} if before else {})}


def bound_needs_a_proof(case: Case) -> None:
    """A bound token never becomes a bearer token."""
    if bound_thumbprint(case.subject) is not None and case.order.proof is None:
        raise no(
            "The subject token is bound to a key: send a proof, so that the new one is bound too."
        )


def own_needs_its_key(case: Case) -> None:
    """Case (a): whoever exchanges its own bound token proves the key that it is bound to."""
    key = bound_thumbprint(case.subject)
    if case.own and key is not None and key != _key_sent(case):
        raise no("The proof is not signed by the key that your subject token is bound to. [M07]")


def may_act_names_the_actor(case: Case) -> None:
    """A `may_act` in the subject token names the one client that may become its actor."""
    named = case.subject.get("may_act")
    if case.acts and named is not None and named.get("sub") != case.caller:
        raise no("The may_act of the subject token names another actor.")


def foreign_needs_leave(case: Case) -> None:
    """Case (b): another client's token needs its `may_act`, or a policy, to name the caller."""
    if case.leave is None or case.leave.allowed:
        return
    if case.order.realm.refuses("foreign_needs_leave"):
        raise NotPermitted(
            400,
            "invalid_request",
            "The subject token was issued to another client, and its may_act does not name you. "
            f"{case.leave.why}",
        )


def onward_needs_leave(case: Case) -> None:
    """Only a server that a policy permits may take a token beyond its audience."""
    if case.own and case.beyond:
        raise Refusal(
            400,
            "invalid_target",
            "This audience or resource is outside the subject token's audience.",
        )
    for audience, decision in case.onward.items():
        if not decision.allowed:
            raise NotPermitted(
                400,
                "invalid_target",
                f"You may not call {audience} with this token: that is outside the subject token's "
                f"audience. {decision.why}",
            )


def actor_is_the_caller(case: Case) -> None:
    """The actor token is the caller's own; bound, it is bound to the key of the proof."""
    if case.actor is None:
        return
    if case.actor["client_id"] != case.caller:
        raise no("The actor token was issued to another client: send your own.")
    key = bound_thumbprint(case.actor)
    if key is not None and key != _key_sent(case):
        raise no("The actor token is bound to a different key than the proof's. [M07]")


def not_too_deep(case: Case) -> None:
    """At most five agents in a row act for the subject."""
    if _depth(case.chain) > DEEPEST:
        raise no(f"More than {DEEPEST} actors in a row: ask the subject for a token of your own.")


RULES: tuple[Callable[[Case], None], ...] = (
    bound_needs_a_proof,
    own_needs_its_key,
    may_act_names_the_actor,
    foreign_needs_leave,
    onward_needs_leave,
    actor_is_the_caller,
    not_too_deep,
)


def _key_sent(case: Case) -> str | None:
    return case.order.proof.thumbprint if case.order.proof else None


def _depth(chain: Mapping[str, Any] | None) -> int:
    return 0 if chain is None else 1 + _depth(chain.get("act"))


def no(description: str) -> Refusal:
    """RFC 8693 §2.2.2: a bad or unacceptable subject or actor token is an invalid_request."""
    return Refusal(400, "invalid_request", description)
