"""The sponsors' mailboxes, for lessons to look into."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.schemas import teaching
from dialtone_kit.mock.teaching.owner import GUARDED, guarded
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import read_query
from dialtone_kit.mock.web.responses import json_answer


@describe(
    "The mails sent, newest first",
    answers=teaching.Mails,
    query=teaching.InboxQuery,
    refusals=(400, 401, 503),
    security=GUARDED,
)
@guarded
async def inbox(request: Request) -> Response:
    """What lies in the sponsors' mailboxes. On the real service only the sponsor sees this."""
    service, asked = service_of(request), read_query(request, teaching.InboxQuery)
    box = service.inbox
    assert box is not None  # noqa: S101  (with a secret there is one)
    rows = await service.store.read(lambda tx: box.look(tx, asked.email, asked.realm, asked.limit))
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
