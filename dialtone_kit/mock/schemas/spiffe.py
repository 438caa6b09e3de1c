"""What goes over the wire for SPIFFE, both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from dialtone_kit.mock.schemas.formats import (
    AskedRealm,
    Jwt,
    Moment,
    Opaque,
    SpiffeUri,
    Url,
    storable,
)
from dialtone_kit.mock.schemas.sent import Sent
from dialtone_kit.spiffe.evidence import Evidence, PlatformName

SVID_LIFETIME = 3600  # seconds, at most
MOST_TEXT = 32 * 1024  # characters: a JWT, a document, a request with a long RSA key


def as_list(value: Any) -> Any:
    """A single audience may be a plain string, like `aud` itself (RFC 7519 §4.1.3)."""
    return [value] if isinstance(value, str) else value


def named_audience(value: str) -> str:
    """An audience that is not empty."""
    if not value.strip():
        raise ValueError("an audience names who may accept the SVID; it can't be empty")
    return storable(value)


Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT), AfterValidator(storable)]
Binding = Annotated[str, Field(max_length=1400), AfterValidator(storable)]  # RSA 8192: 1366
Audience = Annotated[
    list[Annotated[str, Field(max_length=500), AfterValidator(named_audience)]],
    BeforeValidator(as_list),
    Field(min_length=1, max_length=10, examples=[["https://api.example.com"]]),
]
Seconds = Annotated[
    int,
    Field(ge=1, examples=[600], description=f"lifetime in seconds, at most {SVID_LIFETIME}"),
]


class EvidenceSent(Sent):
    """`token` for kubernetes, azure and gcp; `document` with its `signature` for aws."""

    token: Text | None = None
    document: Text | None = None
    signature: Text | None = None


class Attempt(Sent):
    """A workload that shows its platform's evidence for a challenge."""

    platform: PlatformName
    nonce: Opaque
    evidence: EvidenceSent
    binding: Binding | None = Field(
        default=None,
        description="aws, azure: base64url of the key's signature over nonce ‖ SHA-256(evidence)",
    )
    ttl: Seconds = SVID_LIFETIME

    @model_validator(mode="after")
    def evidence_fits_platform(self) -> Attempt:
        """The members that this platform's evidence has."""
        sent = self.evidence
        if self.platform == "aws" and (sent.document is None or sent.signature is None):
            raise ValueError("aws evidence has a document and its signature")
        if self.platform != "aws" and sent.token is None:
            raise ValueError(f"{self.platform} evidence has a token")
        return self

    def evidence_shown(self) -> Evidence:
        """The evidence as both sides know it."""
        return Evidence.of(self.platform, self.evidence.model_dump())


class X509Request(Attempt):
    csr: Annotated[Text, Field(description="one PKCS#10 request in PEM")]


class JwtRequest(Attempt):
    audience: Audience
    key: dict[str, Any] = Field(description="the public JWK that the evidence is tied to")


class JwtForToken(Sent):
    audience: Audience
    ttl: Seconds = SVID_LIFETIME


class Challenge(BaseModel):
    nonce: str
    expires_at: Moment
    expires_in: int


class X509Svid(BaseModel):
    svid: str = Field(
        description="PEM: the leaf, then the authorities below the root",
        pattern="^-----BEGIN CERTIFICATE-----",
    )
    spiffe_id: SpiffeUri
    expires_at: Moment
    trust_bundle_url: Url


class JwtSvid(BaseModel):
    svid: Jwt
    spiffe_id: SpiffeUri
    expires_at: Moment


class BundleKey(BaseModel):
    """A public JWK. `use` x509-svid: one certificate in `x5c`, no kid; jwt-svid: a kid."""

    model_config = ConfigDict(extra="allow")
    kty: str
    use: Literal["x509-svid", "jwt-svid"]
    kid: str | None = None
    x5c: Annotated[list[str], Field(min_length=1, max_length=1)] | None = None


class TrustBundle(BaseModel):
    """SPIFFE Trust Domain and Bundle §4."""

    keys: list[BundleKey]
    spiffe_sequence: int
    spiffe_refresh_hint: int


class KubernetesPod(Sent):
    """A pod that asks for its projected service-account token.

    `realm`: the private realm in whose cluster it runs.
    """

    audience: Opaque
    realm: AskedRealm | None = None
    namespace: Opaque = "lessons"
    service_account: Opaque = "reader"


class AwsInstance(Sent):
    account: Opaque = "123456789012"
    region: Opaque = "eu-central-1"
    instance: Opaque = "i-0a1b2c3d4e5f60718"


class AzureMachine(Sent):
    principal: Opaque = "0c9e5a77-3b1d-4e52-8f6a-91d2c3b4a5e6"


class GcpMachine(Sent):
    audience: Opaque
    project: Opaque = "dialtone-lessons"
    account: Opaque = "104857600000000000001"


class SignedToken(BaseModel):
    token: Jwt


class SignedDocument(BaseModel):
    document: str
    signature: str
