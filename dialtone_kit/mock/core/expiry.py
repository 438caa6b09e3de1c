"""Deletes expired rows in the background, a few at a time, so that no request has to wait."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, Table, delete, select

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.realms import drop_realm
from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import Store, StoreUnavailable

PAUSE = 30.0  # seconds between rounds
BREATH = 0.01  # seconds between batches
BATCH = 50  # rows; takes the writer a few milliseconds


async def keep_clean(store: Store) -> None:
    """Delete expired rows for as long as the service runs."""
    while True:
        try:
            await clean(store)
        except StoreUnavailable as problem:
            log.warning("the clean-up will try again: %s", problem)
        await asyncio.sleep(PAUSE)


async def clean(store: Store) -> int:
    """One round over all tables with expiring rows; returns how many rows were deleted."""
    deleted = 0
    for table in tables.EXPIRING:
        while removed := await store.write(lambda tx, table=table: _remove_batch(tx, table)):  # type: ignore[misc]
            deleted += removed
            await asyncio.sleep(BREATH)
    return deleted + await store.write(_remove_realms)


def _remove_batch(tx: Connection, table: Table) -> int:
    key = next(iter(table.primary_key))
    expired = select(key).where(table.c.forget_at < clock.machine_now()).limit(BATCH)
    return tx.execute(delete(table).where(key.in_(expired))).rowcount


def _remove_realms(tx: Connection) -> int:
    """Delete private realms that nobody removed, for example because a lesson was killed."""
    expired = select(tables.realms.c.name).where(tables.realms.c.forget_at < clock.machine_now())
    names = tx.execute(expired.limit(5)).scalars().all()
    for name in names:
        drop_realm(tx, name)
    return len(names)
