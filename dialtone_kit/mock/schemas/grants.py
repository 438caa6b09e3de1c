"""The grants' part of what goes over the wire: device flow, introspection, revocation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialtone_kit.mock.schemas.core import Sent
from dialtone_kit.mock.schemas.formats import (
    ClientId,
    Code,
    DeviceCode,
    RealmId,
    Seconds,
    Thumbprint,
    Url,
)


class DeviceAuthorizationForm(Sent):
    """The form of a device authorization request (RFC 8628 §3.1)."""

    scope: str = ""
    client_id: str = ""
    client_secret: str = ""


class TokenQuestion(Sent):
    """The form of introspection and revocation: a token, and what it may be."""

    token: Annotated[str, Field(min_length=1)]
    token_type_hint: str = ""
    client_id: str = ""
    client_secret: str = ""


class DevicePageForm(Sent):
    """The forms of the device page: first code and address, then the mailed code and an answer."""

    form_token: str
    user_code: str = ""
    email: str = ""
    visit: str = ""
    verification_code: str = ""
    decision: Literal["", "approve", "deny"] = ""


class Confirmation(BaseModel):
    """The key that a token is bound to, by its thumbprint (RFC 9449 §6.1)."""

    jkt: Thumbprint


class DeviceAuthorization(BaseModel):
    device_code: DeviceCode
    user_code: Code
    verification_uri: Url
    verification_uri_complete: Url
    expires_in: Seconds
    interval: Seconds


class Introspection(BaseModel):
    """Only `active` when there is nothing to tell; further members may come."""

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
    """An empty object: the token is dead, or never was one."""
