"""An OpenAPI document that stays true: each handler describes its requests and responses.

The descriptions are what runs: requests.py parses with these models and no others, and the table
in routes.py serves exactly the operations that the document lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from dialtone_kit.mock.schemas.sent import Sent
from dialtone_kit.mock.web.responses import HTML, Handler

# Beside the `security` schemes: client_id and client_secret in the form, which OpenAPI can't name;
# a client without a secret sends its client_id alone.
IN_FORM = ""
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Description:
    """What a handler takes and answers. `answers`: a model, or the media type of plain content."""

    summary: str
    answers: type[BaseModel] | str | None
    status: int
    refusals: tuple[int, ...]
    body: type[Sent] | None
    form: bool
    query: type[Sent] | None
    security: tuple[str, ...]
    proof: bool
    cached: bool

    @property
    def page(self) -> bool:
        """For people: HTML, under any Host, since a hub's proxy may stand in front."""
        return self.answers == HTML


@dataclass(frozen=True)
class Operation:
    """A described handler at one path, written as OpenAPI does: /realms/{realm}/token."""

    method: str
    path: str
    handler: Handler

    @property
    def description(self) -> Description:
        description: Description = self.handler.__dict__["description"]
        return description

    @property
    def methods(self) -> tuple[str, ...]:
        """HEAD is answered wherever GET is; the server leaves the body out."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)


def describe(
    summary: str,
    *,
    answers: type[BaseModel] | str | None,
    status: int = 200,
    refusals: tuple[int, ...] = (),
    body: type[Sent] | None = None,
    form: bool = False,
    query: type[Sent] | None = None,
    security: tuple[str, ...] = (),
    proof: bool = False,
    cached: bool = False,
) -> Callable[[H], H]:
    """Describe a handler for OpenAPI; of the `security` schemes one is enough.

    `refusals`: its own statuses; those of every operation are added. `proof`: a DPoP proof may be
    sent. `cached`: the answer may be cached.
    """
    proof = proof or "dpop" in security
    description = Description(
        summary, answers, status, refusals, body, form, query, security, proof, cached
    )

    def mark(handler: H) -> H:
        handler.__dict__["description"] = description
        return handler

    return mark
