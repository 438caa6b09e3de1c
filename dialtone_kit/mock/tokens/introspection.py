"""Introspection (RFC 7662): is this token alive, and what does it say?

Anything but a live token of the caller's realm gets the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.mock.access.clients import authenticate_client, invalid_client, realm_of_client
from dialtone_kit.mock.access.live_tokens import live_token
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.schemas.sent import ClientForm
from dialtone_kit.mock.schemas.tokens import Introspection, TokenQuestion
from dialtone_kit.mock.tokens import refresh
from dialtone_kit.mock.web.context import path_realm, service_of
from dialtone_kit.mock.web.describe import IN_FORM, describe
from dialtone_kit.mock.web.requests import read_form
from dialtone_kit.mock.web.responses import json_answer

INACTIVE = {"active": False}
SHOWN = (
    "scope",
    "client_id",
    "sub",
    "aud",
    "iss",
    "iat",
    "exp",
    "jti",
    "cnf",
    "act",
    "may_act",
    "realm",
)


@describe(
    "Is this token active, and what does it say?",
    answers=Introspection,
    body=TokenQuestion,
    form=True,
    refusals=(400, 401, 404, 413, 415, 503),
    security=("client_secret_basic", IN_FORM),
)
async def introspect(request: Request) -> Response:
    """For a client with a secret, about tokens of its realm. The hint is not needed."""
    service, realm = service_of(request), await path_realm(request)
    form = await read_form(request)
    client = await authenticate_client(request, form.parsed(ClientForm), realm)
    if client.locked:
        raise invalid_client("This client is locked.")
    realm = realm or await realm_of_client(service, client)
    token = form.parsed(TokenQuestion).token
    answer = await _access_token(service, realm, token)
    answer = answer or await _refresh_token(service, realm, client, token)
    return json_answer(answer or INACTIVE, headers=NO_STORE)


async def _access_token(service: Service, realm: Realm, token: str) -> Mapping[str, Any] | None:
    """The answer for a live access token, with its binding (RFC 9449 §6.2)."""
    try:
        claims, _ = await live_token(service, realm, token)
    except TokenRefused:
        return None
    shown = {name: claims[name] for name in SHOWN if name in claims}
    return {"active": True, "token_type": "DPoP" if "cnf" in claims else "Bearer", **shown}


async def _refresh_token(
    service: Service, realm: Realm, client: Client, token: str
) -> Mapping[str, Any] | None:
    """The answer for a live refresh token, given only to the client that holds it."""
    row = await service.store.read(lambda tx: refresh.find(tx, realm, token))
    if row is None or row.used or row.client_id != client.client_id:
        return None
    return {
        "active": True,
        "scope": row.scopes,
        "client_id": row.client_id,
        "sub": row.subject,
        "iss": service.settings.issuer(realm.name),
        "iat": int(row.started_at),
        "exp": int(row.expires_at),
        "realm": realm.name,
    }
