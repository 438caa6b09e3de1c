"""OpenAPI that is true: each handler says what it takes and answers, right where it stands.

Handlers read their request themselves, in the order that the protocol asks for, so the framework's
own parsing is not in their way; `Operation` is a FastAPI route that calls them directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getdoc
from typing import TypeVar

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from dialtone_kit.mock.web import openapi
from dialtone_kit.mock.web.openapi import HTML
from dialtone_kit.mock.web.responses import Handler, answering

# Beside the `security` schemes: client_id and client_secret in the form, which OpenAPI can't name;
# a client without a secret sends its client_id alone.
IN_FORM = ""
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Description:
    """What a handler takes and answers. `answers`: a model, or the media type of a text."""

    summary: str
    answers: type[BaseModel] | str | None
    status: int
    refusals: tuple[int, ...]
    body: type[BaseModel] | None
    form: bool
    query: type[BaseModel] | None
    security: tuple[str, ...]
    proof: bool
    cached: bool

    @property
    def page(self) -> bool:
        """For people: HTML, under any Host, since a hub's proxy may stand in front."""
        return self.answers == HTML


def describe(
    summary: str,
    *,
    answers: type[BaseModel] | str | None,
    status: int = 200,
    refusals: tuple[int, ...] = (),
    body: type[BaseModel] | None = None,
    form: bool = False,
    query: type[BaseModel] | None = None,
    security: tuple[str, ...] = (),
    proof: bool = False,
    cached: bool = False,
) -> Callable[[H], H]:
    """Say of a handler what OpenAPI should tell; of the `security` schemes one is enough.

    `refusals`: those that are its own; what every operation can answer is added. `proof`: a DPoP
    proof may come. `cached`: others may keep the answer.
    """
    proof = proof or "dpop" in security
    told = Description(
        summary, answers, status, refusals, body, form, query, security, proof, cached
    )

    def mark(handler: H) -> H:
        handler.__dict__["description"] = told
        return handler

    return mark


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
            tags=[handler.__module__.rpartition(".")[2]],
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
