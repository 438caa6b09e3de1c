"""The SDK's client, connected through the gate, with a refusal in the server's own words.

async with connected(url, McpDPoP(key, token), lesson.wire) as client:
    await client.call_tool("whoami")
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.mcp.client_auth import McpDPoP, http_client
from dialtone_kit.wire.recorder import Wire


@asynccontextmanager
async def connected(
    url: str, auth: McpDPoP, wire: Wire | None = None, *, mode: str = "auto"
) -> AsyncIterator[Client]:
    """The SDK's client for the server at `url`; `mode` is the SDK's own: "legacy" keeps a session.

    Raises ServiceError if the server turned a request away: the SDK reports no more than that
    there was an error, inside the groups of its tasks. Other errors come as the SDK raises them.
    Raises UnsafeUrl instead of sending the token in the clear.
    """
    require_https_or_loopback(url)
    try:
        async with (
            http_client(auth, wire) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            yield client
    except (MCPError, ExceptionGroup) as problem:
        if auth.refusal is None or not _is_the_sdks_alone(problem):
            raise
        raise auth.refusal from None


def _is_the_sdks_alone(problem: Exception) -> bool:
    """Whether nothing went wrong but what the SDK reports of a response."""
    if isinstance(problem, ExceptionGroup):
        return all(map(_is_the_sdks_alone, problem.exceptions))
    return isinstance(problem, MCPError)
