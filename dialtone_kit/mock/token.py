"""The token endpoint (the demo's step 3): who asks, by which grant, and for which key."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit import rules
from dialtone_kit.errors import ProofRefused
from dialtone_kit.mock import audit, clock, dpop
from dialtone_kit.mock.answers import NO_STORE, Refusal, json_answer, log
from dialtone_kit.mock.client_auth import Client, authenticate_client
from dialtone_kit.mock.describe import describe
from dialtone_kit.mock.intake import one, read_form
from dialtone_kit.mock.schemas import TokenAnswer, TokenForm
from dialtone_kit.mock.service import Service, path_realm, service_of
from dialtone_kit.mock.settings import TOKEN_LIFETIME, Realm

Form = Mapping[str, list[str]]


@dataclass(frozen=True)
class Order:
    """What a grant is decided from: the authenticated request."""

    service: Service
    realm: Realm
    client: Client
    form: Form
    wanted: rules.Request
    proof: rules.Proof | None


@dataclass(frozen=True)
class Grant:
    """What a grant decided: whose token, with which scope, for whom."""

    subject: str
    scope: str
    audience: tuple[str, ...] = ()


@describe(
    "An access token: bound to your key with a DPoP proof, a bearer token without",
    answers=TokenAnswer,
    body=TokenForm,
    form=True,
    refusals=(400, 401, 404, 413, 415, 503),
    security=("client_secret_basic",),
    headers={"DPoP-Nonce": "The nonce for the next proof, in a realm that demands nonces"},
)
async def token(request: Request) -> Response:
    """client_credentials (RFC 6749 §4.4), with or without DPoP (RFC 9449 §5)."""
    service, realm = service_of(request), await path_realm(request)
    form = await read_form(request)
    client = await authenticate_client(request, form, realm)
    realm = realm or await _realm_of_client(service, client)
    nonce = dpop.fresh_nonce(service, realm, "token")
    try:
        order = _order(request, service, realm, client, form)
        grant = await _grant_type(form)(order)
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
        scope=_scope(order.form, order.client.scopes),
        audience=_audience(order.form),
    )


GRANTS: Mapping[str, Callable[[Order], Awaitable[Grant]]] = {
    "client_credentials": client_credentials,
}


def _order(request: Request, service: Service, realm: Realm, client: Client, form: Form) -> Order:
    """The order with its proof judged, or the refusal of a realm that needs one."""
    wanted = dpop.judged_by(service, realm, request, "token")
    proof = dpop.proof_of(request, wanted)
    if proof is None and realm.dpop_required:
        raise dpop.missing(f"a DPoP proof: realm {realm.name} gives bound tokens only")
    return Order(service, realm, client, form, wanted, proof)


def _grant_type(form: Form) -> Callable[[Order], Awaitable[Grant]]:
    name = one(form, "grant_type")
    if name is None:
        raise Refusal(400, "invalid_request", "grant_type is missing.")
    grant = GRANTS.get(name)
    if grant is None:
        raise Refusal(400, "unsupported_grant_type", f"grant_type is one of: {', '.join(GRANTS)}.")
    return grant


async def _issue(order: Order, grant: Grant) -> dict[str, Any]:
    """Sign the token, and let it out once its proof is used up and its event written."""
    claims = _claims(order, grant)
    signed = await order.service.keys.sign(claims, "at+jwt" if grant.audience else "JWT")

    def record(tx: Connection) -> None:
        if order.proof is not None:
            dpop.use_up(tx, order.realm, order.proof, order.wanted)
        audit.record(
            tx,
            order.realm,
            "token_issued",
            order.client.client_id,
            sponsor=order.client.sponsor,
            scope=grant.scope,
            binding="DPoP" if order.proof else "Bearer",
            jkt=order.proof.thumbprint if order.proof else None,
            token=claims["jti"],
        )

    await order.service.store.write(record)
    return {
        "access_token": signed,
        "token_type": "DPoP" if order.proof else "Bearer",
        "expires_in": TOKEN_LIFETIME,
        "scope": grant.scope,
    }


def _claims(order: Order, grant: Grant) -> dict[str, Any]:
    """The claims of the demo's step 4; `aud` only when the request named one."""
    now = int(clock.now(order.realm))
    claims: dict[str, Any] = {
        "token_type": "access_token",
        "iss": order.service.settings.issuer(order.realm.name),
        "sub": grant.subject,
        "client_id": order.client.client_id,
        "realm": order.realm.name,
        "scope": grant.scope,
        "iat": now,
        "exp": now + TOKEN_LIFETIME,
        "jti": secrets.token_urlsafe(16),
    }
    if grant.audience:
        claims["aud"] = grant.audience[0] if len(grant.audience) == 1 else list(grant.audience)
    if order.proof is not None:
        claims["cnf"] = {"jkt": order.proof.thumbprint}
    return claims


def _scope(form: Form, granted: tuple[str, ...]) -> str:
    """What is asked for, all that was granted when nothing is named. Never more, never less."""
    text = one(form, "scope")
    if text is None:
        return " ".join(granted)
    asked = tuple(dict.fromkeys(scope for scope in text.split(" ") if scope))
    if not asked or any(scope not in granted for scope in asked):
        raise Refusal(
            400, "invalid_scope", f"This client was granted {' '.join(granted)} and nothing more."
        )
    return " ".join(asked)


def _audience(form: Form) -> tuple[str, ...]:
    """`audience` and `resource` values together (RFC 8707, RFC 8693). 400 invalid_target."""
    resources, audiences = form.get("resource", []), form.get("audience", [])
    if not all(map(_is_absolute_uri, resources)):
        raise Refusal(
            400, "invalid_target", "resource is an absolute URI without a fragment (RFC 8707)."
        )
    named = tuple(dict.fromkeys([*audiences, *resources]))
    if len(named) > 10 or any(not value or len(value) > 500 for value in named):
        raise Refusal(400, "invalid_target", "Name at most 10 audiences of at most 500 characters.")
    return named


def _is_absolute_uri(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    plain = value.isascii() and value.isprintable() and " " not in value
    return plain and bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in value


async def _realm_of_client(service: Service, client: Client) -> Realm:
    realm = await service.find_realm(client.realm)
    if realm is None:  # removed between two reads
        raise Refusal(404, "not_found", "The realm of this client is gone.")
    return realm
