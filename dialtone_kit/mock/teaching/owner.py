"""Only for whoever started the service: the guard of /mock/…, and the answer to a challenge.

The token is computed from the secret in the user's 0600 file; the secret itself never travels.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from functools import wraps
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

import dialtone_kit
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal, log
from dialtone_kit.mock.schemas import teaching
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import header_values, read_query
from dialtone_kit.mock.web.responses import json_answer

GUARDED = ("control_token",)
Handler = Callable[[Request], Awaitable[Response]]


def control_token(secret: str) -> str:
    """What `Authorization: Bearer …` must carry at /mock/…; the secret itself never travels."""
    return _keyed(secret, "control")


def guarded(handler: Handler) -> Handler:
    """Let `handler` run only for the owner of the service. 401 otherwise, without telling why."""

    @wraps(handler)
    async def checked(request: Request) -> Response:
        expected = f"bearer {control_token(_secret(request))}"
        came = header_values(request, "authorization")
        scheme, _, token = came[0].partition(" ") if len(came) == 1 else ("", "", "")
        if not hmac.compare_digest(f"{scheme.lower()} {token}".encode(), expected.encode()):
            log.warning("a control was called without the control token")
            raise Refusal(
                401,
                "unauthorized",
                "The teaching controls are for the one who started this service.",
                (("WWW-Authenticate", 'Bearer realm="mock"'),),
            )
        return await handler(request)

    return checked


@describe(
    "Is this the service that my state file means?",
    answers=teaching.Hello,
    query=teaching.HelloQuery,
    refusals=(400,),
)
async def hello(request: Request) -> Response:
    """Anybody can sit on a port; only who knows the secret can answer this."""
    settings = service_of(request).settings
    nonce = read_query(request, teaching.HelloQuery).nonce
    answer = {
        "answer": _keyed(_secret(request), f"hello|{nonce}|{settings.base_url}"),
        "pid": settings.pid,
        "version": dialtone_kit.__version__,
        "base_url": settings.base_url,
    }
    return json_answer(answer, headers=NO_STORE)


def _secret(request: Request) -> str:
    secret = service_of(request).settings.secret
    assert secret is not None  # noqa: S101  (without one these routes are not there)
    return secret


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogatepass"), sha256).hexdigest()
