"""Revocation: a token is dead if it, or anything it was derived from, was revoked.

A node is an access token, a family of refresh tokens or a client. An exchanged token is derived
from its subject token and from that token's client, a device's access token from its family.
Revoking marks one node and nothing else; each check looks up the whole line of descent. So no token
that is being issued at that moment can slip through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    CTE,
    Connection,
    LargeBinary,
    bindparam,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
)

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.store.statements import Prepared
from dialtone_kit.mock.store.tables import lineage, revocations


def token_node(claims: Mapping[str, Any]) -> bytes:
    """The node of an access token."""
    return sha256(f"token|{claims['realm']}|{claims['jti']}".encode()).digest()


def client_node(client_id: str) -> bytes:
    """The node of a client. A revoked client is locked."""
    return sha256(f"client|{client_id}".encode()).digest()


def is_dead(tx: Connection, claims: Mapping[str, Any]) -> bool:
    """Whether the access token with these claims, or anything it was derived from, was revoked."""
    return _DEAD.run(tx, token=token_node(claims)).fetchone() is not None


def is_revoked(tx: Connection, node: bytes) -> bool:
    """Whether this node itself was revoked."""
    return tx.execute(select(literal(1)).where(revocations.c.node == node)).first() is not None


def revoke(tx: Connection, node: bytes, lives_for: float | None) -> bool:
    """Revoke `node`, which would live for another `lives_for` seconds (None: without end).

    Returns False if it was already revoked.
    """
    if is_revoked(tx, node):
        return False
    forget_at = None if lives_for is None else clock.machine_now() + lives_for + clock.MARGIN
    tx.execute(insert(revocations), {"node": node, "forget_at": forget_at})
    return True


def take_back(tx: Connection, node: bytes) -> bool:
    """Undo a revocation; False if there was none. For clients only: a token stays revoked."""
    return tx.execute(delete(revocations).where(revocations.c.node == node)).rowcount == 1


def link(tx: Connection, child: Mapping[str, Any], parents: Iterable[bytes]) -> None:
    """Record what the access token with the claims `child` was derived from, while it lives."""
    forget_at = clock.machine_now() + (child["exp"] - child["iat"]) + clock.MARGIN
    node = token_node(child)
    rows = [{"child": node, "parent": parent, "forget_at": forget_at} for parent in parents]
    tx.execute(insert(lineage), rows)


def derived_from(tx: Connection, claims: Mapping[str, Any]) -> int:
    """How many tokens and clients the access token with these claims was derived from."""
    line = select(func.count()).select_from(_line())
    return int(tx.execute(line, {"token": token_node(claims)}).scalar_one()) - 1


def _line() -> CTE:
    """A token and everything it was derived from."""
    line = select(bindparam("token", type_=LargeBinary).label("node")).cte("line", recursive=True)
    return line.union(select(lineage.c.parent).join(line, lineage.c.child == line.c.node))


def _dead() -> Any:
    """The query for a revoked node among a token and everything it was derived from."""
    line = _line()
    return select(literal_column("1")).join_from(
        revocations, line, revocations.c.node == line.c.node
    )


_DEAD = Prepared(_dead())
