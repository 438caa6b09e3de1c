"""A port of this machine on which a lesson serves its MCP server, and what a gate there needs."""

from __future__ import annotations

import atexit
import socket
import threading
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.mcp.metadata import metadata_url
from dialtone_kit.proofs import SeenProofs

PROTOCOL = "2026-07-28"  # MCP's version of that day; older ones have no Mcp-Name
PATIENCE = 3.0  # seconds that a server may take to end


class ToolServer:
    """`url` is where agents call the MCP server that `serve` puts there; it ends with the kernel.

    For a gate: `metadata_url`, `verify(token)`, `now()` in Unix seconds, and
    `first_use(thumbprint, jti, keep_until)`, the memory of used proofs.
    """

    def __init__(self, client: IdentityClient) -> None:
        self._client, self._listener = client, socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self._address[1]}/mcp"
        self.metadata_url = metadata_url(self.url)
        self.now = client.connection.now
        self.first_use = SeenProofs(self.now).first_use
        self._running: tuple[uvicorn.Server, threading.Thread] | None = None
        atexit.register(self.close)

    @hiding
    def verify(self, token: str) -> dict[str, Any]:
        """The claims of an access token made for this server. Raises TokenRefused for any other.

        Signature, issuer, times and `aud` are checked (RFC 9068 §4).
        """
        return self._client.verify(token, audience=self.url)

    def serve(self, app: ASGIApp) -> None:
        """Serve `app` at `url` from now on, in place of the one before; after `close()`, too."""
        self._end()
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(self._address)
            atexit.register(self.close)
        config = uvicorn.Config(
            app,
            http="h11",  # bounds a head, and keeps the body of a request that offers an upgrade
            log_level="error",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        here = [self._listener.dup()]
        thread = threading.Thread(target=server.run, args=(here,), daemon=True)
        thread.start()
        self._running = server, thread

    @hiding
    def post(
        self,
        tool: str,
        headers: dict[str, str] | None = None,
        *,
        auth: httpx.Auth | None = None,
        named: str | None = None,
    ) -> httpx.Response:
        """A tool call as plain HTTP: `tool` in the body, and in `Mcp-Name` unless `named` differs.

        It brings no credentials but those in `headers` or by `auth`.
        """
        about = {"protocolVersion": PROTOCOL, "clientCapabilities": {}}
        meta = {f"io.modelcontextprotocol/{name}": value for name, value in about.items()}
        call = {"name": tool, "arguments": {}, "_meta": meta}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        fields = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": PROTOCOL,
            "Mcp-Method": "tools/call",
            "Mcp-Name": named or tool,
        }
        return self._client.http.post(
            self.url,
            json=body,
            headers=fields | (headers or {}),
            auth=auth or httpx.USE_CLIENT_DEFAULT,
        )

    def close(self) -> None:
        """End the server and give the port back; closing twice is fine."""
        atexit.unregister(self.close)
        self._end()
        self._listener.close()

    def _end(self) -> None:
        if self._running is not None:
            server, thread = self._running
            server.should_exit = True
            thread.join(PATIENCE)
            self._running = None

    def __repr__(self) -> str:
        return f"<ToolServer at {self.url}>"
