"""The audit trail: each event is written in the transaction of the effect that it tells of."""

from __future__ import annotations

import json

from sqlalchemy import Connection, insert

from dialtone_kit.mock import clock
from dialtone_kit.mock.settings import Realm
from dialtone_kit.mock.tables import audit_events

_INSERT = insert(audit_events).inline()  # built once; nobody asks for the new id
KEPT = 30 * 24 * 3600  # seconds


def record(
    tx: Connection, realm: Realm, event: str, client_id: str | None = None, **details: object
) -> None:
    """Write down that `event` happened now. `details` hold names and numbers, never a secret."""
    tx.execute(
        _INSERT,
        {
            "at": clock.now(realm),
            "realm": realm.name,
            "event": event,
            "client_id": client_id,
            "details": json.dumps(details, ensure_ascii=False, separators=(",", ":")),
            "forget_at": clock.machine_now() + KEPT,
        },
    )
