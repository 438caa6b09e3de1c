"""Discovery, the protected API and the audit trail: what goes over the wire there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dialtone_kit.mock.schemas.formats import ClientId, Moment, RealmId, Thumbprint, Url, named
from dialtone_kit.mock.schemas.sent import FromDecimal, Sent

Limit = Annotated[int, Field(ge=1, le=200, description="how many at most"), FromDecimal]
EventId = Annotated[int, Field(ge=0, lt=10**18), FromDecimal]


class NoteRequest(Sent):
    text: Annotated[str, AfterValidator(named), Field(max_length=2000)]


class AuditPageQuery(Sent):
    before: EventId | None = Field(default=None, description="only events older than this id")
    limit: Limit = 50


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
    response_types_supported: Annotated[list[str], Field(min_length=1)]
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
