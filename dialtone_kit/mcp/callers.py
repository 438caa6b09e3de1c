"""Who called a tool: what the gate found out, as the SDK hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from pydantic import Field

from dialtone_kit.base.errors import DialtoneError


class Caller(AccessToken):
    """Who made a call that the gate let through: the SDK's access token, its text kept to itself.

    The text is in no repr and no dump: a tool may return its caller, and logs it.

    `claims` are verified. A server that calls on exchanges `token` for one to the next API, and
    never passes it on.
    """

    token: str = Field(repr=False, exclude=True)


def caller() -> Caller:
    """The caller of the tool that is running. Raises DialtoneError where no gate let it in.

    client.exchange(caller().token, resource=API, key=key)
    """
    found = get_access_token()
    if not isinstance(found, Caller):
        raise DialtoneError("There is no caller here: ask in a tool, behind a DPoPGate.")
    return found


def caller_with(token: str, claims: Mapping[str, Any], resource: str) -> Caller:
    """The caller with these verified `claims`. Another issuer may leave out all but `exp`."""
    subject, client_id = claims.get("sub"), claims.get("client_id") or claims.get("sub")
    return Caller(
        token=token,
        client_id=str(client_id or ""),
        scopes=scopes_in(claims),
        expires_at=int(claims["exp"]),
        resource=resource,
        subject=None if subject is None else str(subject),
        claims=dict(claims),
    )


def scopes_in(claims: Mapping[str, Any]) -> list[str]:
    """The scopes of a token (RFC 9068 §2.2.3)."""
    return str(claims.get("scope") or "").split()
