"""What may stand in a query, for OpenAPI: the handlers read it themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from dialtone_kit.mock.schemas.formats import ENROLLMENT_PATTERN

Limit = Annotated[int, Field(ge=1, le=200, description="how many at most; 50 unless told")]
OneRealm = Annotated[str, Field(description="of this realm only", examples=["default"])]


class EnrollmentQuery(BaseModel):
    enrollment: str = Field(
        description="the enrollment_id, as in approval_url",
        json_schema_extra={"pattern": ENROLLMENT_PATTERN},
    )


class UserCodeQuery(BaseModel):
    user_code: str = Field(default="", description="the code, as in verification_uri_complete")


class AuditPageQuery(BaseModel):
    before: int | None = Field(
        default=None, ge=0, lt=10**18, description="only events older than this id"
    )
    limit: Limit = 50


class AuditTrailQuery(BaseModel):
    realm: OneRealm | None = None
    client: str | None = Field(default=None, description="of this client only")
    after: int = Field(default=0, ge=0, lt=10**18, description="only events newer than this id")
    limit: Limit = 200


class InboxQuery(BaseModel):
    email: str | None = Field(default=None, description="to this address only")
    realm: OneRealm | None = None
    limit: Limit = 50


class HelloQuery(BaseModel):
    nonce: str = Field(
        min_length=1, max_length=256, description="any text that the caller just made up"
    )
