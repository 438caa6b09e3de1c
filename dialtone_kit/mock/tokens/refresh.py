"""Refresh tokens (RFC 6749 §6): each works once and brings the next; one that comes back ends all.

A family is one person's approval for one client. A public client's family is bound to
the key of its first proof (RFC 9449 §5), another's to the client's authentication.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dialtone_kit.mock.access import lineage
from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.codes import secret_hash
from dialtone_kit.mock.core.refusal import Refusal, log
from dialtone_kit.mock.core.settings import REFRESH_LIFETIME, TOKEN_LIFETIME, Realm
from dialtone_kit.mock.store.tables import refresh_families, refresh_tokens
from dialtone_kit.mock.tokens.grant import (
    Effect,
    Grant,
    Order,
    approved_audience,
    asked_scope,
)

GRANT = "refresh_token"


def new_token() -> str:
    """256 random bits, shown to the client once and stored as a hash."""
    return f"rt_{secrets.token_urlsafe(32)}"


async def refresh_token(order: Order) -> Grant:
    """The same approval once more, for at most its scope and audience, and the new proof's key."""
    text = order.form.refresh_token
    if not text:
        raise Refusal(400, "invalid_request", "refresh_token is missing.")
    found = await order.service.store.read(lambda tx: find(tx, order.realm, text))
    _must_fit(order, found)
    fresh = new_token()
    return Grant(
        subject=found.subject,
        scope=asked_scope(order.form.scope, found.scopes.split(), "This refresh token was"),
        audience=approved_audience(order.form, found.audience),
        answer={"refresh_token": fresh},
        audited={"subject": found.subject},
        effect=_rotate(order, found, fresh),
    )


def begin(order: Order, approval: Any, first: str) -> Effect:
    """The effect that begins a family with the refresh token `first`.

    `approval`: the row that says for whom, with which scope, and for which audience.
    """

    def effect(tx: Connection, claims: Mapping[str, Any]) -> None:
        now, family = clock.now(order.realm), secrets.token_bytes(32)
        bound = order.proof is not None and order.client.public
        tx.execute(
            insert(refresh_families),
            {
                "family": family,
                "realm": order.realm.name,
                "client_id": order.client.client_id,
                "subject": approval.subject,
                "scopes": approval.scopes,
                "audience": approval.audience,
                "jkt": order.proof.thumbprint if order.proof and bound else None,
                "started_at": now,
                "expires_at": now + REFRESH_LIFETIME,
                "forget_at": clock.machine_now() + REFRESH_LIFETIME,
            },
        )
        _add(tx, order.realm, family, first, clock.machine_now() + REFRESH_LIFETIME)
        lineage.link(tx, claims, [family])

    return effect


def find(tx: Connection, realm: Realm, text: str) -> Any:
    """A refresh token of this realm with its family, unless that is expired or revoked. Used
    tokens are returned, too."""
    rows = (
        select(refresh_families, refresh_tokens.c.digest, refresh_tokens.c.used)
        .join(refresh_tokens, refresh_tokens.c.family == refresh_families.c.family)
        .where(
            refresh_tokens.c.digest == secret_hash(text),
            refresh_families.c.realm == realm.name,
            refresh_families.c.expires_at > clock.now(realm),
        )
    )
    row = tx.execute(rows).first()
    return None if row is None or lineage.is_revoked(tx, row.family) else row


def revoke_family(tx: Connection, realm: Realm, found: Any, client_id: str, reason: str) -> None:
    """End a family: its refresh tokens and every access token that came from it."""
    lives_for = found.expires_at - clock.now(realm) + TOKEN_LIFETIME
    if lineage.revoke(tx, found.family, lives_for):
        audit.record(
            tx,
            realm,
            "revocation",
            client_id,
            kind="refresh_token",
            reason=reason,
            subject=found.subject,
            scope=found.scopes,
        )


def _must_fit(order: Order, found: Any) -> None:
    """400 invalid_grant for a token that is not known, not this client's or not for this key."""
    if found is None or found.client_id != order.client.client_id:
        raise _no("This refresh token is unknown, expired or revoked. Ask the person again.")
    if not order.client.public:
        return
    key = order.proof.thumbprint if order.proof else None
    if found.jkt is None and key is not None:
        raise _no("This refresh token was issued without DPoP: it can't be bound to a key later.")
    if found.jkt is not None and key is None:
        raise _no("This refresh token is bound to a key: send a proof signed by it.")
    if found.jkt != key:
        raise _no("This refresh token is bound to a different key than the proof's. [M23]")


def _rotate(order: Order, found: Any, fresh: str) -> Effect:
    """Use up the token, and put `fresh` in its place; end the family if it was used before."""

    def effect(tx: Connection, claims: Mapping[str, Any]) -> Refusal | None:
        mine = refresh_tokens.c.digest == found.digest
        unused = update(refresh_tokens).where(mine, refresh_tokens.c.used.is_(False))
        used_before = tx.execute(unused.values(used=True)).rowcount != 1
        if used_before and order.realm.refuses("refresh_is_new"):
            return _reused(tx, order, found)
        _add(tx, order.realm, found.family, fresh, found.forget_at)
        lineage.link(tx, claims, [found.family])
        return None

    return effect


def _reused(tx: Connection, order: Order, found: Any) -> Refusal:
    """Two hold the same token, so one stole it, and the family ends. Returned, to keep that."""
    client_id = order.client.client_id
    log.warning("a used refresh token of %s came back", client_id)
    revoke_family(tx, order.realm, found, client_id, "a used refresh token came back")
    return _no(
        "This refresh token was already used: someone else may have it, so all that came from this "
        "approval is revoked. Ask the person again."
    )


def _add(tx: Connection, realm: Realm, family: bytes, text: str, forget_at: float) -> None:
    row = {"digest": secret_hash(text), "family": family, "realm": realm.name}
    tx.execute(insert(refresh_tokens), {**row, "used": False, "forget_at": forget_at})


def _no(description: str) -> Refusal:
    return Refusal(400, "invalid_grant", description)
