"""A server that lies about where tokens come from, and the two agents that it may meet."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote_plus

import httpx

from dialtone_kit.attacks.bag import Loot
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.discovery import PATH
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.token_requests import authentication
from dialtone_kit.lesson.plain_server import PlainHandler

HERE = "{here}"  # in a document: the liar's own URL
PATIENCE = 5.0  # seconds for each part of a send
LONGEST = 64 * 1024  # bytes of a body
Visit = Callable[[str, IdentityClient], object]


class Caught:
    """A request that an agent sent to the liar. It holds a secret, so it shows none."""

    def __init__(self, headers: Mapping[str, str], body: str) -> None:
        self.headers = {name.lower(): Loot(value, f"a {name}") for name, value in headers.items()}
        self.form = {name: Loot(values[0], name) for name, values in parse_qs(body).items()}

    @property
    def basic(self) -> tuple[Loot, Loot]:
        """The client_id and the secret that came by HTTP Basic (RFC 6749 §2.3.1)."""
        scheme, _, packed = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise DialtoneError("No client's secret came with this request.")
        name, _, secret = b64decode(packed).decode().partition(":")
        return Loot(unquote_plus(name), "a client_id"), Loot(unquote_plus(secret), "its secret")

    def __repr__(self) -> str:
        return f"<a token request with {', '.join(sorted(self.headers))}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("What was caught is never saved: it is secret.")


def naive(url: str, agent: IdentityClient) -> None:
    """Ask for discovery at `url` and believe what it says (against RFC 8414 §3.3)."""
    assert agent.credentials is not None  # noqa: S101  (it is registered)
    headers, own = authentication(agent.credentials)
    form = own | {"grant_type": "client_credentials", "scope": "openid"}
    with httpx.Client(trust_env=False, timeout=PATIENCE) as http:
        try:
            named = http.get(url + PATH).json()["token_endpoint"]
            http.post(named, data=form, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
            return  # nothing there to believe


def careful(url: str, agent: IdentityClient) -> None:
    """Ask for discovery at `url` by the kit's own client. Raises DialtoneError for a lie."""
    client = IdentityClient(url, None, credentials=agent.credentials, timeout=PATIENCE)
    with client.http:
        client.discover()
        client.get_token()


def lure(document: Mapping[str, Any], visit: Visit, agent: IdentityClient) -> Caught:
    """What `agent` sends to a server whose discovery document is `document`, by its `visit`.

    Raises DialtoneError if it sends nothing: what its visit raises, or one line about the document.
    """
    try:
        lie = json.dumps(dict(document))
    except (TypeError, ValueError):
        raise DialtoneError("Give the discovery document as a dict that JSON can hold.") from None
    caught: list[Caught] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lie, caught.append))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        visit(_url_of(server), agent)
    finally:
        server.shutdown()
        server.server_close()
    if not caught:
        raise DialtoneError("The agent sent nothing: it found no token_endpoint that it can reach.")
    return caught[0]


def _url_of(server: Any) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def _handler(lie: str, catch: Callable[[Caught], object]) -> type[PlainHandler]:
    """The handler class that http.server makes an object of for each connection."""

    class Handler(PlainHandler):
        server_version = "identity"

        def do_GET(self) -> None:
            known = self.path == PATH
            text = lie.replace(HERE, _url_of(self.server))
            self.answer(200 if known else 404, text if known else "{}")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            size = min(int(length), LONGEST) if length.isdecimal() else 0
            catch(Caught(dict(self.headers), self.rfile.read(size).decode("utf-8", "replace")))
            self.answer(503, '{"error": "temporarily_unavailable"}')

    return Handler
