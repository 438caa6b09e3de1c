"""Requests as no library would send them, and answers held against the protocol's exact shape."""

import http.client
import json
import re
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.refusals import Scene
from tests.support.running_mock import Mock, Registered

FORM = "application/x-www-form-urlencoded"
ALGS = "ES256 ES384 EdDSA Ed25519 RS256 PS256"
DPOP_CHALLENGE = re.compile(
    r'DPoP error="([a-z_]+)", error_description="([\x20-\x21\x23-\x5b\x5d-\x7e]*)", '
    rf'algs="{ALGS}"'
)
BEARER_CHALLENGE = 'Bearer realm="dialtone"'

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back, byte for byte."""

    status: int
    headers: Headers
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def json(self) -> Any:
        return json.loads(self.body)


class Line:
    """A connection that sends header fields as they are given: any bytes, any case, any number."""

    def __init__(self, mock: Mock) -> None:
        self._to = ("127.0.0.1", mock.port)
        self._connection: http.client.HTTPConnection | None = None
        self._used_at = 0.0

    def send(
        self, method: str, url: str, headers: Headers, body: bytes = b"", host: str | None = None
    ) -> Answer:
        """One request. `host` is what the Host header says, if it is not the host of `url`."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if time.monotonic() - self._used_at > 3:  # the service lets go of one that is idle
            self._connection = None
        connection = self._connection or http.client.HTTPConnection(*self._to, timeout=20)
        self._connection = None  # one that breaks is not used again
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", parts.netloc if host is None else host), *headers]:
            connection.putheader(name, value.encode("latin-1"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        got = Answer(answer.status, answer.getheaders(), answer.read())
        if answer.will_close:
            connection.close()
        self._connection = None if answer.will_close else connection
        self._used_at = time.monotonic()
        return got


def basic(client: Registered) -> tuple[str, str]:
    credentials = b64encode(":".join(client.basic).encode()).decode()
    return "Authorization", f"Basic {credentials}"


def token_scene(client: Registered, **changes: Any) -> Scene:
    """A token request of `client`, and the key that it proves."""
    now = int(client.mock.now(client.realm))
    return Scene(**{"url": client.token_url, "now": now, "key": client.key, **changes})


def call_scene(client: Registered, token: str, path: str = "/api/whoami", **changes: Any) -> Scene:
    """A call of `client` with its bound `token`."""
    return token_scene(
        client, **{"url": client.url(path), "method": "GET", "token": token, **changes}
    )


def ask_token(
    line: Line, client: Registered, proofs: list[str], *more: tuple[str, str], **form: str
) -> Answer:
    """A right token request in all but its `DPoP` header fields and what is added."""
    fields = [basic(client), ("Content-Type", FORM), *((("DPoP", proof)) for proof in proofs)]
    body = urlencode({"grant_type": "client_credentials", **form}).encode()
    return line.send("POST", client.token_url, [*fields, *more], body)


def call(line: Line, scene: Scene, proofs: list[str], *more: tuple[str, str]) -> Answer:
    """A right call in all but its `DPoP` header fields and what is added."""
    fields = [("Authorization", f"DPoP {scene.token}"), *((("DPoP", proof)) for proof in proofs)]
    return line.send(scene.method, scene.url, [*fields, *more])


def refused(answer: Answer, status: int, error: str, says: str = "") -> str:
    """The text of a refusal in the demo's one shape, never cached. The text says `says`."""
    assert (answer.status, answer.json().get("error")) == (status, error), answer
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.all("content-type") == ["application/json"]
    assert answer.all("cache-control") == ["no-store"]
    text = str(answer.json()["error_description"])
    assert says in text
    return text


def challenged(answer: Answer, error: str, says: str = "", *, bearer: bool = True) -> str:
    """A 401 whose `WWW-Authenticate` is exactly what §2 says and tells the same as the body."""
    text = refused(answer, 401, error, says)
    dpop, *others = answer.all("www-authenticate")
    found = DPOP_CHALLENGE.fullmatch(dpop)
    assert found is not None, dpop
    assert found[1] == error
    assert found[2].split(":")[0] == text.split(":")[0]
    assert others == ([BEARER_CHALLENGE] if bearer else [])
    return text


def granted(answer: Answer, token_type: str = "DPoP") -> str:
    """The access token of a token answer: 200, JSON, never cached."""
    assert (answer.status, answer.json().get("token_type")) == (200, token_type), answer
    assert answer.all("cache-control") == ["no-store"]
    assert answer.all("content-type") == ["application/json"]
    return str(answer.json()["access_token"])
