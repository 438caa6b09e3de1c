"""Deletes expired rows in the background, a few at a time, so that no request has to wait.

The audit trail has a bound in rows, too, and the space of deleted rows goes back to the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, Table, delete, func, select

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.realm_rows import drop_realm
from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.core.settings import AUDIT_ROWS
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import Store, StoreUnavailable

PAUSE = 30.0  # seconds between rounds
BREATH = 0.01  # seconds between batches
BATCH = 200  # rows; takes the writer a few milliseconds


async def keep_clean(store: Store, audit_rows: int) -> None:
    """Delete expired rows for as long as the service runs."""
    housekeeping = clock.Housekeeping()
    while True:
        try:
            await clean(store, audit_rows, housekeeping.now)
        except StoreUnavailable as problem:
            log.warning("the clean-up will try again: %s", problem)
        await asyncio.sleep(PAUSE)


async def clean(
    store: Store, audit_rows: int = AUDIT_ROWS, now: Callable[[], float] = clock.machine_now
) -> int:
    """One round over all tables with expiring rows; returns how many rows were deleted.

    `audit_rows`: of each realm's audit trail, as many of the newest are kept. `now` gives the time
    by which rows are over, in Unix seconds.
    """
    deleted = await _shorten_trails(store, audit_rows)
    for table in tables.EXPIRING:
        while removed := await store.write(lambda tx, of=table: _remove_batch(tx, of, now())):  # type: ignore[misc]
            deleted += removed
            await asyncio.sleep(BREATH)
    deleted += await store.write(lambda tx: _remove_realms(tx, now()))
    while await store.give_back():
        await asyncio.sleep(BREATH)
    return deleted


async def _shorten_trails(store: Store, kept: int) -> int:
    deleted = 0
    for realm, last in await store.read(lambda tx: _too_long(tx, kept)):
        while removed := await store.write(lambda tx, of=realm, to=last: _cut(tx, of, to)):  # type: ignore[misc]
            deleted += removed
            await asyncio.sleep(BREATH)
    return deleted


def _too_long(tx: Connection, kept: int) -> list[tuple[str, int]]:
    """The realms with more than `kept` events, and the id of the newest one to go in each."""
    table = tables.audit_events
    first, last = tx.execute(select(func.min(table.c.id), func.max(table.c.id))).one()
    if first is None or last - first < kept:  # spares most services the counting
        return []
    counted = select(table.c.realm).group_by(table.c.realm).having(func.count() > kept)
    newest = select(table.c.id).order_by(table.c.id.desc()).offset(kept).limit(1)
    return [
        (realm, tx.execute(newest.where(table.c.realm == realm)).scalar_one())
        for realm in tx.execute(counted).scalars().all()
    ]


def _cut(tx: Connection, realm: str, last: int) -> int:
    """Delete a batch of the realm's oldest events, up to the one with the id `last`."""
    table = tables.audit_events
    old = select(table.c.id).where(table.c.realm == realm, table.c.id <= last)
    batch = old.order_by(table.c.id).limit(BATCH)
    return tx.execute(delete(table).where(table.c.id.in_(batch))).rowcount


def _remove_batch(tx: Connection, table: Table, now: float) -> int:
    key = next(iter(table.primary_key))
    expired = select(key).where(table.c.forget_at < now).limit(BATCH)
    return tx.execute(delete(table).where(key.in_(expired))).rowcount


def _remove_realms(tx: Connection, now: float) -> int:
    """Delete private realms that no one removed, for example because a lesson was killed."""
    expired = select(tables.realms.c.name).where(tables.realms.c.forget_at < now)
    names = tx.execute(expired.limit(5)).scalars().all()
    for name in names:
        drop_realm(tx, name)
    return len(names)
