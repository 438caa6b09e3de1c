"""Clearing the count of registrations."""

from __future__ import annotations

from sqlalchemy import delete
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.schemas.teaching import Cleared, RealmChoice
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.teaching.owner import control, seat_of
from dialtone_kit.mock.teaching.realms import named_realm
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer


@control(
    "Forget the counted registrations",
    answers=Cleared,
    body=RealmChoice,
    refusals=(404, 503),
    learners=True,
)
async def clear_limits(request: Request) -> Response:
    """For one realm, or for all public ones if none is named.

    In public realms, a learner clears only their own.
    """
    service = service_of(request)
    sent = await read_json(request, RealmChoice)
    names = list(service.realms)
    if sent.realm is not None:
        names = [(await named_realm(request, sent.realm)).name]
    hits, seat = tables.limit_hits, seat_of(request)
    counted = delete(hits).where(hits.c.realm.in_(names))
    if seat is not None and set(names) <= set(service.realms):
        counted = counted.where(hits.c.seat == seat.number)
    cleared = await service.store.write(lambda tx: tx.execute(counted).rowcount)
    return json_answer({"cleared": cleared}, headers=NO_STORE)
