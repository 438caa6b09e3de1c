"""DPoP as an `httpx.Auth`: every request that uses it carries its own proof.

lesson.http.get(url, auth=DPoPAuth(key, token))
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, MutableMapping

import httpx

from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.urls import origin
from dialtone_kit.client.responses import json_or_nothing
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import build_proof
from dialtone_kit.tokens import Token, text_of
from dialtone_kit.wire.raw import PROVE

_IN_A_HEADER = re.compile("[!-~]+")
# The last nonce of each origin, for its token endpoint ("") and for its resources ("token").
Nonces = MutableMapping[tuple[str, str], str]


class DPoPAuth(httpx.Auth):
    """A fresh proof on every request; with a token also `Authorization: DPoP …` and `ath`.

    `now` gives Unix seconds. `nonces` may be shared between objects: a nonce only ever goes back
    to the origin that issued it (M16). A demand for a nonce is answered once, with a new proof.
    Raises DialtoneError for a token that no header can hold.
    """

    requires_response_body = True  # the token endpoint demands its nonce in the body (RFC 9449 §8)

    def __init__(
        self,
        key: ProofKey,
        token: Token | Secret | str | None = None,
        *,
        now: Callable[[], float] = time.time,
        nonces: Nonces | None = None,
    ) -> None:
        self.key, self._now = key, now
        self._token = None if token is None else Secret(text_of(token))
        self._nonces: Nonces = {} if nonces is None else nonces
        if self._token is not None and not _IN_A_HEADER.fullmatch(self._token.reveal()):
            raise DialtoneError(  # the HTTP library would quote it
                "The token contains a character that HTTP forbids in a header, such as a line "
                "break. Was it copied with one?"
            )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """httpx calls this for each send: prove, send, and once more if a nonce is demanded."""
        place = self._place(str(request.url))
        sent = self._prove(request, self._nonces.get(place))
        response = yield request
        fresh = self._remember(response, place)
        # A service that demands the nonce it was just sent would do so forever: its refusal stands.
        if fresh is not None and fresh != sent and self._demands_nonce(response):
            self._prove(request, fresh)
            self._remember((yield request), place)

    def _demands_nonce(self, response: httpx.Response) -> bool:
        return demands_nonce(response)

    def _place(self, url: str) -> tuple[str, str]:
        return origin(url), "token" if self._token else ""

    def _prove(self, request: httpx.Request, nonce: str | None) -> str | None:
        method, url = request.method, str(request.url)
        request.headers["DPoP"] = self._proof(method, url, nonce)
        request.extensions[PROVE] = lambda: self._proof(
            method, url, self._nonces.get(self._place(url))
        )
        if self._token is not None:
            request.headers["Authorization"] = f"DPoP {self._token.reveal()}"
        return nonce

    def _proof(self, method: str, url: str, nonce: str | None) -> str:
        token = self._token.reveal() if self._token else None
        return build_proof(self.key, method, url, access_token=token, nonce=nonce, now=self._now())

    def _remember(self, response: httpx.Response, place: tuple[str, str]) -> str | None:
        """Keep the nonce received, on success too (RFC 9449 §8.2)."""
        nonce = response.headers.get("DPoP-Nonce")
        if nonce:
            self._nonces[place] = nonce
        return nonce or None

    def __repr__(self) -> str:
        name, having = type(self).__name__, "with" if self._token else "without"
        return f"<{name} by {self.key!r}, {having} a token>"


def names_nonce(field: str) -> bool:
    """Whether a `WWW-Authenticate` field has `error=use_dpop_nonce` in a DPoP challenge."""
    return any(
        challenge.scheme.lower() == "dpop" and challenge.parameters.get("error") == "use_dpop_nonce"
        for challenge in challenges(field)
    )


def demands_nonce(response: httpx.Response) -> bool:
    """Whether the response says `use_dpop_nonce`, in its header (resource) or body (token)."""
    if response.status_code not in (400, 401):
        return False
    if any(names_nonce(field) for field in response.headers.get_list("WWW-Authenticate")):
        return True
    return json_or_nothing(response).get("error") == "use_dpop_nonce"
