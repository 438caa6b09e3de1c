"""Responses: always JSON, with every refusal in the demo's one shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dialtone_kit.base.reason import description
from dialtone_kit.mock.core.refusal import NO_STORE, Headers, Refusal, log
from dialtone_kit.mock.store.store import StoreUnavailable

HTML = "text/html"
Handler = Callable[[Request], Awaitable[Response]]


def refused(refusal: Refusal) -> Response:
    """A refusal as JSON, in the demo's one shape."""
    body = {"error": refusal.error, "error_description": description(refusal.description)}
    return json_answer({**body, **refusal.more}, refusal.status, refusal.headers + NO_STORE)


def json_answer(body: Mapping[str, Any], status: int = 200, headers: Headers = ()) -> Response:
    """`body` as JSON. A header name may occur twice (two `WWW-Authenticate` challenges)."""
    return content_answer(orjson.dumps(dict(body)), "application/json", status, headers)


def content_answer(
    content: bytes, media_type: str, status: int = 200, headers: Headers = ()
) -> Response:
    """Any content, with the headers that every answer here carries."""
    response = _Bare(content, status)
    response.raw_headers = [
        (b"content-length", b"%d" % len(content)),
        (b"content-type", media_type.encode()),
        (b"x-content-type-options", b"nosniff"),
        *[(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    ]
    return response


def no_content() -> Response:
    """204: done. It has no body, and so no Content-Length (RFC 9110 §8.6)."""
    response = _Bare(b"", 204)
    headers = (("X-Content-Type-Options", "nosniff"), *NO_STORE)
    response.raw_headers = [(name.lower().encode(), value.encode()) for name, value in headers]
    return response


class _Bare(Response):
    def init_headers(self, headers: object = None) -> None:
        """Sets none: content_answer adds them all, and a name may occur twice."""


async def answer(handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
    """Send what `handler` answers, or its refusal: every answer has the one shape."""
    try:
        response = await handler(Request(scope, receive))
    except Refusal as refusal:
        response = refused(refusal)
    except StoreUnavailable as problem:
        response = _unavailable(problem)
    except Exception:  # unforeseen: the traceback goes to the log, and nothing of it to the caller
        log.exception("a request failed")
        response = refused(Refusal(500, "server_error", "Something went wrong in the service."))
    await response(scope, receive, send)


def _unavailable(problem: StoreUnavailable) -> Response:
    """Nothing was stored, so trying again is safe."""
    log.error("the store is unavailable: %s", problem)
    return refused(
        Refusal(
            503,
            "temporarily_unavailable",
            "The service can't store anything right now. Nothing was changed; try again.",
            (("Retry-After", "1"),),
        )
    )
