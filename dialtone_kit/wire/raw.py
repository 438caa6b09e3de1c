"""The last requests as they were sent, secrets and all: in this kernel's memory, nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import httpx

from dialtone_kit.base.errors import DialtoneError, TokenRefused
from dialtone_kit.base.masking import visible
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import build_proof
from dialtone_kit.tokens import read_unverified

RAW_KEPT = 20  # requests
# The extension of a request that makes a fresh proof for it: from who proves to who records.
PROVE = "dialtone_prove"


@dataclass(frozen=True, repr=False, eq=False)
class RawRequest:
    """A request with its proof and credentials, for the proof checker and curl. It shows none.

    `sent_at` is in Unix seconds. `prove` makes another proof for the same request, unless that was
    made by hand. It can't be pickled, so it is never saved.
    """

    method: str
    url: str
    headers: httpx.Headers
    content: bytes
    sent_at: float
    status: int | None
    prove: Callable[[], str] | None = None

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
        ended = self.status or "no response"
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
        request.extensions.get(PROVE),
    )


def with_fresh_proof(request: RawRequest, key: ProofKey | None = None) -> httpx.Request:
    """The same request with a new proof, where it had one, so that it can be sent once more.

    It is signed by `key`, or else as the recorded one was; two proofs stay as they are. Raises
    DialtoneError for a proof made by hand, without a `key`.
    """
    headers = request.headers.copy()
    if len(request.proofs) == 1:
        headers["DPoP"] = _by(request, key) if key else _as_before(request)
    return httpx.Request(request.method, request.url, headers=headers, content=request.content)


def _as_before(request: RawRequest) -> str:
    if request.prove is None:
        raise DialtoneError(
            "The proof of this request was made by hand, and only its key can make a fresh one. "
            "Pass the ProofKey that it belongs to: lesson.wire.curl(key=key)."
        )
    return request.prove()


def _by(request: RawRequest, key: ProofKey) -> str:
    nonce = None
    with suppress(TokenRefused):
        nonce = read_unverified(request.proofs[0]).claims.get("nonce")
    return build_proof(
        key,
        request.method,
        request.url,
        access_token=request.access_token,
        nonce=nonce if isinstance(nonce, str) else None,
    )
