"""Registration: what goes over the wire at /register/…"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from dialtone_kit.base.email import LONGEST, one_address
from dialtone_kit.mock.schemas.formats import (
    ENROLLMENT_PATTERN,
    AskedEnrollment,
    ClientId,
    ClientSecret,
    EnrollmentId,
    Moment,
    Opaque,
    PollToken,
    RealmId,
    SpiffeUri,
    TypedCode,
    Url,
    named,
    storable,
)
from dialtone_kit.mock.schemas.sent import Sent
from dialtone_kit.spiffe.spiffe_id import MAX_LENGTH, BadSpiffeId, SpiffeId

SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 §3.3


def are_scopes(values: list[str]) -> list[str]:
    """Scope names, each once, in the order asked."""
    if not all(SCOPE.fullmatch(value) for value in values):
        raise ValueError("a scope is a word of visible ASCII characters")
    return list(dict.fromkeys(values))


def names_a_workload(value: str) -> str:
    """A SPIFFE ID with a path: without one it is a trust domain."""
    try:
        named = SpiffeId.parse(value)
    except BadSpiffeId as problem:
        raise ValueError(str(problem)) from None
    if not named.path:
        raise ValueError("it names a trust domain, not a workload")
    return value


Email = Annotated[
    str,
    AfterValidator(one_address),
    Field(max_length=LONGEST, examples=["you@example.com"], json_schema_extra={"format": "email"}),
]
Name = Annotated[
    str,
    Field(max_length=100, examples=["my-agent"], json_schema_extra={"pattern": r"\S"}),
    AfterValidator(named),
]
Prose = Annotated[str, Field(max_length=1000), AfterValidator(storable)]
ScopeName = Annotated[str, Field(json_schema_extra={"pattern": f"^{SCOPE.pattern}$"})]
Scopes = Annotated[
    list[ScopeName],
    AfterValidator(are_scopes),
    Field(min_length=1, max_length=20, examples=[["openid"]]),
]
WorkloadName = Annotated[
    str,
    AfterValidator(names_a_workload),
    Field(max_length=MAX_LENGTH, examples=["spiffe://dialtone.test/ns/lessons/sa/reader"]),
]
AuthMethod = Literal["client_secret_basic", "client_secret_post", "none", "spiffe_jwt"]


class EnrollmentRequest(Sent):
    email: Email
    client_name: Name
    client_description: Prose = ""
    requested_scopes: Scopes = Field(default_factory=lambda: ["openid"])
    token_endpoint_auth_method: AuthMethod = "client_secret_basic"  # noqa: S105  (a name)
    spiffe_id: WorkloadName | None = Field(
        default=None, description="with spiffe_jwt: whose JWT-SVIDs authenticate the client"
    )

    @model_validator(mode="after")
    def named_if_it_signs_in_by_svid(self) -> EnrollmentRequest:
        """A SPIFFE ID exactly with the method that needs one."""
        if (self.token_endpoint_auth_method == "spiffe_jwt") != (self.spiffe_id is not None):  # noqa: S105
            raise ValueError("spiffe_id and token_endpoint_auth_method spiffe_jwt go together")
        return self


class ConfirmRequest(Sent):
    enrollment_id: AskedEnrollment
    poll_token: Annotated[Opaque, Field(repr=False)]
    verification_code: TypedCode = ""


class EnrollmentQuery(Sent):
    enrollment: str | None = Field(
        default=None,
        description="the enrollment_id, as in approval_url",
        json_schema_extra={"pattern": ENROLLMENT_PATTERN},
    )


class ApprovalForm(Sent):
    """The form of the sponsor's page; `form_token` is the one that the page gave."""

    enrollment: AskedEnrollment | None = None
    form_token: str = Field(default="", repr=False)
    verification_code: TypedCode = ""


class NewEnrollment(BaseModel):
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
    tries_left: Annotated[int, Field(ge=0, le=5, description="for the verification code")]
    realm: RealmId


class ClientCredentials(BaseModel):
    """A client without a secret (`token_endpoint_auth_method` none, spiffe_jwt) gets none."""

    client_id: ClientId
    client_secret: ClientSecret | None = None
    token_endpoint_auth_method: Literal["none", "spiffe_jwt"] | None = None
    spiffe_id: SpiffeUri | None = None
    granted_scopes: list[str]
    token_endpoint: Url
    issuer: Url
    realm: RealmId
