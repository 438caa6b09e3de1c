"""Sending calls to one service: one at a time, no more than a fixed number, nowhere else."""

from __future__ import annotations

import time
from typing import Self
from urllib.parse import urlsplit

import httpx

from dialtone_kit.attacks.calls import Answer, Call
from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable, UnsafeUrl
from dialtone_kit.base.urls import is_loopback, origin, require_https_or_loopback
from dialtone_kit.client.responses import json_or_nothing
from dialtone_kit.client.retry import explained
from dialtone_kit.client.tls_problems import tls_problem
from dialtone_kit.client.transport import at_most, open_client

MOST = 200  # requests
LONGEST = 240.0  # seconds for all of them
PATIENCE = 5.0  # seconds for each part of a send
AGENT = "dialtone-probe"
TOO_MANY = 429
REASONS = ("error_description", "error", "detail", "message")  # members of a refusal's body


def must_be_allowed(url: str, named: str | None) -> None:
    """Raise UnsafeUrl unless `url` is on this machine, or its host was named a second time."""
    host = (urlsplit(require_https_or_loopback(url)).hostname or "").lower()
    if named is not None and named.lower() != host:
        raise UnsafeUrl(f"--i-may-test names {named}, and the URL is on {host}.")
    if named is None and not is_loopback(url):
        raise UnsafeUrl(
            f"{host} isn't this machine. If it's yours, or its owner asked you to test it, name "
            f"it again: --i-may-test {host}"
        )


class Sender:
    """Sends to the service at `url`, and to no other host. `left` counts down from MOST.

    It keeps no cookies, and stops when it is asked to. Its limits are those of the kit's client:
    https or loopback, no redirect followed, small responses.
    `inner` takes the network's place in tests.
    """

    def __init__(self, url: str, *, inner: httpx.BaseTransport | None = None) -> None:
        self.origin, self.left = origin(url), MOST
        self._until = time.monotonic() + LONGEST
        self._http = open_client(url, timeout=PATIENCE, inner=inner)

    def __call__(self, call: Call) -> Answer:
        """The answer to one call. Raises DialtoneError, in one line, if there is none."""
        if origin(call.url) != self.origin:
            raise UnsafeUrl(f"Nothing is sent to {origin(call.url)}: only {self.origin} is tested.")
        if self.left <= 0:
            raise DialtoneError(f"Stopped after {MOST} requests: that's the limit.")
        if time.monotonic() > self._until:
            raise DialtoneError(f"Stopped after {LONGEST:.0f} seconds: that's the limit.")
        self.left -= 1
        response = self._sent(call)
        self._http.cookies.clear()  # an attacker has no session of the agent's
        if response.status_code == TOO_MANY:
            raise DialtoneError(f"{self.origin} asks for a pause (429). Try again later.")
        return read(response)

    def _sent(self, call: Call) -> httpx.Response:
        headers = [*call.fields, ("User-Agent", AGENT)]
        try:
            with at_most(self._until - time.monotonic()):
                return self._http.request(call.method, call.url, headers=headers)
        except httpx.TransportError as problem:
            no_tls = tls_problem(str(problem), self.origin)
            if no_tls or not isinstance(problem, httpx.ConnectError):
                raise explained(problem) from None
            why = f"No connection to {self.origin} ({problem}). Is it running?"
            raise ServiceUnreachable(why) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


def read(response: httpx.Response) -> Answer:
    """The answer, with the reason that it gives in its challenge or its body."""
    told = [
        one.parameters.get("error_description", "")
        for field in response.headers.get_list("WWW-Authenticate")
        for one in challenges(field)
    ]
    body = json_or_nothing(response)
    told += [text for name in REASONS if isinstance(text := body.get(name), str)]
    reason = next((text for text in told if text), "")
    return Answer(response.status_code, tuple(response.headers.multi_items()), reason)
