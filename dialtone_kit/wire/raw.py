"""The last requests as they were sent, secrets and all: in this kernel's memory, nowhere else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NoReturn

import httpx

from dialtone_kit.base.masking import visible

RAW_KEPT = 20  # requests


@dataclass(frozen=True, repr=False, eq=False)
class RawRequest:
    """A request with its proof and credentials, for the proof checker. It shows none of them.

    `sent_at` is in Unix seconds. It can't be pickled, so it is never saved.
    """

    method: str
    url: str
    headers: httpx.Headers
    content: bytes
    sent_at: float
    status: int | None

    @property
    def proofs(self) -> list[str]:
        """The values of its `DPoP` header fields."""
        return self.headers.get_list("DPoP")

    @property
    def access_token(self) -> str | None:
        """The token it carried under the scheme `DPoP`."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "dpop" else None

    def __repr__(self) -> str:
        ended = self.status or "no answer"
        return f"<RawRequest {visible(self.method)} {visible(self.path)} → {ended}>"

    @property
    def path(self) -> str:
        """The path of its URL: no query, which may hold a secret."""
        return httpx.URL(self.url).path

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A raw request holds secrets and never leaves its process.")


def raw(request: httpx.Request, status: int | None) -> RawRequest:
    """`request` as it was just sent; `status` is that of its response, if one came."""
    return RawRequest(
        request.method,
        str(request.url),
        request.headers.copy(),
        request.content,
        time.time(),
        status,
    )
