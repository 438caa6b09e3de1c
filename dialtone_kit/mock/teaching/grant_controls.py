"""Two more controls: lock a client, rotate the signing keys. What guards them is in controls.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access import lineage
from dialtone_kit.mock.access.clients import find_client
from dialtone_kit.mock.core import audit, clock, signing_keys
from dialtone_kit.mock.core.service import Service, service_of
from dialtone_kit.mock.schemas import controls
from dialtone_kit.mock.spiffe import authority
from dialtone_kit.mock.teaching.controls import GUARDED, guarded
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import NO_STORE, Refusal, json_answer


@describe(
    "Lock a client, or let it in again",
    answers=controls.LockedClient,
    body=controls.ClientLock,
    refusals=(400, 401, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def lock_client(request: Request) -> Response:
    """A locked client gets no token, and those that it has, or that came from them, are dead."""
    service = service_of(request)
    sent = await read_json(request, controls.ClientLock)
    await service.store.write(lambda tx: _lock(tx, service, sent))
    told = {"client_id": sent.client_id, "locked": sent.locked}
    return json_answer(told, headers=NO_STORE)


@describe(
    "Rotate the keys: those that sign access tokens, and SPIFFE's roots",
    answers=controls.RotatedKeys,
    status=201,
    refusals=(401, 503),
    security=GUARDED,
)
@guarded
async def rotate_keys(request: Request) -> Response:
    """New keys are published at once and sign when everybody knows them; nothing live breaks.

    The trust bundle holds both roots meanwhile, and its `spiffe_sequence` rises.
    """
    service = service_of(request)
    return json_answer(await service.store.write(lambda tx: _rotate(tx, service)), 201, NO_STORE)


def _rotate(tx: Connection, service: Service) -> dict[str, Any]:
    """All new keys in one transaction; what is told of them."""
    domain = service.spiffe.trust_domain
    new, roots = signing_keys.rotate(tx, service.settings.keys_fresh), authority.rotate(tx, domain)
    bundle = authority.bundle(tx, domain, clock.machine_now())
    sequence = bundle["spiffe_sequence"]
    audit.record(
        tx, service.realms["default"], "keys_rotated", kid=new.kid, spiffe_sequence=sequence
    )
    return {
        "kid": new.kid,
        **_times(new),
        "spiffe": {**_times(roots), "spiffe_sequence": sequence},
    }


def _times(new: signing_keys.Rotation | authority.Rotation) -> dict[str, str]:
    return {
        "signs_from": clock.rfc3339(new.sign_from),
        "old_until": clock.rfc3339(new.old_until),
    }


def _lock(tx: Connection, service: Service, sent: controls.ClientLock) -> None:
    found = find_client(tx, sent.client_id)
    realm = service.realm_in(tx, found[0].realm) if found is not None else None
    if found is None or realm is None:
        raise Refusal(404, "not_found", "There is no such client.")
    node = lineage.client_node(sent.client_id)
    changed = lineage.revoke(tx, node, None) if sent.locked else lineage.take_back(tx, node)
    if changed:
        event = "client_locked" if sent.locked else "client_unlocked"
        audit.record(tx, realm, event, sent.client_id, sponsor=found[0].sponsor)
