"""The grants' part of what goes over the wire: device flow, introspection, revocation."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from dialtone_kit.mock.schemas import Sent


class DeviceAuthorizationForm(Sent):
    """The form of a device authorization request (RFC 8628 §3.1)."""

    scope: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class TokenQuestion(Sent):
    """The form of introspection and revocation: a token, and what it may be."""

    token: str
    token_type_hint: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class DevicePageForm(Sent):
    """The forms of the device page: first code and address, then the mailed code and an answer."""

    form_token: str
    user_code: str | None = None
    email: str | None = None
    visit: str | None = None
    verification_code: str | None = None
    decision: Literal["approve", "deny"] | None = None


class DeviceAuthorization(BaseModel):
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class Introspection(BaseModel):
    """Only `active` when there is nothing to tell; further members may come."""

    model_config = ConfigDict(extra="allow")
    active: bool
    token_type: Literal["DPoP", "Bearer"] | None = None
    client_id: str | None = None
    sub: str | None = None
    scope: str | None = None
    exp: int | None = None
    cnf: dict[str, str] | None = None
    act: dict[str, Any] | None = None


class Revoked(BaseModel):
    """An empty object: the token is dead, or never was one."""
