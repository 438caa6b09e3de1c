"""The sponsors' mailboxes, for lessons to look into."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.schemas.teaching import InboxQuery, Mails
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_query
from dialtone_kit.mock.web.responses import json_answer


@control(
    "The emails sent, newest first",
    answers=Mails,
    query=InboxQuery,
    refusals=(503,),
)
async def inbox(request: Request) -> Response:
    """What is in the sponsors' mailboxes. At the real service, only the sponsor sees this."""
    service, asked = service_of(request), read_query(request, InboxQuery)
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
