"""Clearing the count of registrations."""

from __future__ import annotations

from sqlalchemy import delete
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.schemas.teaching import Cleared, RealmChoice
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.teaching.realms import named_realm
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer


@control(
    "Forget the counted registrations",
    answers=Cleared,
    body=RealmChoice,
    refusals=(404, 503),
)
async def clear_limits(request: Request) -> Response:
    """For one realm, or for all public ones if none is named."""
    service = service_of(request)
    sent = await read_json(request, RealmChoice)
    names = list(service.realms)
    if sent.realm is not None:
        names = [(await named_realm(service, sent.realm)).name]
    hits = tables.limit_hits
    cleared = await service.store.write(
        lambda tx: tx.execute(delete(hits).where(hits.c.realm.in_(names))).rowcount
    )
    return json_answer({"cleared": cleared}, headers=NO_STORE)
