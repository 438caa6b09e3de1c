"""Answers: JSON always, and every refusal in the demo's one shape."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dialtone_kit.base.masking import mask_text
from dialtone_kit.mock.core.refusal import NO_STORE, Headers, Refusal, log
from dialtone_kit.mock.store.store import StoreUnavailable

HTML = "text/html"
Handler = Callable[[Request], Awaitable[Response]]
NOT_A_HEADER_CHARACTER = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")  # RFC 6750 §3


def refused(problem: Refusal) -> Response:
    """A refusal as JSON, in the demo's one shape."""
    body = {"error": problem.error, "error_description": mask_text(problem.description)}
    return json_answer({**body, **problem.more}, problem.status, problem.headers + NO_STORE)


def json_answer(body: Mapping[str, Any], status: int = 200, headers: Headers = ()) -> Response:
    """`body` as JSON. A header name may come twice (two `WWW-Authenticate` challenges)."""
    return content_answer(orjson.dumps(dict(body)), "application/json", status, headers)


def content_answer(
    content: bytes, media_type: str, status: int = 200, headers: Headers = ()
) -> Response:
    """Any content, with the headers that every answer of this service carries."""
    answer = _Answer(content, status)
    answer.raw_headers = [
        (b"content-length", b"%d" % len(content)),
        (b"content-type", media_type.encode()),
        (b"x-content-type-options", b"nosniff"),
        *[(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    ]
    return answer


def no_content() -> Response:
    """204: done, and there is nothing to say, not even how long nothing is (RFC 9110 §8.6)."""
    answer = _Answer(b"", 204)
    told = (("X-Content-Type-Options", "nosniff"), *NO_STORE)
    answer.raw_headers = [(name.lower().encode(), value.encode()) for name, value in told]
    return answer


class _Answer(Response):
    def init_headers(self, headers: object = None) -> None:
        """Nothing: all headers are given below, and a name may come twice."""


def quoted(text: str) -> str:
    """`text` as it may stand between the quotes of a `WWW-Authenticate` parameter."""
    return NOT_A_HEADER_CHARACTER.sub("?", mask_text(text).replace('"', "'").replace("‖", "||"))


def answering(handler: Handler) -> ASGIApp:
    """`handler` as an ASGI application whose every answer is in the one shape."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await handler(Request(scope, receive))
        except Refusal as problem:
            answer = refused(problem)
        except StoreUnavailable as problem:
            answer = _unavailable(problem)
        except Exception:  # nobody foresaw it: the log has the traceback, the answer nothing of it
            log.exception("a request failed")
            answer = refused(Refusal(500, "server_error", "Something went wrong in the service."))
        await answer(scope, receive, send)

    return app


def nothing_here() -> Refusal:
    """No route has this path."""
    return Refusal(404, "not_found", "There is nothing at this path.")


async def unrouted(request: Request, problem: Exception) -> Response:
    """For the router's own refusals: no such path, or not by this method."""
    if isinstance(problem, HTTPException) and problem.status_code == 405:
        methods = ", ".join(allowed_methods(request))
        return refused(
            Refusal(
                405,
                "method_not_allowed",
                f"{request.method} does not work here. Use {methods}.",
                (("Allow", methods),),
            )
        )
    return refused(nothing_here())


def _unavailable(problem: StoreUnavailable) -> Response:
    """Nothing was kept, so trying again is right."""
    log.error("the store is unavailable: %s", problem)
    return refused(
        Refusal(
            503,
            "temporarily_unavailable",
            "The service can't store anything at this moment. Nothing was changed; try again.",
            (("Retry-After", "1"),),
        )
    )


def allowed_methods(request: Request) -> list[str]:
    """Every method that some route serves at the path of `request`."""
    found: set[str] = set()
    for route in request.app.router.routes:
        if route.path_regex.match(request.scope["path"]):
            found |= getattr(route, "serves", route.methods) or set()
    return sorted(found)
