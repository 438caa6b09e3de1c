"""Only for whoever started the service: the guard of /mock/…, and the answer to a challenge.

The token is computed from the secret in the user's 0600 file; the secret itself never travels.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from hashlib import sha256

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

import dialtone_kit
from dialtone_kit.base.code import fingerprint
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal, log
from dialtone_kit.mock.schemas.sent import Sent
from dialtone_kit.mock.schemas.teaching import Hello, HelloQuery
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import header_values, read_query
from dialtone_kit.mock.web.responses import Handler, json_answer

CODE = fingerprint()  # of what runs; what is on the disk may have changed since


def control_token(secret: str) -> str:
    """What `Authorization: Bearer …` must carry at /mock/…; the secret itself never travels."""
    return _keyed(secret, "control")


def control(
    summary: str,
    *,
    answers: type[BaseModel] | None,
    status: int = 200,
    body: type[Sent] | None = None,
    query: type[Sent] | None = None,
    refusals: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Describe a teaching control, and let only the owner of the service use it.

    `refusals`: its own statuses, besides those of the guard, a body and a query.
    """
    reading = (400, 413, 415) if body is not None else (400,) if query is not None else ()
    described = describe(
        summary,
        answers=answers,
        status=status,
        body=body,
        query=query,
        refusals=(401, *reading, *refusals),
        security=("control_token",),
    )
    return lambda handler: described(_guarded(handler))


def _guarded(handler: Handler) -> Handler:
    """`handler`, guarded: a 401 that doesn't reveal what was wrong."""

    @wraps(handler)
    async def checked(request: Request) -> Response:
        expected = f"bearer {control_token(_secret(request))}"
        values = header_values(request, "authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        if not hmac.compare_digest(f"{scheme.lower()} {token}".encode(), expected.encode()):
            log.warning("a control was called without the control token")
            raise Refusal(
                401,
                "unauthorized",
                "The teaching controls are for whoever started this service.",
                (("WWW-Authenticate", 'Bearer realm="mock"'),),
            )
        return await handler(request)

    return checked


@describe(
    "Is this the service that my state file describes?",
    answers=Hello,
    query=HelloQuery,
    refusals=(400,),
)
async def hello(request: Request) -> Response:
    """Anyone can listen on a port; only a process that knows the secret can answer this."""
    settings = service_of(request).settings
    nonce = read_query(request, HelloQuery).nonce
    answer = {
        "answer": _keyed(_secret(request), f"hello|{nonce}|{settings.base_url}"),
        "pid": settings.pid,
        "version": dialtone_kit.__version__,
        "code": CODE,
        "base_url": settings.base_url,
    }
    return json_answer(answer, headers=NO_STORE)


def _secret(request: Request) -> str:
    secret = service_of(request).settings.secret
    assert secret is not None  # noqa: S101  (without one these routes are not there)
    return secret


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogatepass"), sha256).hexdigest()
