"""How every refusal of this service looks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

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
    error_description: str = Field(pattern=r"^[\x20-\x21\x23-\x5b\x5d-\x7e]+$")  # RFC 6749 §5.2
    tries_left: int | None = Field(default=None, description="for a verification code")
    line: int | None = Field(default=None, description="of a policy text, where it is wrong")
