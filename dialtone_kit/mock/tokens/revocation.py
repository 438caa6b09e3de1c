"""Revocation (RFC 7009): a client takes back its own tokens, at once and everywhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.mock.access import lineage
from dialtone_kit.mock.access.clients import authenticate_client, realm_of_client
from dialtone_kit.mock.access.live_tokens import live_token
from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.schemas.sent import ClientForm
from dialtone_kit.mock.schemas.tokens import Revoked, TokenQuestion
from dialtone_kit.mock.tokens import refresh
from dialtone_kit.mock.web.context import path_realm, service_of
from dialtone_kit.mock.web.describe import IN_FORM, describe
from dialtone_kit.mock.web.requests import read_form
from dialtone_kit.mock.web.responses import json_answer


@describe(
    "Revoke a token, and all that came from it",
    answers=Revoked,
    body=TokenQuestion,
    form=True,
    refusals=(400, 401, 404, 413, 415, 503),
    security=("client_secret_basic", IN_FORM),
)
async def revoke(request: Request) -> Response:
    """200 also for a token that is unknown or already dead; 400 for another client's."""
    service, realm = service_of(request), await path_realm(request)
    form = await read_form(request)
    client = await authenticate_client(request, form.parsed(ClientForm), realm, public=True)
    realm = realm or await realm_of_client(service, client)
    token = form.parsed(TokenQuestion).token
    if not await _revoke_refresh_token(service, realm, client, token):
        await _revoke_access_token(service, realm, client, token)
    return json_answer({}, headers=NO_STORE)


async def _revoke_refresh_token(service: Service, realm: Realm, client: Client, token: str) -> bool:
    """End the family of this refresh token, used or not; False if it is not a live one."""
    row = await service.store.read(lambda tx: refresh.find(tx, realm, token))
    if row is None:
        return False
    _must_be_own(client, row.client_id)
    await service.store.write(
        lambda tx: refresh.revoke_family(tx, realm, row, client.client_id, "asked for")
    )
    return True


async def _revoke_access_token(service: Service, realm: Realm, client: Client, token: str) -> None:
    try:
        claims, _ = await live_token(service, realm, token)
    except TokenRefused:
        return
    _must_be_own(client, claims["client_id"])
    await service.store.write(lambda tx: _revoke(tx, realm, claims))


def _revoke(tx: Connection, realm: Realm, claims: dict[str, Any]) -> None:
    if lineage.revoke(tx, lineage.token_node(claims), claims["exp"] - clock.now(realm)):
        audit.record(
            tx,
            realm,
            "revocation",
            claims["client_id"],
            kind="access_token",
            reason="asked for",
            token=claims["jti"],
            subject=claims["sub"],
        )


def _must_be_own(client: Client, client_id: str) -> None:
    if client.client_id != client_id:
        raise Refusal(400, "invalid_request", "This token was issued to another client.")
