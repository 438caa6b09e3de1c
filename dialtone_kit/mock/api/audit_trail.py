"""A client reads its own part of the audit trail."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access.callers import REFUSALS, authorize
from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.schemas.api import AuditPage, AuditPageQuery
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import read_query
from dialtone_kit.mock.web.responses import json_answer

NEWEST = 10**18  # no event has such an id


@describe(
    "Your own audit events, newest first",
    answers=AuditPage,
    query=AuditPageQuery,
    refusals=REFUSALS,
    security=("dpop", "bearer"),
)
async def own_audit_trail(request: Request) -> Response:
    """Use case 5: who did what, when, with whose permission. `next` leads to older events."""
    asked = read_query(request, AuditPageQuery)
    before, limit = asked.before if asked.before is not None else NEWEST, asked.limit
    caller = await authorize(request)
    realm, client_id = caller.realm.name, caller.client.client_id
    rows = await caller.finish(lambda tx: audit.own_trail(tx, realm, client_id, before, limit + 1))
    page = rows[:limit]
    answer: dict[str, object] = {"events": [audit.shown(row) for row in page], "next": None}
    if len(rows) > limit:
        query = urlencode({"before": page[-1].id, "limit": limit})
        base = caller.service.settings.base_url + request.scope["path"]
        answer["next"] = f"{base}?{query}"
    return json_answer(answer, headers=NO_STORE + caller.nonce)
