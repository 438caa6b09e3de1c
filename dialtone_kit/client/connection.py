"""A connection to one issuer: its transport, its checked discovery document, its keys, its nonces.

`IdentityClient`, the token requests and a SPIFFE workload each hold one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import httpx

from dialtone_kit.base.errors import NotThisService, TokenRefused
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.discovery import PATH, check_metadata, issuer_url
from dialtone_kit.client.dpop_auth import DPoPAuth, Nonces
from dialtone_kit.client.responses import read_json
from dialtone_kit.client.retry import send_with_retries
from dialtone_kit.client.transport import LONGEST, open_client
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, issuer_allows, read_unverified, verify_token
from dialtone_kit.wire.recorder import Wire

# Sending one of these twice does the same as sending it once (RFC 9110 §9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Options(TypedDict, total=False):
    """The options of a connection; `Connection` explains each."""

    wire: Wire | None
    ca_file: str | Path | None
    now: Callable[[], float]
    sleep: Callable[[float], None]
    max_wait: float
    timeout: float
    transport: httpx.BaseTransport | None
    when_limited: str


class Connection:
    """A connection to one realm of the service. `realm=None` asks the root's document.

    `now` and `sleep` take the clock's place in tests and lessons; `max_wait` (for a retry) and
    `timeout` (for each part of a send; all sends of a call together take at most three times
    that) are in seconds; `ca_file` names a private certificate authority; `transport` takes
    the network's place in tests; `when_limited` is what to do about a registration over the limit,
    other than to wait. Every send is recorded in `wire`.
    """

    def __init__(
        self,
        base_url: str,
        realm: str | None,
        *,
        wire: Wire | None = None,
        ca_file: str | Path | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        max_wait: float = 30.0,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        when_limited: str = "",
    ) -> None:
        self.issuer = issuer_url(base_url, realm)
        self.wire = Wire() if wire is None else wire
        self.http = open_client(
            base_url, timeout=timeout, ca_file=ca_file, wrap=self.wire.transport, inner=transport
        )
        self.now, self.sleep, self.max_wait = now, sleep, max_wait
        self.when_limited = when_limited
        self._longest = LONGEST * timeout
        self._nonces: Nonces = {}
        self._metadata: dict[str, Any] | None = None
        self._key_sets: dict[str, dict[str, Any]] = {}

    @property
    def metadata(self) -> dict[str, Any]:
        """The discovery document, fetched once and checked."""
        return self._metadata or self.discover()

    def discover(self) -> dict[str, Any]:
        """Fetch the discovery document again. It must name the issuer asked (RFC 8414 §3.3)."""
        self._metadata = self._metadata_of(self.issuer)
        return self._metadata

    def jwks(self, issuer: str, *, anew: bool = False) -> dict[str, Any]:
        """The issuer's public keys, fetched once, or `anew`."""
        if anew or issuer not in self._key_sets:
            metadata = self.metadata if issuer == self.issuer else self._metadata_of(issuer)
            self._key_sets[issuer] = self.ask("GET", metadata["jwks_uri"])
        return self._key_sets[issuer]

    def verify(self, token: str, audience: str | None = None) -> dict[str, Any]:
        """The claims of `token`, once its signature, issuer and times are checked."""
        iss = read_unverified(token).claims.get("iss")
        if not issuer_allows(self.issuer, iss):
            raise TokenRefused("iss", f"issued by {iss!r}, expected {self.issuer!r}. [M19]")
        issuer, now = str(iss), self.now()
        try:
            return verify_token(token, self.jwks(issuer), issuer, now=now, audience=audience)
        except TokenRefused as refusal:
            if refusal.rule != "kid":
                raise
        fresh = self.jwks(issuer, anew=True)  # the service may have a new key since
        return verify_token(token, fresh, issuer, now=now, audience=audience)

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, by its member of the discovery document without `_endpoint`."""
        url = self.metadata.get(f"{name}_endpoint")
        if url is None:
            raise NotThisService(
                f"{self.issuer} has no {name.replace('_', ' ')} endpoint: its document names none."
            )
        return str(url)

    def auth(self, key: ProofKey | None, token: Token | None = None) -> DPoPAuth | None:
        """A fresh proof by `key` on every attempt, with the nonces that the service handed out."""
        return None if key is None else DPoPAuth(key, token, now=self.now, nonces=self._nonces)

    def ask(self, method: str, url: str, **parts: Any) -> dict[str, Any]:
        """The JSON object that the service answers; ServiceError and its like if it refuses."""
        return read_json(self.send(method, url, **parts), self.now)

    def send(
        self, method: str, url: str, *, repeatable: bool | None = None, **parts: Any
    ) -> httpx.Response:
        """One request by the retry rules; `parts` are httpx's: json, data, headers, auth.

        `repeatable`: sending it twice does no harm. By default that holds for idempotent methods.
        """
        require_https_or_loopback(url)
        return send_with_retries(
            lambda: self.http.request(method, url, **parts),
            safe_to_repeat=method in IDEMPOTENT if repeatable is None else repeatable,
            sleep=self.sleep,
            max_wait=self.max_wait,
            now=self.now,
            longest=self._longest,
        )

    def _metadata_of(self, issuer: str) -> dict[str, Any]:
        return check_metadata(self.ask("GET", issuer + PATH), issuer)
