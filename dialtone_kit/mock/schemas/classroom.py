"""A class: the addresses of a seat, and the events that learners share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialtone_kit.mock.schemas.api import EventId
from dialtone_kit.mock.schemas.formats import Moment, Opaque
from dialtone_kit.mock.schemas.sent import FromDecimal, Sent

MOST_AT_ONCE = 100  # events in one call
Page = Annotated[int, Field(ge=1, le=1000, description="how many at most"), FromDecimal]


class Address(Sent):
    email: Opaque


class SharedEvent(BaseModel):
    """What happened in a lesson, by ids, outcomes and codes: no text, no code, no address.

    `number` is its place in the learner's own record. Other members are refused.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    number: Annotated[int, Field(ge=0, lt=10**6)]
    at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)$", max_length=25)]
    lesson: Annotated[str, Field(pattern="^[0-9]{2}$")]
    kind: Literal["opened", "done", "tried", "predicted", "quizzed", "formed", "hinted", "reset"]
    id: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$")] | None = None
    outcome: Annotated[str, Field(pattern="^[a-z][a-z ']{0,19}$")] | None = None
    code: Annotated[str, Field(pattern="^M[0-9]{2}$")] | None = None
    confidence: Annotated[str, Field(pattern="^[a-z]{1,12}$")] | None = None
    right: bool | None = None
    form: Literal["A", "B"] | None = None
    pair: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$")] | None = None
    asked: Literal["pre", "post"] | None = None


class SharedEvents(Sent):
    """`series` names the learner's record, such as that of one machine."""

    series: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    events: Annotated[list[SharedEvent], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Received(BaseModel):
    received: int = Field(description="events that were new")


class EventsQuery(Sent):
    after: EventId = Field(default=0, description="only events newer than this id")
    limit: Page = 1000


class ReceivedEvent(BaseModel):
    id: int
    seat: int
    received_at: Moment
    event: SharedEvent


class ClassEvents(BaseModel):
    events: list[ReceivedEvent]
