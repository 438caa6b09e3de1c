"""How a platform's evidence is tied to one challenge, and to one key.

Kubernetes and GCP write what we ask for into the evidence's `aud`: the challenge, and with it the
key, so that evidence is useless to a thief with another key. AWS and Azure can't: their evidence is
the same for everyone who reads it, so the workload signs challenge and evidence with its key. That
proves which key asks, not that the platform knows this key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

PlatformName = Literal["kubernetes", "aws", "azure", "gcp"]
PLATFORMS: tuple[PlatformName, ...] = ("kubernetes", "aws", "azure", "gcp")
IN_AUDIENCE = ("kubernetes", "gcp")  # these carry the challenge; the others need a signature


@dataclass(frozen=True)
class Evidence:
    """What a platform states about a workload: a JWT, or AWS's document with its signature.

    Anyone who holds it could pass for the workload, so it is not shown.
    """

    platform: PlatformName
    content: str = field(repr=False)  # the token, or the document exactly as it was written
    signature: str = field(default="", repr=False)  # AWS only: base64, by AWS's key

    @classmethod
    def of(cls, platform: PlatformName, members: Mapping[str, str | None]) -> Evidence:
        """The evidence in the members of a request or of a platform's response."""
        content = members.get("document" if platform == "aws" else "token") or ""
        return cls(platform, content, members.get("signature") or "")

    def members(self) -> dict[str, str]:
        """The members that go over the wire."""
        if self.platform == "aws":
            return {"document": self.content, "signature": self.signature}
        return {"token": self.content}


def bound_audience(challenge: str, thumbprint: str) -> str:
    """The `aud` to ask a platform for: the challenge, tied to the key with that thumbprint."""
    return f"{challenge}.{thumbprint}"


def binding_input(challenge: str, evidence: Evidence) -> bytes:
    """What the workload's key signs where the evidence can't carry a challenge."""
    return challenge.encode() + sha256(evidence.content.encode()).digest()
