"""Who may call /mock/…: its owner and, in a class, a learner; and the answer to a challenge.

The owner is whoever started the service. Their token is computed from the secret in their 0600
file; the secret itself never travels. A learner's token is in their session file, and the service
knows only its hash.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

import dialtone_kit
from dialtone_kit.base.code import fingerprint
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal, log
from dialtone_kit.mock.core.seats import Seat, Seats
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.schemas.sent import Sent
from dialtone_kit.mock.schemas.teaching import Hello, HelloQuery
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import header_values, read_query
from dialtone_kit.mock.web.responses import Handler, json_answer

CODE = fingerprint()  # of what runs; what is on the disk may have changed since


@dataclass(frozen=True)
class Owner:
    """Whoever started the service, in a class the trainer: every control is theirs."""


@dataclass(frozen=True)
class Learner:
    """Someone in a class: some controls are theirs, each for what is their own."""

    seat: Seat


Caller = Owner | Learner


def caller_of(request: Request) -> Caller:
    """Who called this control."""
    caller: Caller = request.scope["caller"]
    return caller


def seat_of(request: Request) -> Seat | None:
    """The seat of the learner who called; None for the owner, who may do everything."""
    caller = caller_of(request)
    return caller.seat if isinstance(caller, Learner) else None


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
    learners: bool = False,
) -> Callable[[Handler], Handler]:
    """Describe a teaching control, and let only the owner of the service use it.

    With `learners`, those of a class may use it too; the handler asks `seat_of` for what is theirs.
    `refusals`: its own statuses, besides those of the guard, a body and a query.
    """
    reading = (400, 413, 415) if body is not None else (400,) if query is not None else ()
    described = describe(
        summary,
        answers=answers,
        status=status,
        body=body,
        query=query,
        refusals=tuple(dict.fromkeys((401, 403, *reading, *refusals))),
        security=("control_token",),
    )
    return lambda handler: described(_guarded(handler, learners))


def _guarded(handler: Handler, learners: bool) -> Handler:
    """`handler`, guarded: a 401 that doesn't reveal what was wrong."""

    @wraps(handler)
    async def checked(request: Request) -> Response:
        caller = _recognized(request)
        if isinstance(caller, Learner) and not learners:
            text = "Only the trainer can do this here, since everyone shares it. Ask them."
            raise Refusal(403, "access_denied", text)
        request.scope["caller"] = caller
        return await handler(request)

    return checked


def _recognized(request: Request) -> Caller:
    values = header_values(request, "authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    given, expected = f"{scheme.lower()} {token}", f"bearer {control_token(_secret(request))}"
    if hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
        return Owner()
    service = service_of(request)
    seat = service.part(Seats).of_token(token) if scheme.lower() == "bearer" else None
    if seat is not None:
        return Learner(seat)
    log.warning("a control was called without the control token")
    raise Refusal(401, "unauthorized", _unknown(service), _CHALLENGE)


_CHALLENGE = (("WWW-Authenticate", 'Bearer realm="mock"'),)


def _unknown(service: Service) -> str:
    if service.settings.seats is None:
        return "The teaching controls are for whoever started this service."
    return (
        "This class doesn't know your token: the session file is from another class, or your "
        "trainer has renewed it. Ask for the current one."
    )


@describe(
    "Is this the service that my state file describes?",
    answers=Hello,
    query=HelloQuery,
    refusals=(400, 404),
)
async def hello(request: Request) -> Response:
    """Anyone can listen on a port; only a process that knows the secret can answer this.

    In a class, with `seat`, it shows that it knows the hash of that learner's token.
    """
    service, asked = service_of(request), read_query(request, HelloQuery)
    settings, key = service.settings, _secret(request)
    if asked.seat is not None:
        seat = service.part(Seats).seat(asked.seat)
        if seat is None:
            raise Refusal(404, "not_found", "There is no such seat in this class.")
        key = seat.key
    answer = {
        "answer": _keyed(key, f"hello|{asked.nonce}|{settings.base_url}"),
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
