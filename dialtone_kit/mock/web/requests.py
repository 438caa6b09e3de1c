"""Reading requests: bodies of a bounded size, parsed by the models that OpenAPI shows, and headers
exactly as they were sent."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from json import JSONDecodeError
from typing import TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.types import Scope

from dialtone_kit.base.errors import brief
from dialtone_kit.base.jws import strict_json
from dialtone_kit.base.reason import sentence
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import MAX_BODY
from dialtone_kit.mock.schemas.problem import ErrorCode
from dialtone_kit.mock.schemas.sent import Sent
from dialtone_kit.mock.web.context import description_of

S = TypeVar("S", bound=Sent)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MAY_REPEAT = ("resource", "audience")  # RFC 8707 §2, RFC 8693 §2.1
MOST_PARAMETERS = 100


def header_values(request: Request, name: str) -> list[str]:
    """Every value of a header (`name` in lower case), in order: a mapping would hide all but the
    first."""
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
    """The body, at most 64 KiB of it, whether or not its length was announced.

    415 for a compressed one, with what is accepted instead (RFC 9110 §15.5.16).
    """
    codings = ",".join(header_values(request, "content-encoding")).lower().split(",")
    if {coding.strip() for coding in codings} - {"", "identity"}:
        raise Refusal(
            415,
            "unsupported_media_type",
            "The body is compressed (Content-Encoding). Send it uncompressed.",
            (("Accept-Encoding", "identity"),),
        )
    announced = header_values(request, "content-length")
    if announced and (len(announced[0]) > 9 or int(announced[0]) > MAX_BODY):
        raise too_large()
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "invalid_request", "The body ended early.")
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise too_large()
        more = message.get("more_body", False)
    return bytes(body)


def too_large() -> Refusal:
    """Over 64 KiB; the connection ends, since no one will read the rest."""
    return Refusal(
        413, "payload_too_large", "A body may have at most 64 KiB.", (("Connection", "close"),)
    )


def media_type(request: Request) -> str:
    """The content type without its parameters, in lower case; "" when there are none or several."""
    values = header_values(request, "content-type")
    return values[0].partition(";")[0].strip().lower() if len(values) == 1 else ""


class Form:
    """A form as it was sent, each parameter once except those that may repeat.

    It is parsed at once, but a mistake in it is reported only when its model is asked for: the
    client is authenticated before the request is judged.
    """

    def __init__(self, parameters: Mapping[str, str | list[str]], described: type[Sent]) -> None:
        self._parameters, self._described = parameters, described
        self._whole: Sent | None = None
        with suppress(ValidationError):
            self._whole = described.model_validate(parameters)

    def parsed(self, model: type[S]) -> S:
        """The form as `model`: the described one, or the part of it that is needed first."""
        if isinstance(self._whole, model):
            return self._whole
        return _parsed(model, self._described, lambda: model.model_validate(self._parameters))


async def read_form(request: Request) -> Form:
    """The form in the body, empty parameters left out.

    Parameters other than `resource` and `audience` may be sent once (RFC 6749 §3.2). An empty body
    is an empty form, with or without a content type.
    """
    body = await read_body(request)
    if body or header_values(request, "content-type"):
        _require_type(request, FORM)
    parameters: dict[str, str | list[str]] = {}
    for name, values in parse_form(body).items():
        if len(values) > 1 and name not in MAY_REPEAT:
            raise _twice(name)
        parameters[name] = values if name in MAY_REPEAT else values[0]
    described = description_of(request).body
    assert described is not None  # noqa: S101  (a handler that reads a form describes it)
    return Form(parameters, described)


async def read_json(request: Request, model: type[S]) -> S:
    """The body as a `model`. Unknown members are ignored; a wrong type, or a member sent twice at
    any depth, is 400: two readers could see two different values (RFC 8259 §4)."""
    _require_type(request, JSON)
    body = _utf8(await read_body(request))
    try:
        strict_json(body)
    except JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        text = f"The body is not JSON: {problem.msg.lower()} at {where}."
        raise Refusal(400, "invalid_request", text) from None
    except ValueError as problem:
        raise Refusal(400, "invalid_request", sentence(f"The body contains {problem}")) from None
    described = description_of(request).body
    return _parsed(model, described, lambda: model.model_validate_json(body, strict=True))


def read_query(request: Request, model: type[S]) -> S:
    """The query as a `model`; here an empty parameter is an empty string."""
    parameters: dict[str, str] = {}
    for name, value in _pairs(request.scope["query_string"], "query"):
        if name in parameters:
            raise _twice(name)
        parameters[name] = value
    described = description_of(request).query
    return _parsed(model, described, lambda: model.model_validate(parameters))


def parse_form(body: bytes) -> dict[str, list[str]]:
    """The parameters of a form-encoded body. 400 unless it is ASCII that decodes to UTF-8."""
    form: dict[str, list[str]] = {}
    for name, value in _pairs(body, "body"):
        form.setdefault(name, []).append(value)
    return {name: kept for name, values in form.items() if (kept := _kept(values))}


def _utf8(body: bytes) -> bytes:
    """JSON without the byte order mark that some editors put before it (RFC 8259 §8.1)."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in body[:2]:
        raise Refusal(400, "invalid_request", "The body is UTF-16 or UTF-32: send JSON as UTF-8.")
    return body.removeprefix(codecs.BOM_UTF8)


