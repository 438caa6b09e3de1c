"""Forgetting what is over, in the background and a little at a time, so that no request waits."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, Table, delete, select

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.realms import drop_realm
from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import Store, StoreUnavailable

PAUSE = 30.0  # seconds between two rounds
BREATH = 0.01  # seconds between two batches of one round
BATCH = 50  # rows: a few milliseconds in the writer


async def keep_clean(store: Store) -> None:
    """Remove expired rows for as long as the service runs."""
    while True:
        try:
            await clean(store)
        except StoreUnavailable as problem:
            log.warning("the clean-up waits: %s", problem)
        await asyncio.sleep(PAUSE)


async def clean(store: Store) -> int:
    """One round over every table that expires; returns how many rows went."""
    gone = 0
    for table in tables.EXPIRING:
        while removed := await store.write(lambda tx, table=table: _remove_batch(tx, table)):  # type: ignore[misc]
            gone += removed
            await asyncio.sleep(BREATH)
    return gone + await store.write(_remove_realms)


def _remove_batch(tx: Connection, table: Table) -> int:
    key = next(iter(table.primary_key))
    over = select(key).where(table.c.forget_at < clock.machine_now()).limit(BATCH)
    return tx.execute(delete(table).where(key.in_(over))).rowcount


def _remove_realms(tx: Connection) -> int:
    """Private realms that nobody removed: a killed lesson's."""
    over = select(tables.realms.c.name).where(tables.realms.c.forget_at < clock.machine_now())
    names = tx.execute(over.limit(5)).scalars().all()
    for name in names:
        drop_realm(tx, name)
    return len(names)
