"""A described route that hands the request to its handler."""

from __future__ import annotations

from inspect import getdoc

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from dialtone_kit.mock.web import openapi
from dialtone_kit.mock.web.describe import Description
from dialtone_kit.mock.web.responses import Handler, answering


class Operation(APIRoute):
    """A described route that hands the request to its handler without a detour."""

    def __init__(self, method: str, path: str, handler: Handler) -> None:
        told: Description = handler.__dict__["description"]
        super().__init__(
            path,
            handler,
            methods=[method],
            summary=told.summary,
            description=getdoc(handler) or "",
            status_code=told.status,
            response_model=None if isinstance(told.answers, str) else told.answers,
            responses=openapi.responses(told, path),
            openapi_extra=openapi.request_side(told, path),
            operation_id=_operation_id(method, path),
            tags=[handler.__module__.split(".")[2]],
        )
        self.serves = {"GET", "HEAD"} if method == "GET" else {method}
        self.app = answering(handler)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = Route.matches(self, scope)
        serves = match is not Match.NONE and scope["method"] in self.serves
        return (Match.FULL if serves else match), found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self.serves:
            raise HTTPException(405)
        await self.app(scope, receive, send)


def _operation_id(method: str, path: str) -> str:
    words = path.replace("{", "").replace("}", "").replace(".", "_").replace("-", "_")
    return f"{method.lower()}{words.replace('/', '_')}"
