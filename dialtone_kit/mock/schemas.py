"""What goes over the wire, as types: they check what comes in and describe both ways in OpenAPI."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# The address part of RFC 5322 that mail systems really deliver to, as HTML's e-mail field has it.
# Whatever could end a header or name a second recipient (CR, LF, NUL, comma, angle) is not in it.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = re.compile(rf"(?=.{{3,254}}$)(?=[^@]{{1,64}}@){ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 §3.3


def is_email(value: str) -> str:
    """An address that mail can be sent to, and nothing that could steer the mail."""
    if not EMAIL.fullmatch(value):
        raise ValueError("this is not an e-mail address (one address, name@domain)")
    return value


def storable(value: str) -> str:
    """Any text but NUL, which no database keeps."""
    if "\0" in value:
        raise ValueError("a text can't hold a NUL character")
    return value


def named(value: str) -> str:
    """A text with something to see in it."""
    if not value.strip():
        raise ValueError("this must not be empty")
    return storable(value)


def are_scopes(values: list[str]) -> list[str]:
    """Scope names, each once, in the order asked."""
    if not all(SCOPE.fullmatch(value) for value in values):
        raise ValueError("a scope is a word of visible ASCII characters")
    return list(dict.fromkeys(values))


Email = Annotated[
    str, AfterValidator(is_email), Field(max_length=254, examples=["you@example.com"])
]
Name = Annotated[str, AfterValidator(named), Field(max_length=100, examples=["my-agent"])]
Prose = Annotated[str, AfterValidator(storable), Field(max_length=1000)]
Scopes = Annotated[
    list[str], AfterValidator(are_scopes), Field(min_length=1, max_length=20, examples=[["openid"]])
]
AuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]
Opaque = Annotated[str, AfterValidator(storable), Field(max_length=200)]


class Sent(BaseModel):
    """A request body: unknown members are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class EnrollmentRequest(Sent):
    email: Email
    client_name: Name
    client_description: Prose = ""
    requested_scopes: Scopes = Field(default_factory=lambda: ["openid"])
    token_endpoint_auth_method: AuthMethod = "client_secret_basic"  # noqa: S105  (a name)


class ConfirmRequest(Sent):
    enrollment_id: Opaque
    poll_token: Opaque
    verification_code: Opaque = ""


class TokenForm(Sent):
    """The form of a token request. With HTTP Basic the client's two parameters stay away."""

    grant_type: str
    scope: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    audience: list[str] | None = None
    resource: list[str] | None = None
    may_act: str | None = None  # the client that may exchange the new token
    device_code: str | None = None
    refresh_token: str | None = None
    subject_token: str | None = None
    subject_token_type: str | None = None
    actor_token: str | None = None
    actor_token_type: str | None = None
    requested_token_type: str | None = None


class ApprovalForm(Sent):
    """The form of the sponsor's page; `form_token` is the one that the page gave."""

    enrollment: str
    form_token: str
    verification_code: str


class NoteRequest(Sent):
    text: Annotated[str, AfterValidator(named), Field(max_length=2000)]


class ClockMove(Sent):
    realm: Opaque
    move_seconds: Annotated[float, Field(ge=0, le=10 * 366 * 86400, allow_inf_nan=False)]


class RealmChoice(Sent):
    realm: Opaque | None = None


class RealmName(Sent):
    realm: Opaque


class RealmLike(Sent):
    """`without`: the name of the one proof rule that is off there."""

    like: Opaque = "default"
    without: Opaque | None = None


class PolicyText(Sent):
    """Cedar policies for a private realm, instead of those of the realm that it is like."""

    realm: Opaque
    text: Annotated[str, AfterValidator(storable), Field(max_length=60_000)]


class ClientLock(Sent):
    client_id: Opaque
    locked: bool = True


class ResetRequest(Sent):
    realm: Opaque
    confirm: Opaque | None = None


class FaultRequest(Sent):
    realm: Opaque
    path_suffix: Opaque = ""
    kind: Literal["status", "drop", "delay"]
    status: Annotated[int, Field(ge=400, le=599)] = 503
    seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 1.0
    times: Annotated[int, Field(ge=1, le=1000)] = 1


