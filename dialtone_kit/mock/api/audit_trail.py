"""A client reads its own part of the audit trail."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access.callers import REFUSALS, authorize
from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.schemas.core import AuditPage
from dialtone_kit.mock.schemas.queries import AuditPageQuery
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.responses import json_answer

SHOWN, MOST = 50, 200  # events on a page
NEWEST = 2**62


@describe(
    "What was recorded of you, newest first",
    answers=AuditPage,
    query=AuditPageQuery,
    refusals=REFUSALS,
    security=("dpop", "bearer"),
)
async def events(request: Request) -> Response:
    """Use case 5: which agent did what, when, with whose leave. `next` leads to older events."""
    before, limit = _number(request, "before", NEWEST), _number(request, "limit", SHOWN, MOST)
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
