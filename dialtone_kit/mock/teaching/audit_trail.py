"""The whole audit trail, for whoever started the service."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.core.seats import Seat, Seats, realms_of
from dialtone_kit.mock.schemas.teaching import AuditTrail, AuditTrailQuery
from dialtone_kit.mock.store.tables import audit_events, clients
from dialtone_kit.mock.teaching.owner import control, seat_of
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_query
from dialtone_kit.mock.web.responses import json_answer


@control(
    "Everyone's audit events, oldest first",
    answers=AuditTrail,
    query=AuditTrailQuery,
    refusals=(503,),
    learners=True,
)
async def whole_audit_trail(request: Request) -> Response:
    """For `dialtone audit`. A page shorter than `limit` is the last one for now.

    A learner sees the events of their private realms and of the clients that they sponsor.
    """
    service, seat = service_of(request), seat_of(request)
    asked = read_query(request, AuditTrailQuery)

    def look(tx: Connection) -> Any:
        theirs = None if seat is None else _theirs(tx, service.part(Seats), seat)
        return audit.whole_trail(tx, asked.realm, asked.client, asked.after, asked.limit, theirs)

    rows = await service.store.read(look)
    return json_answer({"events": [audit.shown(row) for row in rows]}, headers=NO_STORE)


def _theirs(tx: Connection, seats: Seats, seat: Seat) -> ColumnElement[bool]:
    """The events that this learner may see."""
    sponsored = select(clients.c.client_id).where(seats.is_of(tx, seat, clients.c.sponsor))
    return or_(audit_events.c.realm.in_(realms_of(seat)), audit_events.c.client_id.in_(sponsored))