class Problem(BaseModel):
    """Every refusal of this service: a code for programs, a sentence for people."""

    error: str
    error_description: str


class Enrollment(BaseModel):
    enrollment_id: str
    poll_token: str
    status_url: str
    approval_url: str
    expires_at: str
    email_sent: bool
    realm: str
    token_endpoint: str


class EnrollmentStatus(BaseModel):
    enrollment_id: str
    status: Literal["pending", "approved", "confirmed", "expired", "locked"]
    expires_at: str
    realm: str


class ClientCredentials(BaseModel):
    """A client without a secret (`token_endpoint_auth_method: none`) gets none."""

    client_id: str
    client_secret: str | None = None
    token_endpoint_auth_method: Literal["none"] | None = None
    granted_scopes: list[str]
    token_endpoint: str
    issuer: str
    realm: str


class TokenAnswer(BaseModel):
    access_token: str
    token_type: Literal["DPoP", "Bearer"]
    expires_in: int
    scope: str
    refresh_token: str | None = None
    issued_token_type: str | None = None


class UserInfo(BaseModel):
    sub: str
    client_id: str
    client_name: str
    realm: str
    scope: str
    act: dict[str, Any] | None = None


class WhoAmI(BaseModel):
    client_id: str
    client_name: str
    realm: str
    scope: str
    token_type: Literal["DPoP", "Bearer"]
    cnf: dict[str, str] | None = None
    sub: str | None = None  # where it is not the client itself
    act: dict[str, Any] | None = None


class Note(BaseModel):
    id: int
    text: str
    created_at: str


class Notes(BaseModel):
    notes: list[Note]


class KeySet(BaseModel):
    keys: list[dict[str, Any]]


class Metadata(BaseModel):
    """OpenID Connect Discovery and RFC 8414; further members may come."""

    model_config = ConfigDict(extra="allow")
    issuer: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    device_authorization_endpoint: str
    introspection_endpoint: str
    revocation_endpoint: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    scopes_supported: list[str]


class AgentMetadata(BaseModel):
    """The service for a program that reads one document; further members may come."""

    model_config = ConfigDict(extra="allow")
    name: str
    base_url: str
    openapi: str
    endpoints: dict[str, str]
    grant_types: list[str]


class Hello(BaseModel):
    answer: str
    pid: int
    version: str
    base_url: str


class Mail(BaseModel):
    id: int
    to: str
    subject: str
    sent_at: str
    realm: str
    text: str
    code: str | None = None


class Inbox(BaseModel):
    mails: list[Mail]


class ClockReading(BaseModel):
    realm: str
    offset: float
    now: float


class Cleared(BaseModel):
    cleared: int


class LockedClient(BaseModel):
    client_id: str
    locked: bool


class RotatedRoots(BaseModel):
    """SPIFFE's part: the new root and JWT key, beside the old ones in the bundle of this number."""

    signs_from: str
    old_until: str
    spiffe_sequence: int


class RotatedKeys(BaseModel):
    """The new signing key. From when on it signs, and until when the old ones are published."""

    kid: str
    signs_from: str
    old_until: str
    spiffe: RotatedRoots


class PrivateRealm(BaseModel):
    realm: str
    issuer: str
    like: str
    without: str | None = None


class PolicyFile(BaseModel):
    file: str
    realms: list[str]
    valid: bool
    error: str | None = None
    line: int | None = None
    version: str | None = None
    edited: bool


class PolicyReport(BaseModel):
    folder: str
    policies: list[PolicyFile]


class RealmPolicies(BaseModel):
    realm: str
    version: str


class AuditEvent(BaseModel):
    """One event of the audit trail; further members may come, as the kind of event has them."""

    model_config = ConfigDict(extra="allow")
    id: int
    timestamp: str
    event: str
    realm: str
    client_id: str | None = None


class AuditPage(BaseModel):
    events: list[AuditEvent]
    next: str | None = None


class AuditTrail(BaseModel):
    events: list[AuditEvent]
