"""What learners share with their trainer: events of their lessons, for the board and report."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection, func, insert, select
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.schemas.classroom import (
    ClassEvents,
    EventsQuery,
    Received,
    SharedEvent,
    SharedEvents,
)
from dialtone_kit.mock.store.tables import class_events
from dialtone_kit.mock.teaching.owner import control, seat_of
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json, read_query
from dialtone_kit.mock.web.responses import json_answer

MOST_OF_A_SEAT = 20_000
MINUTE, MOST_IN_A_MINUTE = 60, 600  # a first call brings all that happened so far
Row = dict[str, object]


@control(
    "Share events of your lessons with your trainer",
    answers=Received,
    body=SharedEvents,
    refusals=(409, 429, 503),
    learners=True,
)
async def share_events(request: Request) -> Response:
    """An event that comes again, by seat, series and number, is stored once."""
    seat, service = seat_of(request), service_of(request)
    sent = await read_json(request, SharedEvents)
    if seat is None:
        raise Refusal(403, "access_denied", "Only learners share events, each with their token.")
    received = await service.store.write(lambda tx: _store(tx, seat.number, sent))
    if isinstance(received, Refusal):
        raise received
    return json_answer({"received": received}, headers=NO_STORE)


@control(
    "The events that learners shared, oldest first",
    answers=ClassEvents,
    query=EventsQuery,
    refusals=(503,),
)
async def shared_events(request: Request) -> Response:
    """For the board and the report. A page shorter than `limit` is the last one for now."""
    asked = read_query(request, EventsQuery)
    newer = select(class_events).where(class_events.c.id > asked.after)
    page = newer.order_by(class_events.c.id).limit(asked.limit)
    rows = await service_of(request).store.read(lambda tx: tx.execute(page).all())
    events = [
        {
            "id": row.id,
            "seat": row.seat,
            "received_at": clock.rfc3339(row.received_at),
            "event": orjson.loads(row.event),
        }
        for row in rows
    ]
    return json_answer({"events": events}, headers=NO_STORE)


def _store(tx: Connection, seat: int, sent: SharedEvents) -> int | Refusal:
    """Store what is new; how many that was."""
    mine = class_events.c.seat == seat
    known = select(class_events.c.number).where(mine, class_events.c.series == sent.series)
    numbers = [event.number for event in sent.events]
    held = set(tx.execute(known.where(class_events.c.number.in_(numbers))).scalars())
    new = {event.number: event for event in sent.events if event.number not in held}
    now, count = clock.machine_now(), select(func.count()).select_from(class_events).where(mine)
    if tx.execute(count).scalar_one() + len(new) > MOST_OF_A_SEAT:
        return Refusal(409, "conflict", f"A seat can share {MOST_OF_A_SEAT} events, not more.")
    lately = count.where(class_events.c.received_at > now - MINUTE)
    if tx.execute(lately).scalar_one() + len(new) > MOST_IN_A_MINUTE:
        text = f"A seat can share {MOST_IN_A_MINUTE} events a minute. Try again in {MINUTE} s."
        return Refusal(429, "rate_limited", text, (("Retry-After", str(MINUTE)),))
    if new:
        tx.execute(insert(class_events), [_row(seat, sent.series, now, new[n]) for n in new])
    return len(new)


def _row(seat: int, series: str, now: float, event: SharedEvent) -> Row:
    members = orjson.dumps(event.model_dump(exclude_none=True)).decode()
    return {
        "seat": seat,
        "series": series,
        "number": event.number,
        "received_at": now,
        "event": members,
    }
