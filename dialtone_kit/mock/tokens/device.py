"""Device authorization (RFC 8628): for an agent that has no browser, by a person who has one.

The device asks for two codes and polls with one; the person types the other on the page in
device_page.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access.clients import authenticate_client, realm_of_client
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.settings import DEVICE_INTERVAL, DEVICE_LIFETIME
from dialtone_kit.mock.schemas.sent import ClientForm
from dialtone_kit.mock.schemas.tokens import DeviceAuthorization, DeviceAuthorizationForm
from dialtone_kit.mock.tokens import device_grants, refresh
from dialtone_kit.mock.tokens.grant import (
    Effect,
    Grant,
    Order,
    approved_audience,
    asked_audience,
    asked_scope,
)
from dialtone_kit.mock.web.context import path_realm, service_of
from dialtone_kit.mock.web.describe import IN_FORM, describe
from dialtone_kit.mock.web.requests import read_form
from dialtone_kit.mock.web.responses import json_answer

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ENDED = {  # status → what the device gets
    "expired": ("expired_token", "This device code expired. Start again."),
    "denied": ("access_denied", "The person declined."),
    "locked": ("access_denied", "Five wrong codes were entered on the page. Start again."),
    "used": ("invalid_grant", "This device code was already used. Start again."),
}


@describe(
    "Two codes: one for the device to poll with, one for a person to approve with",
    answers=DeviceAuthorization,
    body=DeviceAuthorizationForm,
    form=True,
    refusals=(400, 401, 404, 413, 415, 503),
    security=("client_secret_basic", IN_FORM),
)
async def device_authorization(request: Request) -> Response:
    """RFC 8628 §3.1. A client without a secret sends its client_id alone. The scope, `audience`
    and `resource` asked for here are what the person sees and approves: the token is never for
    more."""
    service, realm = service_of(request), await path_realm(request)
    form = await read_form(request)
    client = await authenticate_client(request, form.parsed(ClientForm), realm, public=True)
    if client.locked:
        raise Refusal(400, "unauthorized_client", "This client is locked.")
    here = realm or await realm_of_client(service, client)
    asked = form.parsed(DeviceAuthorizationForm)
    scope, audience = asked_scope(asked.scope, client.scopes), asked_audience(asked)
    codes = await service.store.write(
        lambda tx: device_grants.open_grant(tx, service, here, client, scope, audience)
    )
    page = f"{service.settings.issuer(here.name)}/device"
    answer = {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={codes.user_code}",
        "expires_in": DEVICE_LIFETIME,
        "interval": DEVICE_INTERVAL,
    }
    return json_answer(answer, headers=NO_STORE)


async def device_code(order: Order) -> Grant:
    """The person's approval, once: an access token for them, and the first refresh token."""
    code = order.form.device_code
    if not code:
        raise Refusal(400, "invalid_request", "device_code is missing.")
    store = order.service.store
    row = await store.read(lambda tx: device_grants.find(tx, order.realm, code))
    if row is None or row.client_id != order.client.client_id:
        raise Refusal(400, "invalid_grant", "This client has no such device code.")
    status = device_grants.status_of(row, order.realm)
    if status == "pending":
        raise await store.write(lambda tx: device_grants.pace(tx, order.realm, row))
    if status != "approved":
        raise Refusal(400, *ENDED[status])
    first = refresh.new_token()
    return Grant(
        subject=row.subject,
        scope=row.scopes,
        audience=approved_audience(order.form, row.audience),
        answer={"refresh_token": first},
        audited={"subject": row.subject},
        effect=_use(row, refresh.begin(order, row, first)),
    )


def _use(row: Any, begin_family: Effect) -> Effect:
    def effect(tx: Connection, claims: Mapping[str, Any]) -> Refusal | None:
        if not device_grants.use(tx, row):
            raise Refusal(400, *ENDED["used"])
        return begin_family(tx, claims)

    return effect
