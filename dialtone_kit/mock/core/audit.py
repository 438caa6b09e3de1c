"""The audit trail: each event is written in the same transaction as the effect it records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, insert, select

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.store.statements import Prepared
from dialtone_kit.mock.store.tables import audit_events

_INSERT = Prepared(
    insert(audit_events), ("at", "realm", "event", "client_id", "details", "forget_at")
)
KEPT = 30 * 24 * 3600  # seconds


def record(
    tx: Connection, realm: Realm, event: str, client_id: str | None = None, **details: object
) -> None:
    """Record that `event` happened now. `details` hold names and numbers, never a secret.

    In an attack lab the event also names the check that would have refused the request.
    """
    if realm.let_through:
        details["let_through"] = realm.let_through[-1]
    _INSERT.run(
        tx,
        at=clock.now(realm),
        realm=realm.name,
        event=event,
        client_id=client_id,
        details=orjson.dumps(details).decode(),
        forget_at=clock.machine_now() + KEPT,
    )


def own_trail(tx: Connection, realm: str, client_id: str, before: int, limit: int) -> list[Any]:
    """Up to `limit` events of one client, newest first, from before the event with id `before`."""
    mine = (audit_events.c.realm == realm, audit_events.c.client_id == client_id)
    query = select(audit_events).where(*mine, audit_events.c.id < before)
    return list(tx.execute(query.order_by(audit_events.c.id.desc()).limit(limit)).all())


def whole_trail(
    tx: Connection,
    realm: str | None,
    client_id: str | None,
    after: int,
    limit: int,
    within: ColumnElement[bool] | None = None,
) -> list[Any]:
    """Up to `limit` events after the one with id `after`, oldest first.

    `within`: a condition on the rows of the table, for a reader who may not see all.
    """
    query: Select[Any] = select(audit_events).where(audit_events.c.id > after)
    if within is not None:
        query = query.where(within)
    if realm is not None:
        query = query.where(audit_events.c.realm == realm)
    if client_id is not None:
        query = query.where(audit_events.c.client_id == client_id)
    return list(tx.execute(query.order_by(audit_events.c.id).limit(limit)).all())


def shown(row: Any) -> dict[str, Any]:
    """An event as JSON members, named as in the demo's use case 5."""
    event = {
        "id": row.id,
        "timestamp": clock.rfc3339(row.at),
        "event": row.event,
        "realm": row.realm,
        "client_id": row.client_id,
    }
    if row.event == "authorization_decision" and row.client_id is not None:
        event["principal"] = row.client_id
    for name, value in orjson.loads(row.details).items():
        event |= _MEMBERS[name](value) if name in _MEMBERS else {name: value}
    return event


def _words(value: str | list[str]) -> list[str]:
    return value.split() if isinstance(value, str) else value


_MEMBERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "sponsor": lambda value: {"sponsor_email": value},
    "scope": lambda value: {"granted_scopes": _words(value)},
    "scopes": lambda value: {"granted_scopes": _words(value)},
    "requested": lambda value: {"requested_scopes": _words(value)},
    "binding": lambda value: {"token_binding": value.lower()},
    "jkt": lambda value: {"dpop_thumbprint": f"sha256:{value}"} if value else {},
    "policy": lambda value: {"policy_id": value},
    "token": lambda value: {"token_id": value},
}