def _parsed(model: type[S], described: type[BaseModel] | None, parse: Callable[[], S]) -> S:
    """The value of `parse`, or its error as a refusal. Only a described model parses a request."""
    assert described is not None  # noqa: S101
    assert issubclass(described, model)  # noqa: S101
    try:
        return parse()
    except ValidationError as problem:
        raise _refusal(problem, model.codes) from None


def _refusal(problem: ValidationError, codes: Mapping[str, ErrorCode]) -> Refusal:
    """The refusal names the member and the mistake, never the value: it may be a secret."""
    first = problem.errors(include_url=False, include_input=False)[0]
    member = ".".join(str(step) for step in first["loc"])
    if first["type"] == "missing":
        return Refusal(400, "invalid_request", f"{member} is missing.")
    code = codes.get(member.partition(".")[0], "invalid_request")
    if first["type"] == "literal_error":
        values = re.findall("'([^']+)'", first["ctx"]["expected"])
        return Refusal(400, code, f"{member} must be one of: {', '.join(values)}.")
    what = first["msg"].removeprefix("Value error, ")
    return Refusal(400, code, sentence(f"{member or 'The body'}: {what}"))


def _pairs(raw: bytes, where: str) -> list[tuple[str, str]]:
    """The parameters in `raw`. 400 says which of three ways not to be a form it is."""
    if raw.count(b"&") >= MOST_PARAMETERS:
        text = f"The {where} has more than {MOST_PARAMETERS} parameters: send fewer."
    elif not raw.isascii():
        text = f"The {where} has a byte outside ASCII: percent-encode it as UTF-8."
    else:
        try:
            return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
        except UnicodeError:
            culprit = next(one for one in raw.decode().split("&") if not _is_utf8(one))
            text = f"{brief(culprit.partition('=')[0], 40)} is percent-encoded, but not as UTF-8."
    raise Refusal(400, "invalid_request", text)


def _is_utf8(encoded: str) -> bool:
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeError:
        return False
    return True


def _kept(values: list[str]) -> list[str]:
    """A single empty value counts as absent; a name sent twice counts as twice, even if empty."""
    return [] if values == [""] else values


def _twice(name: str) -> Refusal:
    return Refusal(400, "invalid_request", f"{brief(name, 40)} was sent twice; send it once.")


def _require_type(request: Request, expected: str) -> None:
    if media_type(request) != expected:
        raise Refusal(
            415,
            "unsupported_media_type",
            f"Send Content-Type: {expected} here.",
            (("Accept-Post", expected),),
        )
