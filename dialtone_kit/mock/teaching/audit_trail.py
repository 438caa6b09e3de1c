"""The whole audit trail, for whoever started the service."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.schemas.core import AuditTrail
from dialtone_kit.mock.schemas.queries import AuditTrailQuery
from dialtone_kit.mock.teaching.owner import GUARDED, guarded
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import query_text
from dialtone_kit.mock.web.responses import json_answer

MOST = 200
NEWEST = 2**62


@describe(
    "What was recorded of everybody, oldest first",
    answers=AuditTrail,
    query=AuditTrailQuery,
    refusals=(400, 401, 503),
    security=GUARDED,
)
@guarded
async def whole(request: Request) -> Response:
    """For `dialtone audit`. A page shorter than `limit` is the last one for now."""
    service = service_of(request)
    realm, client_id = query_text(request, "realm"), query_text(request, "client")
    after, limit = _number(request, "after", 0), _number(request, "limit", MOST, MOST)
    rows = await service.store.read(
        lambda tx: audit.whole_trail(tx, realm, client_id, after, limit)
    )
    return json_answer({"events": [audit.shown(row) for row in rows]}, headers=NO_STORE)


def _number(request: Request, name: str, default: int, most: int = NEWEST) -> int:
    """A number in the query, at least 0, and where there is a most from 1 to that."""
    text = request.query_params.get(name)
    if text is None:
        return default
    least = 0 if most == NEWEST else 1
    if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
        wanted = f"a number from {least} to {most}" if most < NEWEST else "the id of an event"
        raise Refusal(400, "invalid_request", f"{name}: {wanted}.")
    return int(text)
