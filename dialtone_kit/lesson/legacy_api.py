"""An API from before DPoP, on this machine: it knows Bearer, checks signatures, and asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialtone_kit.base.errors import DialtoneError, TokenRefused
from dialtone_kit.base.reason import description
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.loopback import Answered, Asked, Loopback
from dialtone_kit.tokens import read_unverified

PATH = "/reports"
ONLY_BEARER = "This API knows one scheme: Authorization: Bearer <token>."


class LegacyApi:
    """Reports at `url`, for every caller whose token `client`'s issuer signed (RFC 6750).

    Nothing in it has heard of proofs, of `cnf` or of revocation. A token that names an audience
    must name `url`. It serves until `close()`.
    """

    def __init__(self, client: IdentityClient) -> None:
        client.jwks()  # fetched once, here: this API never talks to the service again
        self._client = client
        self._server = Loopback(self._answer, "reports")

    @property
    def url(self) -> str:
        """Where its reports are."""
        return f"{self._server.origin}{PATH}"

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is good here. Raises TokenRefused."""
        named = read_unverified(token).claims.get("aud")
        return self._client.verify(token, None if named is None else self.url)

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.close()

    def _answer(self, asked: Asked) -> Answered:
        scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
        if asked.path != PATH:
            return Answered(404, {"error": "not_found"})
        if asked.method != "GET":
            return Answered(405, {"error": "method_not_allowed"}, {"Allow": "GET"})
        if scheme.lower() != "bearer":
            return _refused("unauthorized", ONLY_BEARER)
        try:
            claims = self.claims(token.strip())
        except TokenRefused as refusal:
            why = description(str(refusal))
            return _refused(
                "invalid_token", why, f', error="invalid_token", error_description="{why}"'
            )
        except DialtoneError:
            return Answered(503, {"error": "temporarily_unavailable"})
        return Answered(200, {"client_id": claims.get("client_id"), "reports": 3})

    def __repr__(self) -> str:
        return f"LegacyApi({self.url!r})"


def _refused(error: str, why: str, more: str = "") -> Answered:
    challenge = {"WWW-Authenticate": f'Bearer realm="reports"{more}'}
    return Answered(401, {"error": error, "error_description": why}, challenge)
