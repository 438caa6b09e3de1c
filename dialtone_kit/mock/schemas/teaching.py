"""The teaching controls: what goes over the wire at /mock/…"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from dialtone_kit.mock.schemas.api import AuditEvent, EventId, Limit
from dialtone_kit.mock.schemas.formats import (
    AskedClient,
    AskedRealm,
    ClientId,
    Code,
    Moment,
    Opaque,
    RealmId,
    Url,
    storable,
)
from dialtone_kit.mock.schemas.sent import FromDecimal, Sent

SeatNumber = Annotated[int, Field(ge=1, lt=10**6), FromDecimal]
Wanted = Annotated[str, AfterValidator(storable)]
OneRealm = Annotated[Wanted, Field(description="of this realm only", examples=["default"])]


class ClockMove(Sent):
    realm: AskedRealm
    move_seconds: Annotated[float, Field(ge=0, le=10 * 366 * 86400, allow_inf_nan=False)]


class RealmChoice(Sent):
    realm: AskedRealm | None = None


class RealmName(Sent):
    realm: AskedRealm


class RealmLike(Sent):
    """`without`: the name of the one check that is off there."""

    like: AskedRealm = "default"
    without: Opaque | None = None


class PolicyText(Sent):
    """Cedar policies for a private realm, instead of those of the realm that it is like."""

    realm: AskedRealm
    text: Annotated[str, Field(max_length=60_000), AfterValidator(storable)]


class ClientLock(Sent):
    client_id: AskedClient
    locked: bool = True


class ResetRequest(Sent):
    realm: AskedRealm
    confirm: Opaque | None = None


class FaultRequest(Sent):
    realm: AskedRealm
    path_suffix: Opaque = ""
    kind: Literal["status", "drop", "delay"]
    status: Annotated[int, Field(ge=400, le=599)] = 503
    seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 1.0
    times: Annotated[int, Field(ge=1, le=1000)] = 1
    after_effect: bool = Field(
        default=False, description="the request takes effect, and only its answer is lost"
    )


class HelloQuery(Sent):
    nonce: str = Field(
        min_length=1, max_length=256, description="any text that the caller has just made up"
    )
    seat: SeatNumber | None = Field(default=None, description="a learner's, in a class")


class InboxQuery(Sent):
    email: Wanted | None = Field(default=None, description="to this address only")
    realm: OneRealm | None = None
    limit: Limit = 50


class AuditTrailQuery(Sent):
    realm: OneRealm | None = None
    client: Wanted | None = Field(default=None, description="of this client only")
    after: EventId = Field(default=0, description="only events newer than this id")
    limit: Limit = 200


class Hello(BaseModel):
    answer: str
    pid: int
    version: str
    code: str = Field(description="a hash of the files that run, to recognise an upgrade")
    base_url: Url


class Mail(BaseModel):
    id: int
    to: str
    subject: str
    sent_at: Moment
    realm: RealmId
    text: str
    code: Code | None


class Mails(BaseModel):
    mails: list[Mail]


class ClockReading(BaseModel):
    realm: RealmId
    offset: float
    now: float


class Cleared(BaseModel):
    cleared: int


class LockedClient(BaseModel):
    client_id: ClientId
    locked: bool


class RotatedRoots(BaseModel):
    """SPIFFE's part: the new root and JWT key, in the bundle of this number with the old ones."""

    signs_from: Moment
    old_until: Moment
    spiffe_sequence: int


class RotatedKeys(BaseModel):
    """The new signing key: when it starts to sign, and how long the old ones stay published."""

    kid: str
    signs_from: Moment
    old_until: Moment
    spiffe: RotatedRoots


class PrivateRealm(BaseModel):
    realm: RealmId
    issuer: Url
    like: RealmId
    without: str | None


class PolicyFile(BaseModel):
    file: str
    realms: list[str]
    valid: bool
    error: str | None
    line: int | None
    version: str | None
    edited: bool


class PolicyReport(BaseModel):
    folder: str
    policies: list[PolicyFile]


class RealmPolicies(BaseModel):
    realm: RealmId
    version: str


class AuditTrail(BaseModel):
    events: list[AuditEvent]
