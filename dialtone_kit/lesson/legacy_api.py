"""An API from before DPoP, on this machine: it knows Bearer, checks signatures, and asks nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from typing import Any

from dialtone_kit.base.errors import DialtoneError, TokenRefused
from dialtone_kit.base.reason import description
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.plain_server import PlainHandler
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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.claims))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where its reports are."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is good here. Raises TokenRefused."""
        named = read_unverified(token).claims.get("aud")
        return self._client.verify(token, None if named is None else self.url)

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.shutdown()
        self._server.server_close()

    def __repr__(self) -> str:
        return f"LegacyApi({self.url!r})"


def _handler(claims_of: Callable[[str], Mapping[str, Any]]) -> type[PlainHandler]:
    """The handler class that http.server makes an object of for each connection."""

    class Handler(PlainHandler):
        server_version = "reports"

        def do_GET(self) -> None:
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            if self.path != PATH:
                self._answer(404, {"error": "not_found"})
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
                self._answer(503, {"error": "temporarily_unavailable"})
            else:
                self._answer(200, {"client_id": claims.get("client_id"), "reports": 3})

        def _refuse(self, error: str, why: str, more: str = "") -> None:
            challenge = f'Bearer realm="reports"{more}'
            self._answer(401, {"error": error, "error_description": why}, challenge)

        def _answer(self, status: int, body: Mapping[str, Any], challenge: str = "") -> None:
            self.answer(status, json.dumps(body), challenge)

    return Handler
