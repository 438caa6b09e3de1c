"""The rows of a realm: emptying one, and removing a private one."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from dialtone_kit.mock.store import tables


def empty_realm(tx: Connection, name: str) -> int:
    """Delete every row of a realm, except that used proofs stay used. Returns how many."""
    return sum(
        tx.execute(delete(table).where(table.c.realm == name)).rowcount
        for table in tables.OF_A_REALM
    )


def drop_realm(tx: Connection, name: str) -> None:
    """Delete a private realm and all its rows."""
    empty_realm(tx, name)
    tx.execute(delete(tables.realms).where(tables.realms.c.name == name))
