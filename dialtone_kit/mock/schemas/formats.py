"""The formats of what goes over the wire, named once for all schemas.

Those of answers only describe. Those of requests are as lenient as the service: a code may come in
lower case, and a malformed id is simply not found.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

B64URL = "[A-Za-z0-9_-]"
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CODE = "[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}"
REALM_PATTERN = "^[a-z0-9-]+$"
CLIENT_ID_PATTERN = "cli_[a-z0-9_]{1,64}"
ENROLLMENT_PATTERN = f"^enroll_{UUID}$"
JWT_PATTERN = rf"^{B64URL}+\.{B64URL}+\.{B64URL}+$"


def storable(value: str) -> str:
    """Any string without a NUL, which no database keeps."""
    if "\0" in value:
        raise ValueError("a NUL character can't be stored")
    return value


def is_visible(value: str) -> bool:
    """Whether a reader sees anything of it: a space is nothing, and nor is U+202E or a control."""
    return any(one.isprintable() and not one.isspace() for one in value)


def named(value: str) -> str:
    """A string with at least one visible character."""
    if not is_visible(value):
        raise ValueError("this must not be empty")
    return storable(value)


# --- answers ---------------------------------------------------------------------------------
EnrollmentId = Annotated[str, Field(pattern=ENROLLMENT_PATTERN)]
PollToken = Annotated[str, Field(pattern=f"^pt_{B64URL}{{43}}$", description="keep it secret")]
ClientId = Annotated[str, Field(pattern=f"^{CLIENT_ID_PATTERN}$")]
ClientSecret = Annotated[
    str, Field(pattern=f"^sec_{B64URL}{{43}}$", description="shown once; keep it secret")
]
RefreshToken = Annotated[
    str, Field(pattern=f"^rt_{B64URL}{{43}}$", description="works once; keep it secret")
]
DeviceCode = Annotated[str, Field(pattern=f"^dc_{B64URL}{{43}}$", description="keep it secret")]
Code = Annotated[str, Field(pattern=f"^{CODE}$")]
Jwt = Annotated[str, Field(pattern=JWT_PATTERN)]
RealmId = Annotated[str, Field(pattern=REALM_PATTERN, examples=["default"])]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, pattern="Z$")]
Thumbprint = Annotated[str, Field(pattern=f"^{B64URL}{{43}}$")]
SpiffeUri = Annotated[str, Field(pattern="^spiffe://[a-z0-9._-]+/")]
Seconds = Annotated[int, Field(ge=1)]

# --- requests --------------------------------------------------------------------------------
Opaque = Annotated[str, Field(max_length=200), AfterValidator(storable)]
AskedEnrollment = Annotated[Opaque, Field(json_schema_extra={"pattern": ENROLLMENT_PATTERN})]
AskedRealm = Annotated[Opaque, Field(json_schema_extra={"pattern": REALM_PATTERN})]
AskedClient = Annotated[Opaque, Field(json_schema_extra={"pattern": f"^{CLIENT_ID_PATTERN}$"})]
TypedCode = Annotated[
    Opaque,
    Field(
        repr=False,
        description="XXXX-XXXX from the email; other words, case, spaces and dashes are ignored",
    ),
]
