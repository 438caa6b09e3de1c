"""The client's side: a fresh proof for each request that the SDK's client sends.

httpx2.AsyncClient(auth=McpDPoP(key, token))

It follows SEP-1932, a proposal to MCP, not a standard.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from typing import Any

import httpx2

from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import ServiceError
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.client.trust import no_tls, trust
from dialtone_kit.wire.recorder import Wire

TIMEOUT = httpx2.Timeout(30, read=300)  # seconds; a stream of events may be silent for long


class McpDPoP(DPoPAuth, httpx2.Auth):  # type: ignore[misc]  # httpx2 has httpx's own interface
    """`DPoPAuth` for httpx2, the HTTP library of the MCP SDK; made with a key and a token.

    Raises UnsafeUrl instead of sending the token in the clear. `refusal` is how the server turned
    the last request away, if it did.
    """

    requires_response_body = False  # it may be a stream that stays open; the nonce is in a header
    refusal: ServiceError | None = None

    def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """httpx2 calls this for each send."""
        require_https_or_loopback(str(request.url))
        flow = super().auth_flow(request)
        sent = next(flow)
        with suppress(StopIteration):
            while True:
                response = yield sent
                self.refusal = _refusal(response.status_code, response.headers)
                sent = flow.send(response)

    def _demands_nonce(self, response: Any) -> bool:
        refusal = _refusal(response.status_code, response.headers)
        return refusal is not None and refusal.error == "use_dpop_nonce"


def _refusal(status: int, headers: httpx2.Headers) -> ServiceError | None:
    """What the DPoP challenge of a response says, if there is one (RFC 9449 §7.1)."""
    for field in headers.get_list("WWW-Authenticate"):
        for challenge in challenges(field):
            if challenge.scheme.lower() == "dpop":
                said = challenge.parameters.get
                text = said("error_description") or "Send a token and a proof, as DPoP."
                return ServiceError(status, said("error") or "unauthorized", text, dict(headers))
    return None


class _Network(httpx2.AsyncBaseTransport):
    """The network, which loads certificates only for https: a server on this machine needs none."""

    def __init__(self) -> None:
        self._ways: dict[str, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        scheme = request.url.scheme
        if scheme not in self._ways:
            verify = trust() if scheme == "https" else no_tls()
            self._ways[scheme] = httpx2.AsyncHTTPTransport(verify=verify)
        return await self._ways[scheme].handle_async_request(request)

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()


def http_client(auth: McpDPoP, wire: Wire | None = None) -> httpx2.AsyncClient:
    """An HTTP client for the SDK's `streamable_http_client`, whose requests are proved by `auth`.

    `connected` makes one. What it sends is recorded in `wire`, without its secrets. It calls the
    server directly, whatever proxy the environment names.
    """
    network = _Network()
    transport = wire.async_transport(network) if wire else network
    return httpx2.AsyncClient(auth=auth, transport=transport, timeout=TIMEOUT)
