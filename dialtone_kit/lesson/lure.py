"""A server that lies about where tokens come from, and the two agents that it may meet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any, NoReturn
from urllib.parse import parse_qs

import httpx

from dialtone_kit.attacks.bag import Loot
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.discovery import PATH
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.token_requests import authentication
from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson.loopback import Answered, Asked, Loopback, read_basic

HERE = "{here}"  # in a document: the liar's own URL
PATIENCE = 5.0  # seconds for each part of a send
AS_JSON = {"Content-Type": "application/json"}
Visit = Callable[[str, IdentityClient], object]


class Caught:
    """A request that an agent sent to the liar. It holds a secret, so it shows none."""

    def __init__(self, headers: Message, body: str) -> None:
        self._basic = read_basic(headers)
        self.headers = {name.lower(): Loot(value, f"a {name}") for name, value in headers.items()}
        self.form = {name: Loot(values[0], name) for name, values in parse_qs(body).items()}

    @property
    def basic(self) -> tuple[Loot, Loot]:
        """The client_id and the secret that came by HTTP Basic (RFC 6749 §2.3.1)."""
        name, secret = self._basic
        if not name:
            raise DialtoneError("No client's secret came with this request.")
        return Loot(name, "a client_id"), Loot(secret, "its secret")

    def __repr__(self) -> str:
        return f"<a token request with {', '.join(sorted(self.headers))}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("What was caught is never saved: it is secret.")


def naive(url: str, agent: IdentityClient) -> None:
    """Ask for discovery at `url` and believe what it says (against RFC 8414 §3.3)."""
    assert agent.credentials is not None  # noqa: S101  (it is registered)
    headers, own = authentication(agent.credentials)
    form = own | {"grant_type": "client_credentials", "scope": "openid"}
    with open_client(url, timeout=PATIENCE) as http:
        try:
            named = http.get(url + PATH).json()["token_endpoint"]
            http.post(named, data=form, headers=headers)
        except (DialtoneError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
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

    def lie_to(asked: Asked) -> Answered:
        if asked.method == "POST":
            caught.append(Caught(asked.headers, asked.body.decode("utf-8", "replace")))
            return Answered(503, {"error": "temporarily_unavailable"})
        if asked.path != PATH:
            return Answered(404, {})
        return Answered(200, lie.replace(HERE, server.origin).encode(), AS_JSON)

    server = Loopback(lie_to, "identity")
    try:
        visit(server.origin, agent)
    finally:
        server.close()
    if not caught:
        raise DialtoneError("The agent sent nothing: it found no token_endpoint that it can reach.")
    return caught[0]
