"""Requests that no library would send, and exact checks of the responses."""

import http.client
import json
import re
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from dialtone_kit.base.reason import description
from tests.support.refusals import Scene
from tests.support.running_mock import Mock, Registered

FORM = "application/x-www-form-urlencoded"
ALGS = "ES256 ES384 EdDSA Ed25519 RS256 PS256"
DPOP_CHALLENGE = re.compile(
    r'DPoP error="([a-z_]+)", error_description="([\x20-\x21\x23-\x5b\x5d-\x7e]*)", '
    rf'algs="{ALGS}"'
)
BEARER_REASON = re.compile(
    r'Bearer realm="dialtone", error="([a-z_]+)", '
    r'error_description="([\x20-\x21\x23-\x5b\x5d-\x7e]*)"'
)
BEARER_CHALLENGE = 'Bearer realm="dialtone"'
NO_CREDENTIALS = [f'DPoP algs="{ALGS}"', BEARER_CHALLENGE]

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """A response, byte for byte."""

    status: int
    headers: Headers
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def json(self) -> Any:
        return json.loads(self.body)


class Line:
    """A connection that sends header fields exactly as given: any bytes, case and number."""

    def __init__(self, mock: Mock) -> None:
        self._to = ("127.0.0.1", mock.port)
        self._connection: http.client.HTTPConnection | None = None
        self._used_at = 0.0

    def send(
        self, method: str, url: str, headers: Headers, body: bytes = b"", host: str | None = None
    ) -> Answer:
        """Send one request. `host`: the Host header, if it is not the host of `url`."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if time.monotonic() - self._used_at > 3:  # the service closes idle ones
            self._connection = None
        connection = self._connection or http.client.HTTPConnection(*self._to, timeout=20)
        self._connection = None  # a broken one is not reused
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", parts.netloc if host is None else host), *headers]:
            connection.putheader(name, value.encode("latin-1"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        if response.will_close:
            connection.close()
        self._connection = None if response.will_close else connection
        self._used_at = time.monotonic()
        return answer


def basic(client: Registered) -> tuple[str, str]:
    credentials = b64encode(":".join(client.basic).encode()).decode()
    return "Authorization", f"Basic {credentials}"


def token_scene(client: Registered, **changes: Any) -> Scene:
    """A token request of `client`, with the key that signs its proof."""
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
    """A token request that is right except for its `DPoP` headers and whatever is added."""
    fields = [basic(client), ("Content-Type", FORM), *(("DPoP", proof) for proof in proofs)]
    body = urlencode({"grant_type": "client_credentials", **form}).encode()
    return line.send("POST", client.token_url, [*fields, *more], body)


def call(line: Line, scene: Scene, proofs: list[str], *more: tuple[str, str]) -> Answer:
    """A call that is right except for its `DPoP` headers and whatever is added."""
    fields = [("Authorization", f"DPoP {scene.token}"), *(("DPoP", proof) for proof in proofs)]
    return line.send(scene.method, scene.url, [*fields, *more])


def refused(answer: Answer, status: int, error: str, says: str = "") -> str:
    """The description in a refusal of the demo's shape, never cached; `says` must be in it."""
    assert (answer.status, answer.json().get("error")) == (status, error), answer
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.all("content-type") == ["application/json"]
    assert answer.all("cache-control") == ["no-store"]
    text = str(answer.json()["error_description"])
    assert description(says) in text
    return text


def challenged(
    answer: Answer, error: str, says: str = "", *, scheme: str = "DPoP", bearer: bool = True
) -> str:
    """The description in a 401 whose `WWW-Authenticate` is exact and agrees with the body.

    `scheme` is the one whose challenge says what is wrong; `bearer`: there is one for Bearer, too.
    """
    text = refused(answer, 401, error, says)
    challenges = answer.all("www-authenticate")
    place = ("DPoP", "Bearer").index(scheme)
    match = (DPOP_CHALLENGE, BEARER_REASON)[place].fullmatch(challenges[place])
    assert match is not None, challenges
    assert match[1] == error
    assert match[2].split(":")[0] == text.split(":")[0]
    challenges[place] = NO_CREDENTIALS[place]
    assert challenges == NO_CREDENTIALS[: 2 if bearer else 1]
    return text


def granted(answer: Answer, token_type: str = "DPoP") -> str:
    """The access token in a token response: 200, JSON, never cached."""
    assert (answer.status, answer.json().get("token_type")) == (200, token_type), answer
    assert answer.all("cache-control") == ["no-store"]
    assert answer.all("content-type") == ["application/json"]
    return str(answer.json()["access_token"])
