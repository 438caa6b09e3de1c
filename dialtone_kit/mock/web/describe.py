"""OpenAPI that is true: each handler says what it takes and answers, right where it stands.

Handlers read their request themselves, in the order that the protocol asks for, so the framework's
own parsing is not in their way; `Operation` is a FastAPI route that calls them directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from dialtone_kit.mock.web.responses import HTML, Handler

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
