"""The gate: from a connection's request to the one operation that answers it.

No operation sees a request with a head over 64 KiB or, except for the pages, a foreign Host.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property, lru_cache

import orjson
from starlette.routing import Router
from starlette.types import Lifespan, Receive, Scope, Send

from dialtone_kit.mock.core.refusal import Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import MAX_HEAD
from dialtone_kit.mock.web import openapi
from dialtone_kit.mock.web.dates import dated
from dialtone_kit.mock.web.describe import Operation
from dialtone_kit.mock.web.requests import values_in
from dialtone_kit.mock.web.responses import answer, refused
from dialtone_kit.mock.web.routes import Place, Routes

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
# Runs before the operation, to act out a fault. Returns the `send` for the operation's answer, or
# None if it has answered itself.
Instead = Callable[[Service, Scope, Receive, Send], Awaitable[Send | None]]


class Gate:
    """The service as an ASGI application."""

    def __init__(
        self,
        service: Service,
        operations: Sequence[Operation],
        lifespan: Lifespan[Gate],
        instead: Instead,
        moved: Mapping[str, str] | None = None,
    ) -> None:
        self.service = service
        self._operations, self._routes = operations, Routes(operations, moved)
        self._hosts, self._instead = service.settings.hosts, instead
        self._lifespan = Router(lifespan=lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"], scope["service"] = self, self.service
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        send = await dated(self.service, scope["path"], send)
        place, scope["path_params"] = self._routes.find(_path_of(scope))
        try:
            self._admit(scope, place)
            given = await self._instead(self.service, scope, receive, send)
            if given is None:
                return
            operation = place.operation(scope["method"])
        except Refusal as refusal:
            await refused(refusal)(scope, receive, send)
            return
        scope["description"] = operation.description
        await answer(operation.handler, scope, receive, given)

    @cached_property
    def openapi(self) -> bytes:
        """The OpenAPI document, in JSON; made when it is first asked for."""
        return orjson.dumps(openapi.document(self._operations, self.service.settings.base_url))

    def close(self) -> None:
        """Let go of the store, for a caller that only wanted it prepared."""
        self.service.store.close()

    def _admit(self, scope: Scope, place: Place) -> None:
        """431 for a head that is too long, 400 without one good Host, 421 under a foreign one.

        HTTP/1.0 has no Host, and no browser speaks it: there it may be missing.

        The pages may come through a hub's proxy, which passes the hub's own name on. They need a
        random id or code, and one from a mailbox, so a rebound name gains nothing there.
        """
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD:
            raise _long_head()
        hosts = values_in(scope, "host")
        if not hosts and scope["http_version"] == "1.0":
            return
        if len(hosts) != 1:
            raise _no_single_host()
        if _name_in(hosts[0]) not in self._hosts and not place.page:
            log.warning("a request under a foreign Host was refused")
            raise _foreign_host()


def _path_of(scope: Scope) -> str:
    """The path. An encoded slash separates nothing (RFC 3986 §2.2), and no path here has one."""
    return "//" if b"%2f" in scope["raw_path"].lower() else str(scope["path"])


@lru_cache(maxsize=64)
def _name_in(host: str) -> str:
    """The name in a Host header, "" for a malformed one."""
    match = HOST.fullmatch(host)
    return "" if match is None else match[1].strip("[]").lower()


def _long_head() -> Refusal:
    """The connection ends: a client that sends this much has more to send."""
    return Refusal(
        431,
        "invalid_request",
        "All headers together may have at most 64 KiB.",
        (("Connection", "close"),),
    )


def _no_single_host() -> Refusal:
    return Refusal(400, "invalid_request", "Send exactly one Host header (RFC 9112 §3.2).")


def _foreign_host() -> Refusal:
    return Refusal(
        421,
        "invalid_request",
        "This service does not answer to that Host. Use the base URL from its discovery document.",
    )
