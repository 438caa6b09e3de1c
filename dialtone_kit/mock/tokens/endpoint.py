"""The token endpoint (the demo's step 3): who asks, by which grant, and for which key."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit import rules
from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.mock.access import dpop
from dialtone_kit.mock.access.clients import authenticate_client, realm_of_client
from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import TOKEN_LIFETIME, Realm
from dialtone_kit.mock.schemas.sent import ClientForm
from dialtone_kit.mock.schemas.tokens import TokenAnswer, TokenForm
from dialtone_kit.mock.tokens import device, exchange, refresh
from dialtone_kit.mock.tokens.grant import Grant, Order, asked_audience, asked_scope
from dialtone_kit.mock.tokens.permission import record_decisions, within_policy
from dialtone_kit.mock.web.context import path_realm, service_of
from dialtone_kit.mock.web.describe import IN_FORM, describe
from dialtone_kit.mock.web.requests import read_form
from dialtone_kit.mock.web.responses import json_answer


@describe(
    "An access token: bound to your key with a DPoP proof, a bearer token without",
    answers=TokenAnswer,
    body=TokenForm,
    form=True,
    refusals=(400, 401, 404, 413, 415, 503),
    security=("client_secret_basic", IN_FORM),
    proof=True,
)
async def token(request: Request) -> Response:
    """By client_credentials (RFC 6749 §4.4), device_code (RFC 8628), refresh_token (RFC 6749 §6) or
    token-exchange (RFC 8693); with or without DPoP (RFC 9449 §5)."""
    service, realm = service_of(request), await path_realm(request)
    form = await read_form(request)
    client = await authenticate_client(request, form.parsed(ClientForm), realm, public=True)
    realm = realm or await realm_of_client(service, client)
    nonce = dpop.fresh_nonce(service, realm, "token")
    try:
        wanted, proof = _proof(request, service, realm)
        order = Order(service, realm, client, form.parsed(TokenForm), wanted, proof)
        grant = await within_policy(order, await _grant_type(order).decide(order))
        answer = await _issue(order, grant)
    except ProofRefused as problem:
        log.warning("proof of %s refused: %s", client.client_id, problem.rule)
        raise Refusal(400, problem.error, str(problem), nonce) from None
    except Refusal as problem:
        raise problem.and_headers(nonce) from None
    return json_answer(answer, headers=NO_STORE + nonce)


async def client_credentials(order: Order) -> Grant:
    """The client for itself."""
    return Grant(
        subject=order.client.client_id,
        scope=asked_scope(order.form.scope, order.client.scopes),
        audience=asked_audience(order.form),
    )


@dataclass(frozen=True)
class GrantType:
    """How a grant decides. `public`: clients without a secret may use it. `when_locked`: the code
    that a locked client gets."""

    decide: Callable[[Order], Awaitable[Grant]]
    public: bool = False
    when_locked: str = "unauthorized_client"


GRANTS: Mapping[str, GrantType] = {
    "client_credentials": GrantType(client_credentials),
    device.GRANT: GrantType(device.device_code, public=True, when_locked="invalid_grant"),
    refresh.GRANT: GrantType(refresh.refresh_token, public=True, when_locked="invalid_grant"),
    exchange.GRANT: GrantType(exchange.token_exchange),
}


def _proof(
    request: Request, service: Service, realm: Realm
) -> tuple[rules.Request, rules.Proof | None]:
    """What the proof was judged against, and the proof. 400 where the realm needs one."""
    wanted = dpop.judged_by(service, realm, request, "token")
    proof = dpop.proof_of(request, wanted)
    if proof is None and realm.dpop_required:
        raise dpop.missing(f"a DPoP proof: realm {realm.name} issues bound tokens only")
    return wanted, proof


def _grant_type(order: Order) -> GrantType:
    """The grant that was asked for, if this client may use it."""
    grant = GRANTS[order.form.grant_type]
    if order.client.locked:
        raise Refusal(400, grant.when_locked, "This client is locked.")
    if order.client.public and not grant.public:
        raise Refusal(
            400,
            "unauthorized_client",
            "A client without a secret gets tokens through the device flow.",
        )
    return grant


async def _issue(order: Order, grant: Grant) -> dict[str, Any]:
    """Sign the token; it goes out once its proof is used up and its event written."""
    claims = _claims(order, grant)
    signed = await order.service.keys.sign(claims, "at+jwt" if grant.audience else "JWT")

    def record(tx: Connection) -> Refusal | None:
        if order.proof is not None:
            dpop.use_up(tx, order.realm, order.proof, order.wanted)
        if refusal := grant.effect(tx, claims):
            return refusal
        audit.record(
            tx,
            order.realm,
            "token_issued",
            order.client.client_id,
            sponsor=order.client.sponsor,
            grant=order.form.grant_type,
            scope=grant.scope,
            binding="DPoP" if order.proof else "Bearer",
            jkt=order.proof.thumbprint if order.proof else None,
            token=claims["jti"],
            **grant.audited,
        )
        record_decisions(tx, order, grant.decided)
        return None

    if refusal := await order.service.store.write(record):
        raise refusal
    return {
        "access_token": signed,
        "token_type": "DPoP" if order.proof else "Bearer",
        "expires_in": claims["exp"] - claims["iat"],
        "scope": grant.scope,
        **grant.answer,
    }


def _claims(order: Order, grant: Grant) -> dict[str, Any]:
    """The claims of the demo's step 4; `aud` only when the request named one."""
    now = int(clock.now(order.realm))
    ends_at = now + TOKEN_LIFETIME
    claims: dict[str, Any] = {
        "token_type": "access_token",
        "iss": order.service.settings.issuer(order.realm.name),
        "sub": grant.subject,
        "client_id": order.client.client_id,
        "realm": order.realm.name,
        "scope": grant.scope,
        "iat": now,
        "exp": ends_at if grant.ends_at is None else min(ends_at, grant.ends_at),
        "jti": secrets.token_urlsafe(16),
        **grant.claims,
        **({"may_act": {"sub": order.form.may_act}} if order.form.may_act else {}),
    }
    if grant.audience:
        claims["aud"] = grant.audience[0] if len(grant.audience) == 1 else list(grant.audience)
    if order.proof is not None:
        claims["cnf"] = {"jkt": order.proof.thumbprint}
    return claims
