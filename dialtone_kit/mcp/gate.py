"""A gate for MCP servers: a token made for this server, and a proof of its own for each request.

app = DPoPGate(server.streamable_http_app(), "http://127.0.0.1:9000/mcp", client)

It follows SEP-1932, a proposal to MCP, not a standard. Where the proposal lets a proof be five
minutes old, the kit's own rules allow one.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.authentication import AuthCredentials
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dialtone_kit.base.errors import DialtoneError, ProofRefused, ServiceUnreachable, TokenRefused
from dialtone_kit.base.nonces import TimedNonces
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.mcp.callers import Caller, caller_with, scopes_in
from dialtone_kit.mcp.issuer_tokens import IssuerTokens
from dialtone_kit.mcp.metadata import checked_resource, metadata_of, metadata_url
from dialtone_kit.mcp.refusals import TurnedAway, check_head, presented, refused, unavailable
from dialtone_kit.proofs import SeenProofs, check_proof
from dialtone_kit.rules import FirstUse, Request
from dialtone_kit.tokens import bound_thumbprint

READING = ("GET", "HEAD", "OPTIONS")  # OPTIONS comes before a browser's GET
NONCE_PERIOD = 120  # seconds; a nonce is good in its own period and the next


class DPoPGate:
    """ASGI middleware that lets in tokens made for `resource`, each call with a fresh proof.

    `resource` is the URL by which clients call the server, and everything behind the gate counts
    as that one resource: `aud` and `htu` are compared with it, never with the Host header. `client`
    knows the issuer, whose tokens alone are taken, and the time; it needs no credentials. A token
    that was revoked serves until it expires: only introspection would tell.

    A call needs all of `scopes`. With a `nonce_key`, secret bytes that all workers share, each
    proof must carry a nonce. `first_use(thumbprint, jti, keep_until)` remembers used proofs; the
    usual one does in this process only. Raises UnsafeUrl for a `resource` that can't be one.

    HTTP is guarded; other ASGI scopes pass as they are, so a websocket would need its own check.
    Put the gate around the whole app, not below a `Mount`: its metadata's path begins at the root.
    """

    def __init__(
        self,
        app: ASGIApp,
        resource: str,
        client: IdentityClient,
        *,
        scopes: Sequence[str] = (),
        nonce_key: bytes | None = None,
        first_use: FirstUse | None = None,
    ) -> None:
        if isinstance(scopes, str):
            raise DialtoneError(f"`scopes` takes a list: [{scopes!r}], not {scopes!r}.")
        self.resource, self.scopes = checked_resource(resource), tuple(scopes)
        self._app, self._with_caller = app, AuthContextMiddleware(app)
        self._tokens = IssuerTokens(client)
        self._now = client.connection.now
        self._first_use = first_use or SeenProofs(self._now).first_use
        self._nonces = None
        if nonce_key is not None:
            self._nonces = TimedNonces(nonce_key, f"mcp|{resource}|", NONCE_PERIOD, self._now)
        self._metadata_url = metadata_url(resource)
        self._metadata_path = unquote(urlsplit(self._metadata_url).path)
        document = JSONResponse(metadata_of(resource, client.issuer, self.scopes))
        self._metadata = CORSMiddleware(document, allow_origins=["*"], allow_headers=["*"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its caller, publish the metadata, or say what is wrong."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == self._metadata_path and scope["method"] in READING:
            await self._metadata(scope, receive, send)
        else:
            await self._guard(scope, receive, self._with_nonce(send))

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = await self._admit(scope["method"], Headers(scope=scope))
        except (TurnedAway, TokenRefused, ProofRefused) as problem:
            await refused(problem, self._metadata_url, self.scopes)(scope, receive, send)
        except ServiceUnreachable as problem:
            await unavailable(problem)(scope, receive, send)
        else:
            known = {"user": AuthenticatedUser(caller), "auth": AuthCredentials(caller.scopes)}
            await self._with_caller({**scope, **known}, receive, send)

    async def _admit(self, method: str, headers: Headers) -> Caller:
        """The caller: a token made for this server, and a proof by its key for this request."""
        check_head(headers.raw)
        token = presented(headers.getlist("authorization"))
        claims = await self._tokens.verify(token, self.resource)
        bound_to = bound_thumbprint(claims)
        if bound_to is None:
            raise TokenRefused(
                "cnf", "a bearer token is not taken here: it is bound to no key. [M08]"
            )
        request = Request(
            method,
            self.resource,
            self._now(),
            access_token=token,
            bound_to=bound_to,
            nonces=self._nonces,
            first_use=self._first_use,
        )
        check_proof(headers.getlist("dpop"), request)
        if missing := [scope for scope in self.scopes if scope not in scopes_in(claims)]:
            raise TurnedAway(403, "insufficient_scope", f"The token lacks {' '.join(missing)}.")
        return caller_with(token, claims, self.resource)

    def _with_nonce(self, send: Send) -> Send:
        """`send` that puts the next nonce into the response, if nonces are demanded (§8.2)."""
        nonces = self._nonces
        if nonces is None:
            return send

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["DPoP-Nonce"] = nonces.current()
            await send(message)

        return sending
