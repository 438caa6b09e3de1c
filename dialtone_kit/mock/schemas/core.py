"""What goes over the wire, as types: they check what comes in and describe both ways in OpenAPI."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dialtone_kit.mock.schemas.email import is_email
from dialtone_kit.mock.schemas.formats import (
    AskedEnrollment,
    ClientId,
    ClientSecret,
    EnrollmentId,
    Jwt,
    Moment,
    Opaque,
    PollToken,
    RealmId,
    RefreshToken,
    Seconds,
    Thumbprint,
    TypedCode,
    Url,
    storable,
)

SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 §3.3


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
    str,
    AfterValidator(is_email),
    Field(max_length=254, examples=["you@example.com"], json_schema_extra={"format": "email"}),
]
Name = Annotated[
    str,
    AfterValidator(named),
    Field(max_length=100, examples=["my-agent"], json_schema_extra={"pattern": r"\S"}),
]
Prose = Annotated[str, AfterValidator(storable), Field(max_length=1000)]
ScopeName = Annotated[str, Field(json_schema_extra={"pattern": f"^{SCOPE.pattern}$"})]
Scopes = Annotated[
    list[ScopeName],
    AfterValidator(are_scopes),
    Field(min_length=1, max_length=20, examples=[["openid"]]),
]
AuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]


GrantName = Literal[
    "client_credentials",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]
TokenType = Literal[
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt",
]


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
    enrollment_id: AskedEnrollment
    poll_token: Opaque
    verification_code: TypedCode = ""


class TokenForm(Sent):
    """The form of a token request. With HTTP Basic the client's two parameters stay away.

    An empty parameter counts as absent, here and in every form.
    """

    grant_type: GrantName
    scope: str = ""
    client_id: str = ""
    client_secret: str = ""
    audience: list[str] = Field(default=[], max_length=10)
    resource: list[str] = Field(default=[], max_length=10)
    may_act: str = Field(default="", description="the client that may exchange the new token")
    device_code: str = ""
    refresh_token: str = ""
    subject_token: str = ""
    subject_token_type: TokenType | Literal[""] = ""
    actor_token: str = ""
    actor_token_type: TokenType | Literal[""] = ""
    requested_token_type: TokenType | Literal[""] = ""


class ApprovalForm(Sent):
    """The form of the sponsor's page; `form_token` is the one that the page gave."""

    enrollment: AskedEnrollment
    form_token: str
    verification_code: TypedCode


class NoteRequest(Sent):
    text: Annotated[str, AfterValidator(named), Field(max_length=2000)]


ErrorCode = Literal[
    # the demo's table
    "invalid_request",
    "unauthorized",
    "access_denied",
    "not_found",
    "conflict",
    "gone",
    "rate_limited",
    # OAuth: RFC 6749, 6750, 8628, 8693, 8707, 9449
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_target",
    "unauthorized_client",
    "unsupported_grant_type",
    "authorization_pending",
    "slow_down",
    "expired_token",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "invalid_token",
    "insufficient_scope",
    # HTTP itself
    "method_not_allowed",
    "payload_too_large",
    "unsupported_media_type",
    "server_error",
    "temporarily_unavailable",
]


class Problem(BaseModel):
    """Every refusal of this service: a code for programs, a sentence for people."""

    error: ErrorCode
    error_description: str
    tries_left: int | None = Field(default=None, description="for a verification code")
    line: int | None = Field(default=None, description="of a policy text, where it is wrong")


class Enrollment(BaseModel):
    enrollment_id: EnrollmentId
    poll_token: PollToken
    status_url: Url
    approval_url: Url
    expires_at: Moment
    email_sent: bool
    realm: RealmId
    token_endpoint: Url


class EnrollmentStatus(BaseModel):
    enrollment_id: EnrollmentId
    status: Literal["pending", "approved", "confirmed", "expired", "locked"]
    expires_at: Moment
    realm: RealmId


class ClientCredentials(BaseModel):
    """A client without a secret (`token_endpoint_auth_method: none`) gets none."""

    client_id: ClientId
    client_secret: ClientSecret | None = None
    token_endpoint_auth_method: Literal["none"] | None = None
    granted_scopes: list[str]
    token_endpoint: Url
    issuer: Url
    realm: RealmId


class TokenAnswer(BaseModel):
    access_token: Jwt
    token_type: Literal["DPoP", "Bearer"]
    expires_in: Seconds
    scope: str
    refresh_token: RefreshToken | None = None
    issued_token_type: TokenType | None = None


class UserInfo(BaseModel):
    sub: str
    client_id: ClientId
    client_name: str
    realm: RealmId
    scope: str
    act: dict[str, Any] | None = None


class WhoAmI(BaseModel):
    client_id: ClientId
    client_name: str
    realm: RealmId
    scope: str
    token_type: Literal["DPoP", "Bearer"]
    cnf: dict[Literal["jkt"], Thumbprint] | None = None
    sub: str | None = Field(default=None, description="where it is not the client itself")
    act: dict[str, Any] | None = None


class Note(BaseModel):
    id: int
    text: str
    created_at: Moment


class Notes(BaseModel):
    notes: list[Note]


class SigningKey(BaseModel):
    """A public JWK (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ES256"]
    use: Literal["sig"]


class KeySet(BaseModel):
    keys: list[SigningKey]


class OpenApi(BaseModel):
    """OpenAPI 3.1; its members are that specification's."""

    model_config = ConfigDict(extra="allow")
    openapi: Annotated[str, Field(pattern=r"^3\.1\.")]
    info: dict[str, Any]
    paths: dict[str, Any]


class Metadata(BaseModel):
    """OpenID Connect Discovery and RFC 8414; further members may come."""

    model_config = ConfigDict(extra="allow")
    issuer: Url
    token_endpoint: Url
    jwks_uri: Url
    userinfo_endpoint: Url
    device_authorization_endpoint: Url
    introspection_endpoint: Url
    revocation_endpoint: Url
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    scopes_supported: list[str]


class AgentMetadata(BaseModel):
    """The service for a program that reads one document; further members may come."""

    model_config = ConfigDict(extra="allow")
    name: str
    base_url: Url
    openapi: Url
    endpoints: dict[str, str]
    grant_types: list[str]


class AuditEvent(BaseModel):
    """One event of the audit trail; further members may come, as the kind of event has them."""

    model_config = ConfigDict(extra="allow")
    id: int
    timestamp: Moment
    event: str
    realm: RealmId
    client_id: ClientId | None


class AuditPage(BaseModel):
    events: list[AuditEvent]
    next: Url | None


class AuditTrail(BaseModel):
    events: list[AuditEvent]
