"""An API from before DPoP, on this machine: it knows Bearer, checks signatures, and asks nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from dialtone_kit.base.errors import DialtoneError, TokenRefused
from dialtone_kit.base.reason import description
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.loopback import Handler, Loopback
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
        self._server = Loopback(_handler(self.claims))
        self.url = self._server.url + PATH

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is good here. Raises TokenRefused."""
        named = read_unverified(token).claims.get("aud")
        return self._client.verify(token, None if named is None else self.url)

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.close()

    def __repr__(self) -> str:
        return f"LegacyApi({self.url!r})"


def _handler(claims_of: Callable[[str], Mapping[str, Any]]) -> type[Handler]:
    """The handler class that http.server makes an object of for each connection."""

    class Reports(Handler):
        def do_GET(self) -> None:
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            if self.path != PATH:
                self._say(404, {"error": "not_found"})
            elif scheme.lower() != "bearer":
                self._refuse("unauthorized", ONLY_BEARER)
            else:
                self._judge(token.strip())

        def _judge(self, token: str) -> None:
            try:
                claims = claims_of(token)
            except TokenRefused as refusal:
                why = description(str(refusal))
                self._refuse(
                    "invalid_token", why, f', error="invalid_token", error_description="{why}"'
                )
            except DialtoneError:
                self._say(503, {"error": "temporarily_unavailable"})
            else:
                self._say(200, {"client_id": claims.get("client_id"), "reports": 3})

        def _refuse(self, error: str, why: str, more: str = "") -> None:
            challenge = f'Bearer realm="reports"{more}'
            self._say(401, {"error": error, "error_description": why}, challenge)

        def _say(self, status: int, body: Mapping[str, Any], challenge: str = "") -> None:
            fields = {"Content-Type": "application/json"}
            fields |= {"WWW-Authenticate": challenge} if challenge else {}
            self.answer(status, json.dumps(body).encode(), fields)

    return Reports
