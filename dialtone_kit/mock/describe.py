"""OpenAPI that is true: each handler says what it takes and answers, right where it stands.

Handlers read their request themselves, in the order that the protocol asks for, so the framework's
own parsing is not in their way; `Operation` is a FastAPI route that calls them directly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from dialtone_kit.mock.answers import Handler, answering
from dialtone_kit.mock.intake import FORM, JSON
from dialtone_kit.mock.schemas import Problem

# Beside the `security` schemes: client_id and client_secret in the form, which OpenAPI can't name;
# a client without a secret sends its client_id alone.
IN_FORM = ""
H = TypeVar("H", bound=Handler)

WORDS = {
    400: "Malformed, or a parameter is missing",
    401: "Credentials, code or proof missing or wrong",
    403: "Not permitted",
    404: "Nothing of this name here",
    409: "Done already",
    410: "Expired or locked",
    413: "Body over 64 KiB",
    415: "Another content type is expected",
    421: "A Host that is not this service",
    429: "Too many requests",
    503: "Nothing can be stored at this moment",
}
HEADERS = {
    401: {"WWW-Authenticate": "How to authenticate"},
    429: {"Retry-After": "Seconds to wait"},
    503: {"Retry-After": "Seconds to wait"},
}


@dataclass(frozen=True)
class Description:
    """What a handler takes and answers. `answers`: a model, or the media type of a text."""

    summary: str
    answers: type[BaseModel] | str | None
    status: int
    refusals: tuple[int, ...]
    body: type[BaseModel] | None
    form: bool
    query: Mapping[str, str]
    security: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)


def describe(
    summary: str,
    *,
    answers: type[BaseModel] | str | None,
    status: int = 200,
    refusals: tuple[int, ...] = (),
    body: type[BaseModel] | None = None,
    form: bool = False,
    query: Mapping[str, str] | None = None,
    security: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Callable[[H], H]:
    """Say of a handler what OpenAPI should tell; of the `security` schemes one is enough."""
    told = Description(
        summary, answers, status, refusals, body, form, query or {}, security, headers or {}
    )

    def mark(handler: H) -> H:
        handler.__dict__["description"] = told
        return handler

    return mark


class Operation(APIRoute):
    """A described route that hands the request to its handler without a detour."""

    def __init__(self, method: str, path: str, handler: Handler) -> None:
        told: Description = handler.__dict__["description"]
        text = told.answers if isinstance(told.answers, str) else None
        super().__init__(
            path,
            handler,
            methods=[method],
            summary=told.summary,
            description=handler.__doc__ or "",
            status_code=told.status,
            response_model=told.answers if text is None else None,
            responses=_responses(told, text),
            openapi_extra=_extra(told, path),
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


SECURITY_SCHEMES = {
    "client_secret_basic": {"type": "http", "scheme": "basic"},
    "dpop": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Authorization: DPoP <token>` and a proof in the `DPoP` header (RFC 9449)",
    },
    "bearer": {"type": "http", "scheme": "bearer"},
    "control_token": {"type": "http", "scheme": "bearer"},
}


def _responses(told: Description, text: str | None) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {
        told.status: {"description": told.summary, "headers": _headers(told.headers)}
    }
    if text is not None:
        found[told.status]["content"] = {text: {"schema": {"type": "string"}}}
    for status in sorted({*told.refusals, 421}):
        found[status] = {
            "model": Problem,
            "description": WORDS[status],
            "headers": _headers(HEADERS.get(status, {})),
        }
    return found


def _headers(words: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in words.items()
    }


def _extra(told: Description, path: str) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [_parameter(name, "path", required=True) for name in names]
    parameters += [_parameter(name, "query", text) for name, text in told.query.items()]
    if parameters:
        extra["parameters"] = parameters
    if told.body is not None:
        schema = told.body.model_json_schema()
        schema = _inlined(schema, schema.pop("$defs", {}))
        media = FORM if told.form else JSON
        extra["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    if told.security:
        extra["security"] = [{scheme: []} if scheme else {} for scheme in told.security]
    return extra


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """`part` of a schema with what it refers to in place: components hold answers only."""
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in part.items()}


def _parameter(name: str, where: str, text: str = "", required: bool = False) -> dict[str, Any]:
    told = {"name": name, "in": where, "required": required, "schema": {"type": "string"}}
    return {**told, "description": text} if text else told


def _operation_id(method: str, path: str) -> str:
    words = path.replace("{", "").replace("}", "").replace(".", "_").replace("-", "_")
    return f"{method.lower()}{words.replace('/', '_')}"
