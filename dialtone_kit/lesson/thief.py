"""A thief: someone with what was found in a log, a key of their own, and nothing else.

    python -P -m dialtone_kit.lesson.thief    spends what comes by standard input

One JSON object comes in, with the loot; one line of JSON goes out for each answer, without tokens.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import mask_members, masked
from dialtone_kit.client.dpop_auth import DPoPAuth, Nonces
from dialtone_kit.client.responses import json_or_nothing
from dialtone_kit.client.transport import open_client
from dialtone_kit.keys import ProofKey
from dialtone_kit.local import place
from dialtone_kit.tokens import bound_thumbprint, read_unverified

PATIENCE = 10.0  # seconds for each part of a send
_KEPT = ("content-type", "www-authenticate")  # of an answer's headers
NOTE = {"text": "Mallory was here."}


class Thief:
    """Spends finds through `http`. `now` gives Unix seconds of the realm that is robbed."""

    def __init__(self, http: httpx.Client, now: Callable[[], float] = time.time) -> None:
        self._http, self._now = http, now
        self._key = ProofKey.generate()
        self._nonces: Nonces = {}

    def spend(self, loot: Mapping[str, str], method: str, url: str) -> list[httpx.Response]:
        """Everything worth trying with one find: a `token`, or a `client_id` with its secret."""
        if "token" in loot:
            return self.show(loot["token"], method, url)
        got = self.renew(loot)
        token = json_or_nothing(got).get("access_token")
        if not isinstance(token, str):
            return [got]
        return [got, self._call(method, url, auth=self._auth(token))]

    def show(self, token: str, method: str, url: str) -> list[httpx.Response]:
        """The token as Bearer; a bound one also with a proof by the thief's own key."""
        bearer = self._call(method, url, headers={"Authorization": f"Bearer {token}"})
        if bound_thumbprint(read_unverified(token).claims) is None:
            return [bearer]
        return [bearer, self._call(method, url, auth=self._auth(token))]

    def renew(self, loot: Mapping[str, str]) -> httpx.Response:
        """A new token for someone else's client, bound to the thief's key."""
        form = {name: loot[name] for name in ("client_id", "client_secret", "scope")}
        form["grant_type"] = "client_credentials"
        return self._http.post(loot["token_endpoint"], data=form, auth=self._auth(None))

    def _auth(self, token: str | None) -> DPoPAuth:
        return DPoPAuth(self._key, token, now=self._now, nonces=self._nonces)

    def _call(self, method: str, url: str, **parts: Any) -> httpx.Response:
        return self._http.request(method, url, json=NOTE if method == "POST" else None, **parts)


def main() -> None:
    """Read the order, spend every find in it, write an answer a line."""
    order = json.load(sys.stdin)
    try:
        for response in _spend_all(order):
            print(json.dumps(_written(response)))
    except (DialtoneError, httpx.TransportError) as problem:
        print(json.dumps({"problem": masked(str(problem))}))


def _spend_all(order: Mapping[str, Any]) -> list[httpx.Response]:
    service = place.running()
    if service is not None:  # nothing goes to a program that has taken its port
        place.only_it(service)
    with open_client(order["url"], timeout=PATIENCE) as http:
        return [
            response
            for loot in order["finds"]
            for response in Thief(http, _clock(loot["ahead"])).spend(
                loot, order["method"], order["url"]
            )
        ]


def _clock(ahead: float) -> Callable[[], float]:
    return lambda: time.time() + ahead


def _written(response: httpx.Response) -> dict[str, Any]:
    """The answer as it may be shown: no token is in it."""
    body = json_or_nothing(response)
    return {
        "method": response.request.method,
        "path": urlsplit(str(response.request.url)).path,
        "scheme": response.request.headers.get("Authorization", "").partition(" ")[0],
        "status": response.status_code,
        "headers": [pair for pair in response.headers.multi_items() if pair[0].lower() in _KEPT],
        "body": mask_members(body),
    }


if __name__ == "__main__":
    main()
