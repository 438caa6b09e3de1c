"""Locking and unlocking a client."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access import lineage
from dialtone_kit.mock.access.clients import find_client
from dialtone_kit.mock.core import audit
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.schemas.teaching import ClientLock, LockedClient
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer


@control(
    "Lock or unlock a client",
    answers=LockedClient,
    body=ClientLock,
    refusals=(404, 503),
)
async def lock_client(request: Request) -> Response:
    """A locked client gets no tokens; those it has, and those that came from them, are dead."""
    service = service_of(request)
    sent = await read_json(request, ClientLock)
    await service.store.write(lambda tx: _lock(tx, service, sent))
    lock = {"client_id": sent.client_id, "locked": sent.locked}
    return json_answer(lock, headers=NO_STORE)


def _lock(tx: Connection, service: Service, sent: ClientLock) -> None:
    found = find_client(tx, sent.client_id)
    realm = service.realm_in(tx, found[0].realm) if found is not None else None
    if found is None or realm is None:
        raise Refusal(404, "not_found", "There is no such client.")
    node = lineage.client_node(sent.client_id)
    changed = lineage.revoke(tx, node, None) if sent.locked else lineage.take_back(tx, node)
    if changed:
        event = "client_locked" if sent.locked else "client_unlocked"
        audit.record(tx, realm, event, sent.client_id, sponsor=found[0].sponsor)
