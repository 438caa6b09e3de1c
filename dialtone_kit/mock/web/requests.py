"""Reading requests: bodies with a limit, forms and JSON checked, headers as they really came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.types import Scope

from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import MAX_BODY

M = TypeVar("M", bound=BaseModel)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MAY_REPEAT = ("resource", "audience")  # RFC 8707 §2, RFC 8693 §2.1


def header_values(request: Request, name: str) -> list[str]:
    """Every value of a header (`name` in lower case), in order: a framework's mapping hides all but
    the first."""
    return values_in(request.scope, name)


def values_in(scope: Scope, name: str) -> list[str]:
    """The same before there is a Request."""
    by_name: dict[bytes, list[str]] | None = scope.get("header_values")
    if by_name is None:
        by_name = scope["header_values"] = {}
        for key, value in scope["headers"]:
            by_name.setdefault(key, []).append(value.decode("latin-1"))
    return by_name.get(name.encode(), [])


async def read_body(request: Request) -> bytes:
    """The body, at most 64 KiB of it, whether or not its length was announced."""
    announced = header_values(request, "content-length")
    if announced and (len(announced[0]) > 9 or int(announced[0]) > MAX_BODY):
        raise too_large()
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "invalid_request", "The body broke off.")
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise too_large()
        more = message.get("more_body", False)
    return bytes(body)


def too_large() -> Refusal:
    """Over 64 KiB; the connection ends, since nobody will read the rest."""
    return Refusal(
        413, "payload_too_large", "A body has at most 64 KiB here.", (("Connection", "close"),)
    )


def media_type(request: Request) -> str:
    """The content type without its parameters, in lower case; "" when none or several came."""
    values = header_values(request, "content-type")
    return values[0].partition(";")[0].strip().lower() if len(values) == 1 else ""


async def read_json(request: Request, model: type[M]) -> M:
    """The body as a `model`. Unknown members are ignored, a wrong type is 400."""
    _require_type(request, JSON)
    body = await read_body(request)
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as problem:
        raise Refusal(400, "invalid_request", explain(problem)) from None


async def read_form(request: Request) -> dict[str, list[str]]:
    """The form in the body: the values of each parameter, empty ones left out.

    A parameter other than `resource` and `audience` may come once (RFC 6749 §3.2). Nothing at all
    is an empty form, also without a content type.
    """
    body = await read_body(request)
    if body or header_values(request, "content-type"):
        _require_type(request, FORM)
    form = parse_form(body)
    for name, values in form.items():
        if len(values) > 1 and name not in MAY_REPEAT:
            raise Refusal(400, "invalid_request", "A parameter came twice; send it once.")
    return form


def parse_form(body: bytes) -> dict[str, list[str]]:
    """The parameters of a form-encoded body. 400 unless it is ASCII that decodes to UTF-8."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except (UnicodeError, ValueError):
        raise Refusal(
            400, "invalid_request", "The body is not a form: name=value, percent-encoded UTF-8."
        ) from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return {name: kept for name, values in form.items() if (kept := _kept(values))}


def query_text(request: Request, name: str) -> str | None:
    """A text in the query, for the store to look for. 400 when no database could hold it."""
    value = request.query_params.get(name)
    if "\0" in (value or ""):
        raise Refusal(400, "invalid_request", f"{name}: a text can't hold a NUL character.")
    return value


def one(form: Mapping[str, list[str]], name: str) -> str | None:
    """The value of a parameter that came at most once."""
    values = form.get(name)
    return values[0] if values else None


def explain(problem: ValidationError) -> str:
    """What was wrong with which member. Never the value: it may be a secret."""
    first = problem.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}." if where else f"The body is not what was expected: {what}."


def _kept(values: list[str]) -> list[str]:
    """Twice the same name is twice, also when empty; a single empty one counts as absent."""
    return [] if values == [""] else values


def _require_type(request: Request, expected: str) -> None:
    if media_type(request) != expected:
        raise Refusal(
            415,
            "unsupported_media_type",
            f"Send Content-Type: {expected} here.",
            (("Accept-Post", expected),),
        )
