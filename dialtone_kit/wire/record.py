"""A request and its response as they may be kept and shown: JWTs decoded, secrets gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.masking import masked
from dialtone_kit.tokens import read_unverified
from dialtone_kit.wire.curl import ShellLine, curl
from dialtone_kit.wire.redaction import Redactor
from dialtone_kit.wire.timing import Timing


@dataclass(frozen=True)
class Jwt:
    """A JWT that was part of a message: its contents, without the signature."""

    name: str
    header: Any
    claims: Any


@dataclass(frozen=True)
class Message:
    """A request or a response. Secrets are masked already; `secrets` names what they were."""

    headers: Sequence[tuple[str, str]]
    body: str
    jwts: Sequence[Jwt]
    secrets: Sequence[str]


@dataclass(frozen=True)
class RoundTrip:
    """A request and its response. Without a response, `problem` is what happened instead.

    `seconds` is the whole of it and `timing` its parts, as far as they were measured.
    """

    method: str
    url: str
    request: Message
    response: Message | None
    status: int | None
    reason: str
    seconds: float
    curl: ShellLine
    problem: str = ""
    timing: Timing = ()

    def __repr__(self) -> str:
        return f"<RoundTrip {self.method} {masked(self.url)} → {self.status or self.problem}>"


def record(
    request: httpx.Request,
    response: httpx.Response | None,
    seconds: float,
    problem: str = "",
    timing: Timing = (),
) -> RoundTrip:
    """What may be shown of one send, and nothing else. It took `seconds`, in the parts `timing`."""
    return RoundTrip(
        method=request.method,
        url=Redactor().url(request.url),
        request=_message(request.headers, request.content),
        response=None if response is None else _message(response.headers, response.read()),
        status=None if response is None else response.status_code,
        reason="" if response is None else Redactor().text(response.reason_phrase),
        seconds=seconds,
        curl=curl(request).line(),
        timing=timing,
        problem=Redactor().text(problem),
    )


def _message(headers: httpx.Headers, content: bytes) -> Message:
    redactor = Redactor()
    fields, body = redactor.headers(headers), redactor.body(headers, content)
    jwts = [jwt for name, value in redactor.hidden if (jwt := _jwt(name, value))]
    return Message(tuple(fields), body, tuple(jwts), tuple(name for name, _ in redactor.hidden))


def _jwt(name: str, value: str) -> Jwt | None:
    shown = Redactor().json  # a hostile proof may carry the private half of a key
    try:
        decoded = read_unverified(value)
        return Jwt(name, shown(dict(decoded.header)), shown(dict(decoded.claims)))
    except (TokenRefused, RecursionError):
        return None  # a secret of another kind
