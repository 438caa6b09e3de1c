"""The sponsors' mailboxes, for lessons to look into."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.email import NotAnAddress, canonical_email, one_address
from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.mail import KEPT
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.seats import Seat, Seats, realms_of
from dialtone_kit.mock.schemas.classroom import Address
from dialtone_kit.mock.schemas.teaching import InboxQuery, Mails
from dialtone_kit.mock.store.tables import addresses_of_seats, mails
from dialtone_kit.mock.teaching.owner import control, seat_of
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json, read_query
from dialtone_kit.mock.web.responses import json_answer, no_content

MOST_ADDRESSES = 500  # that one seat may claim; a lesson takes a few


@control(
    "The emails sent, newest first",
    answers=Mails,
    query=InboxQuery,
    refusals=(503,),
    learners=True,
)
async def inbox(request: Request) -> Response:
    """What is in the sponsors' mailboxes. At the real service, only the sponsor sees this.

    A learner sees the emails to their own addresses, and all of their private realms.
    """
    service, asked = service_of(request), read_query(request, InboxQuery)
    box, seat = service.inbox, seat_of(request)
    assert box is not None  # noqa: S101  (with a secret there is one)

    def look(tx: Connection) -> Any:
        theirs = None if seat is None else _theirs(tx, service.part(Seats), seat)
        return box.look(tx, asked.email, asked.realm, asked.limit, theirs)

    rows = await service.store.read(look)
    found = [
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
    return json_answer({"mails": found}, headers=NO_STORE)


@control(
    "An address whose emails you want to see, in a class",
    answers=None,
    status=204,
    body=Address,
    refusals=(409, 503),
    learners=True,
)
async def claim_address(request: Request) -> Response:
    """Before you register with it: emails from earlier stay hidden. 409 when it's someone else's.

    The address in the roster is yours already, and so is the same with `+anything` before the @.
    """
    seat, service = seat_of(request), service_of(request)
    sent = await read_json(request, Address)
    try:
        address = canonical_email(one_address(sent.email.strip()))
    except NotAnAddress as problem:
        raise Refusal(400, "invalid_request", f"email: {problem}") from None
    if seat is not None:
        await service.store.write(lambda tx: _claim(tx, service.part(Seats), seat, address))
    return no_content()


def _claim(tx: Connection, seats: Seats, seat: Seat, address: str) -> None:
    holder, table = seats.of_address(tx, address), addresses_of_seats
    if holder is not None:
        if holder.number == seat.number:
            return
        text = "This address belongs to someone else in the class. Use one of your own."
        raise Refusal(409, "conflict", text)
    tx.execute(delete(table).where(table.c.address == address))  # of a seat that is gone
    held = select(func.count()).select_from(table).where(table.c.seat == seat.number)
    if tx.execute(held).scalar_one() >= MOST_ADDRESSES:
        text = f"Your seat has used {MOST_ADDRESSES} addresses. Use one of them again."
        raise Refusal(409, "conflict", text)
    now = clock.machine_now()
    row = {"address": address, "seat": seat.number, "since": now, "forget_at": now + audit.KEPT}
    tx.execute(insert(table), row)


def _theirs(tx: Connection, seats: Seats, seat: Seat) -> ColumnElement[bool]:
    """The emails that this learner may see; a claimed address shows what came since its claim."""
    since = (
        select(addresses_of_seats.c.since)
        .where(addresses_of_seats.c.address == func.lower(mails.c.recipient))
        .scalar_subquery()
    )
    to_them = and_(
        seats.is_of(tx, seat, mails.c.recipient),
        mails.c.forget_at - KEPT >= func.coalesce(since, 0),
    )
    return or_(mails.c.realm.in_(realms_of(seat)), to_them)
