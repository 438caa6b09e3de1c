"""An MCP server behind the gate: in this process, or, run as a module, in one of its own.

`python -m tests.support.mcp_scene BASE_URL REALM` prints the server's URL and serves until its
standard input ends.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from mcp.server import MCPServer
from starlette.types import ASGIApp

from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.mcp import DPoPGate, McpDPoP, caller, connected
from dialtone_kit.proofs import build_proof
from dialtone_kit.tokens import Token
from dialtone_kit.wire.recorder import Wire
from tests.support.running_mock import Registered

VERSION = "2026-07-28"
Tools = Callable[[MCPServer[Any]], None]


def no_more(_server: MCPServer[Any]) -> None:
    """The two tools that every server here has are enough."""


def mcp_server(tools: Tools = no_more) -> MCPServer[Any]:
    """Two tools, one harmless and one not, and whatever `tools` adds."""
    server: MCPServer[Any] = MCPServer("notes", log_level="ERROR")

    @server.tool()
    def whoami() -> str:
        return caller().client_id

    @server.tool()
    def delete_all() -> str:
        return "all gone"

    tools(server)
    return server


@contextmanager
def served(
    client: IdentityClient, tools: Tools = no_more, path: str = "/mcp", **options: Any
) -> Iterator[str]:
    """The URL of a server in this process, behind a gate with `options`."""

    def gated(url: str) -> ASGIApp:
        return DPoPGate(mcp_server(tools).streamable_http_app(), url, client, **options)

    with serving(gated, path) as url:
        yield url


@contextmanager
def serving(app_at: Callable[[str], ASGIApp], path: str = "/mcp") -> Iterator[str]:
    """The URL of an app in this process, which is made for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
        server = uvicorn.Server(uvicorn.Config(app_at(url), log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class Agent:
    """A client of the mock: it gets tokens, calls MCP servers, and makes requests by hand."""

    kit: IdentityClient
    key: ProofKey

    @property
    def client_id(self) -> str:
        assert self.kit.credentials is not None
        return self.kit.credentials.client_id

    def token(self, resource: str | list[str], **more: Any) -> Token:
        return self.kit.get_token("openid notes:read", key=self.key, resource=resource, **more)

    async def call_tool(
        self,
        url: str,
        name: str,
        token: Token | None = None,
        wire: Wire | None = None,
        mode: str = "auto",
        **arguments: Any,
    ) -> str:
        """What a tool answers to the SDK's client."""
        auth = McpDPoP(self.key, token or self.token(url), now=self.kit.connection.now)
        async with connected(url, auth, wire, mode=mode) as client:
            answer = await client.call_tool(name, arguments)
            text = str(getattr(answer.content[0], "text", answer.content))
            assert not answer.is_error, text
            return text

    def proof(self, url: str, token: Token, method: str = "POST", **more: Any) -> str:
        text = token.access_token.reveal()
        more.setdefault("now", self.kit.connection.now())
        return build_proof(more.pop("key", self.key), method, url, access_token=text, **more)

    def post(
        self, url: str, token: Token, *proofs: str, scheme: str = "DPoP", **call: Any
    ) -> httpx.Response:
        """A request by hand: one fresh proof, unless `proofs` are given."""
        fields = [("Authorization", f"{scheme} {token.access_token.reveal()}")]
        fields += [("DPoP", proof) for proof in proofs or (self.proof(url, token),)]
        return post(url, fields, **call)


def post(
    url: str,
    fields: list[tuple[str, str]],
    tool: str = "whoami",
    named: str | None = None,
) -> httpx.Response:
    """A tool call as HTTP: `tool` in the body, and in `Mcp-Name` unless `named` says otherwise."""
    about = {"protocolVersion": VERSION, "clientCapabilities": {}}
    meta = {f"io.modelcontextprotocol/{name}": value for name, value in about.items()}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    headers = [
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", VERSION),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", named or tool),
        *fields,
    ]
    call = {**body, "params": {"name": tool, "arguments": {}, "_meta": meta}}
    return httpx.post(url, headers=headers, json=call, trust_env=False, timeout=20)


def agent(registered: Registered, **options: Any) -> Agent:
    """The kit's client for a client that the mock has registered."""
    kit = IdentityClient(registered.mock.base_url, registered.realm, **options)
    kit.credentials = Credentials(
        registered.client_id,
        Secret(registered.client_secret),
        registered.token_url,
        registered.issuer,
        registered.realm,
        tuple(registered.answer["granted_scopes"]),
    )
    return Agent(kit, ProofKey.generate())


def main(base_url: str, realm: str) -> None:
    with served(IdentityClient(base_url, realm)) as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
