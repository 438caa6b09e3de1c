"""The door: no request reaches a route under a foreign Host or with a head without end."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from dialtone_kit.mock.core.refusal import Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import MAX_HEAD
from dialtone_kit.mock.web.operation import Operation
from dialtone_kit.mock.web.requests import values_in
from dialtone_kit.mock.web.responses import nothing_here, refused

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
# The pages may come through a hub's proxy, which passes the hub's own name on. They need a random
# id or code, and one from a mailbox, so a rebound name gains nothing there.
ANY_HOST = re.compile(r"(?:/realms/[a-z0-9-]+)?/(?:register/approve|device)")
# What may answer instead of the route; True when it did.
Instead = Callable[[Service, Scope, Receive, Send], Awaitable[bool]]
IN_REALM = re.compile(r"/realms/([^/]+)")


class Front:
    """An ASGI application around the routes."""

    def __init__(
        self, app: ASGIApp, service: Service, operations: Iterable[Operation], instead: Instead
    ) -> None:
        self._app, self._service, self._instead = app, service, instead
        self._hosts = service.settings.hosts
        self._direct = {  # a path with any other variable is the router's
            (method, one.path): one.app
            for one in operations
            for method in one.serves
            if "{" not in one.path.removeprefix("/realms/{realm}")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["service"] = self._service
            if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD:
                await refused(_long_head())(scope, receive, send)
                return
            if not self._host_is_ours(scope) and not ANY_HOST.fullmatch(scope["path"]):
                log.warning("a request under a foreign Host was refused")
                await refused(_foreign_host())(scope, receive, send)
                return
            if await self._instead(self._service, scope, receive, send):
                return
            if direct := self._find(scope):
                await direct(scope, receive, send)
                return
            if scope["path"].endswith("\n"):  # the router's patterns let a final newline pass
                await refused(nothing_here())(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _find(self, scope: Scope) -> ASGIApp | None:
        """The route, if nothing but its realm varies in its path: found by a look-up, where a
        router tries one pattern after the other. None leaves the request to the router.
        """
        scope["app"], scope["path_params"] = self._app, {}
        path = scope["path"]
        if in_realm := IN_REALM.match(path):
            scope["path_params"] = {"realm": in_realm[1]}
            path = "/realms/{realm}" + path[in_realm.end() :]
        return self._direct.get((scope["method"], path))

    def close(self) -> None:
        """Let go of the store, for who only wanted it prepared."""
        self._service.store.close()

    def _host_is_ours(self, scope: Scope) -> bool:
        """One Host header, naming loopback or the configured base URL (no DNS rebinding)."""
        hosts = values_in(scope, "host")
        return len(hosts) == 1 and _name_in(hosts[0]) in self._hosts


@lru_cache(maxsize=64)
def _name_in(host: str) -> str:
    """The name in a Host header, "" for what is none."""
    found = HOST.fullmatch(host)
    return "" if found is None else found[1].strip("[]").lower()


def _long_head() -> Refusal:
    """The connection ends: who sends that much has more of it."""
    return Refusal(
        431,
        "invalid_request",
        "All headers together have at most 64 KiB here.",
        (("Connection", "close"),),
    )


def _foreign_host() -> Refusal:
    return Refusal(
        421,
        "invalid_request",
        "This service does not answer to that Host. Use the base URL of its discovery document.",
    )
