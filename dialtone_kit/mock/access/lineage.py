"""What is dead: whatever was revoked, and all that came from it.

A node is an access token, a family of refresh tokens or a client. An exchanged token comes from
its subject token and from that token's client, an access token of a device from its family.
Nothing is handed down when something is revoked: who asks looks up the line, so that no token
that is being issued at the same moment can slip through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    Connection,
    LargeBinary,
    bindparam,
    delete,
    insert,
    literal,
    literal_column,
    select,
)

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.store.statements import Prepared
from dialtone_kit.mock.store.tables import lineage, revocations

MARGIN = 300  # seconds that a row is kept beyond the last use of what it tells of


def token_node(claims: Mapping[str, Any]) -> bytes:
    """The node of an access token."""
    return sha256(f"token|{claims['realm']}|{claims['jti']}".encode()).digest()


def client_node(client_id: str) -> bytes:
    """The node of a client: revoked, it is locked."""
    return sha256(f"client|{client_id}".encode()).digest()


def is_dead(tx: Connection, claims: Mapping[str, Any]) -> bool:
    """Whether the access token with these claims was revoked, or something that it came from."""
    return _DEAD.run(tx, token=token_node(claims)).fetchone() is not None


def is_revoked(tx: Connection, node: bytes) -> bool:
    """Whether this very node was revoked."""
    return tx.execute(select(literal(1)).where(revocations.c.node == node)).first() is not None


def revoke(tx: Connection, node: bytes, lives_for: float | None) -> bool:
    """Revoke `node`, which would have lived `lives_for` seconds more (None: without end).

    False when it was revoked before.
    """
    if is_revoked(tx, node):
        return False
    forget_at = None if lives_for is None else clock.machine_now() + lives_for + MARGIN
    tx.execute(insert(revocations), {"node": node, "forget_at": forget_at})
    return True


def take_back(tx: Connection, node: bytes) -> bool:
    """Let `node` live again; False when it was not revoked. For clients: a token stays dead."""
    return tx.execute(delete(revocations).where(revocations.c.node == node)).rowcount == 1


def link(tx: Connection, child: Mapping[str, Any], parents: Iterable[bytes]) -> None:
    """Note what the access token with the claims `child` comes from, for as long as it lives."""
    forget_at = clock.machine_now() + (child["exp"] - child["iat"]) + MARGIN
    node = token_node(child)
    rows = [{"child": node, "parent": parent, "forget_at": forget_at} for parent in parents]
    tx.execute(insert(lineage), rows)


def _dead() -> Any:
    """The query for a revoked node among a token and all that it came from."""
    line = select(bindparam("token", type_=LargeBinary).label("node")).cte("line", recursive=True)
    line = line.union(select(lineage.c.parent).join(line, lineage.c.child == line.c.node))
    return select(literal_column("1")).join_from(
        revocations, line, revocations.c.node == line.c.node
    )


_DEAD = Prepared(_dead())
