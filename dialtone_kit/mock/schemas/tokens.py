"""Tokens: what goes over the wire at /token, /introspect, /revoke and in the device flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dialtone_kit.mock.schemas.formats import (
    CLIENT_ID_PATTERN,
    ClientId,
    Code,
    DeviceCode,
    Jwt,
    RealmId,
    RefreshToken,
    Seconds,
    Thumbprint,
    Url,
)
from dialtone_kit.mock.schemas.problem import ErrorCode
from dialtone_kit.mock.schemas.sent import ClientForm, Sent

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
AskedTokenType = Literal[
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt",
    "",
]
Targets = Annotated[
    list[str], Field(max_length=10), BeforeValidator(lambda values: list(dict.fromkeys(values)))
]
SecretText = Annotated[str, Field(repr=False)]


class TargetsForm(ClientForm):
    """Who the token is for: either parameter or both, each as often as needed."""

    codes: ClassVar[Mapping[str, ErrorCode]] = {
        "audience": "invalid_target",
        "resource": "invalid_target",
    }
    audience: Targets = Field(default_factory=list)
    resource: Targets = Field(default_factory=list)


class TokenForm(TargetsForm):
    """The form of a token request. With HTTP Basic, leave out the client's two parameters.

    An empty parameter counts as absent, here and in every form.
    """

    codes: ClassVar[Mapping[str, ErrorCode]] = {
        **TargetsForm.codes,
        "grant_type": "unsupported_grant_type",
    }
    grant_type: GrantName
    scope: str = ""
    may_act: str = Field(
        default="",
        pattern=f"^({CLIENT_ID_PATTERN})?$",
        description="the client that may exchange the new token",
    )
    device_code: SecretText = ""
    refresh_token: SecretText = ""
    subject_token: SecretText = ""
    subject_token_type: AskedTokenType = ""
    actor_token: SecretText = ""
    actor_token_type: AskedTokenType = ""
    requested_token_type: AskedTokenType = ""


class DeviceAuthorizationForm(TargetsForm):
    """The form of a device authorization request (RFC 8628 §3.1, RFC 8707 §2)."""

    scope: str = ""


class TokenQuestion(ClientForm):
    """The form of introspection and revocation: a token, and what it may be."""

    token: Annotated[SecretText, Field(min_length=1)]
    token_type_hint: str = ""


class UserCodeQuery(Sent):
    user_code: str = Field(default="", description="the code, as in verification_uri_complete")


class DevicePageForm(Sent):
    """The forms of the device page: first code and address, then the emailed code and an answer."""

    form_token: SecretText = ""
    user_code: SecretText = ""
    email: str = ""
    visit: str = ""
    verification_code: SecretText = ""
    decision: Literal["", "approve", "deny"] = ""


class TokenAnswer(BaseModel):
    access_token: Jwt
    token_type: Literal["DPoP", "Bearer"]
    expires_in: Seconds
    scope: str
    refresh_token: RefreshToken | None = None
    issued_token_type: TokenType | None = None


class DeviceAuthorization(BaseModel):
    device_code: DeviceCode
    user_code: Code
    verification_uri: Url
    verification_uri_complete: Url
    expires_in: Seconds
    interval: Seconds


class Confirmation(BaseModel):
    """The key that a token is bound to, by its thumbprint (RFC 9449 §6.1)."""

    jkt: Thumbprint


class Introspection(BaseModel):
    """`active` alone for a token that is not live; there may be further members."""

    model_config = ConfigDict(extra="allow")
    active: bool
    token_type: Literal["DPoP", "Bearer"] | None = None
    client_id: ClientId | None = None
    sub: str | None = None
    scope: str | None = None
    iss: Url | None = None
    realm: RealmId | None = None
    iat: int | None = None
    exp: int | None = None
    jti: str | None = None
    aud: str | list[str] | None = None
    cnf: Confirmation | None = None
    may_act: dict[str, Any] | None = None
    act: dict[str, Any] | None = None


class Revoked(BaseModel):
    """An empty object: the token is dead, or never existed."""
