"""Faults that a lesson ordered for its private realm: an error status, a delay, a dropped line.

One comes before the operation runs, or after its effect, when only the answer is lost. SPIFFE's
paths name no realm: a fault there affects everyone, so only a one-person service accepts it.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.schemas.teaching import Cleared, FaultRequest, RealmName
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import StoreUnavailable
from dialtone_kit.mock.store.tables import faults
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.teaching.realms import private_realm
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer, refused

PRIVATE_PATH = re.compile(r"/realms/(lab-[0-9a-f]{12})(?=/)")
MOST_WAITING = 100  # faults in a realm: each request there looks through them
SPIFFE_PATHS = frozenset({"/v1/attest/challenge", "/v1/svid/x509", "/v1/svid/jwt"})


async def act_out_fault(
    service: Service, scope: Scope, receive: Receive, send: Send
) -> Send | None:
    """Act out the fault that is due for this request.

    Returns how the operation's answer goes out; None if the fault ended the request.
    """
    path: str = scope["path"]
    found = PRIVATE_PATH.match(path)
    if found is None and not (path in SPIFFE_PATHS and service.settings.of_one_person):
        return send
    realm = found and found[1]
    try:
        due = await service.store.read(lambda tx: _due(tx, realm, path))
        if due is None:
            return send
        if due.after_effect:
            return _losing(service, scope, receive, send)
        fault = await service.store.write(lambda tx: _take(tx, realm, path, after_effect=False))
    except StoreUnavailable:  # the endpoint will say so itself
        return send
    goes_on = fault is None or await _act_out(fault, scope, receive, send)
    return send if goes_on else None


def _losing(service: Service, scope: Scope, receive: Receive, send: Send) -> Send:
    """A `send` that breaks the answer of an operation that succeeded: its effect is stored."""
    path: str = scope["path"]
    found = PRIVATE_PATH.match(path)
    lost = False

    async def lose(message: Message) -> None:
        nonlocal lost
        if message["type"] == "http.response.start" and message["status"] < 400:
            fault = await _taken_late(service, found and found[1], path)
            lost = fault is not None and not await _act_out(fault, scope, receive, send)
        if not lost:
            await send(message)

    return lose


async def _taken_late(service: Service, realm: str | None, path: str) -> Any:
    """The fault for an answer that is ready; None if the store is unavailable or others took it."""
    try:
        return await service.store.write(lambda tx: _take(tx, realm, path, after_effect=True))
    except StoreUnavailable:
        return None


async def _act_out(fault: Any, scope: Scope, receive: Receive, send: Send) -> bool:
    """Delay, cut or refuse. Returns True if the request continues."""
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
        return True
    if fault.kind == "drop":
        await _drop(receive)
    else:
        await refused(_refusal(fault.status, fault.seconds))(scope, receive, send)
    return False


def _due(tx: Connection, realm: str | None, path: str) -> Any:
    """The oldest fault that waits for this path; of any realm's where the path names none."""
    query = select(faults).order_by(faults.c.id)
    if realm is None:
        return tx.execute(query.where(faults.c.path_suffix == path)).first()
    waiting = tx.execute(query.where(faults.c.realm == realm))
    return next((row for row in waiting.all() if path.endswith(row.path_suffix)), None)


def _take(tx: Connection, realm: str | None, path: str, *, after_effect: bool) -> Any:
    """Take the fault that is due, and count it: two requests never share one turn."""
    row = _due(tx, realm, path)
    if row is not None and bool(row.after_effect) != after_effect:
        return None
    if row is not None:
        mine = faults.c.id == row.id
        change = update(faults).where(mine).values(times_left=row.times_left - 1)
        tx.execute(delete(faults).where(mine) if row.times_left <= 1 else change)
    return row


def _refusal(status: int, seconds: float) -> Refusal:
    """The error that was ordered, in the shape of a real one. `seconds`: for Retry-After."""
    codes = {429: "rate_limited", 503: "temporarily_unavailable"}
    code = codes.get(status, "server_error" if status >= 500 else "invalid_request")
    wait = (("Retry-After", str(max(1, math.ceil(seconds)))),) if status in codes else ()
    return Refusal(status, code, "A fault that a lesson ordered.", wait)


async def _drop(receive: Receive) -> None:
    """Cut the connection without an answer. ASGI can't, so use the transport."""
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is not None:
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


@control(
    "Break the next requests in a private realm",
    answers=Cleared,
    body=FaultRequest,
    refusals=(404, 409, 503),
    learners=True,
)
async def add_fault(request: Request) -> Response:
    """The next `times` requests whose path ends in `path_suffix` get the fault; none are cleared.

    status: an error answer, for 429 and 503 with `Retry-After: seconds`; delay: by `seconds`; drop:
    the connection is cut. Several faults apply in the order in which they were added.

    With `after_effect` the request takes effect, and then its answer is lost; only those that
    succeed count. A whole path of SPIFFE as `path_suffix` (`/v1/svid/x509`) breaks it for every
    caller: 403, unless the service is one person's own, on loopback with a SQLite file. A realm has
    at most 100 faults waiting: 409 for one more.
    """
    service = service_of(request)
    sent = await read_json(request, FaultRequest)
    realm = await private_realm(request, sent.realm)
    if sent.path_suffix in SPIFFE_PATHS and not service.settings.of_one_person:
        raise Refusal(
            403, "access_denied", f"{sent.path_suffix} is shared by everyone who uses this service."
        )
    row = {**sent.model_dump(exclude={"times"}), "realm": realm.name, "times_left": sent.times}
    await service.store.write(lambda tx: _add(tx, row))
    return json_answer({"cleared": 0}, headers=NO_STORE)


def _add(tx: Connection, row: dict[str, Any]) -> None:
    waiting = select(func.count()).select_from(faults).where(faults.c.realm == row["realm"])
    if tx.execute(waiting).scalar_one() >= MOST_WAITING:
        text = f"{MOST_WAITING} faults wait in this realm. Clear them, or order one with `times`."
        raise Refusal(409, "conflict", text)
    tx.execute(insert(faults), row)


@control(
    "Clear the faults that still wait in a private realm",
    answers=Cleared,
    body=RealmName,
    refusals=(404, 503),
    learners=True,
)
async def clear_faults(request: Request) -> Response:
    """All of them; nothing else in the realm changes."""
    service = service_of(request)
    sent = await read_json(request, RealmName)
    realm = await private_realm(request, sent.realm)
    waiting = delete(tables.faults).where(tables.faults.c.realm == realm.name)
    cleared = await service.store.write(lambda tx: tx.execute(waiting).rowcount)
    return json_answer({"cleared": cleared}, headers=NO_STORE)
