"""Move a private realm's time forward."""

from __future__ import annotations

from sqlalchemy import Connection, update
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.schemas.teaching import ClockMove, ClockReading
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.teaching.realms import no_such_realm, private_realm
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer

FARTHEST = 100 * 366 * 86400  # seconds that a realm can be ahead: no calendar reaches past 9999


@control(
    "Move a private realm's time forward",
    answers=ClockReading,
    body=ClockMove,
    refusals=(404, 503),
    learners=True,
)
async def move_clock(request: Request) -> Response:
    """Forward only: going back would open the window of proofs that were used already."""
    service = service_of(request)
    sent = await read_json(request, ClockMove)
    realm = await private_realm(request, sent.realm)
    column = tables.realms.c.offset

    def move(tx: Connection) -> tuple[bool, Realm | None]:
        change = update(tables.realms).where(
            tables.realms.c.name == realm.name, column + sent.move_seconds <= FARTHEST
        )
        done = tx.execute(change.values(offset=column + sent.move_seconds)).rowcount
        return bool(done), service.private_realm(tx, realm.name)

    done, moved = await service.store.write(move)
    if moved is None:
        raise no_such_realm()
    if not done:
        raise Refusal(
            400, "invalid_request", "move_seconds: a realm can be at most 100 years ahead."
        )
    reading = {"realm": moved.name, "offset": moved.offset, "now": clock.now(moved)}
    return json_answer(reading, headers=NO_STORE)
