"""The whole audit trail, for whoever started the service."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.schemas.teaching import AuditTrail, AuditTrailQuery
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_query
from dialtone_kit.mock.web.responses import json_answer


@control(
    "Everyone's audit events, oldest first",
    answers=AuditTrail,
    query=AuditTrailQuery,
    refusals=(503,),
)
async def whole_audit_trail(request: Request) -> Response:
    """For `dialtone audit`. A page shorter than `limit` is the last one for now."""
    service = service_of(request)
    asked = read_query(request, AuditTrailQuery)
    rows = await service.store.read(
        lambda tx: audit.whole_trail(tx, asked.realm, asked.client, asked.after, asked.limit)
    )
    return json_answer({"events": [audit.shown(row) for row in rows]}, headers=NO_STORE)
