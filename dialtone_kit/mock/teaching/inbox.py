"""The sponsors' mailboxes, for lessons to look into."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.schemas import controls, queries
from dialtone_kit.mock.teaching.owner import GUARDED, guarded
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import query_text
from dialtone_kit.mock.web.responses import json_answer


@describe(
    "The mails sent, newest first",
    answers=controls.Inbox,
    query=queries.InboxQuery,
    refusals=(400, 401, 503),
    security=GUARDED,
)
@guarded
async def inbox(request: Request) -> Response:
    """What lies in the sponsors' mailboxes. On the real service only the sponsor sees this."""
    service, asked = service_of(request), request.query_params
    limit = asked.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= 200):
        raise Refusal(400, "invalid_request", "limit: a number from 1 to 200.")
    email, realm = query_text(request, "email"), query_text(request, "realm")
    box = service.inbox
    assert box is not None  # noqa: S101  (with a secret there is one)
    rows = await service.store.read(lambda tx: box.look(tx, email, realm, int(limit)))
    mails = [
        {
            "id": row["id"],
            "to": row["recipient"],
            "subject": row["subject"],
            "sent_at": clock.rfc3339(row["sent_at"]),
            "realm": row["realm"],
            "text": row["text"],
            "code": row["code"],
        }
        for row in rows
    ]
    return json_answer({"mails": mails}, headers=NO_STORE)
