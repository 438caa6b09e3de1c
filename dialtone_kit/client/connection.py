"""What every request of the client stands on: one issuer, its checked document, retry rules."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from dialtone_kit.base.errors import CredentialProblem, NotThisService
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.discovery import PATH, check_metadata, issuer_url
from dialtone_kit.client.dpop_auth import DPoPAuth, Nonces
from dialtone_kit.client.responses import read_json
from dialtone_kit.client.retry import send_with_retries
from dialtone_kit.client.transport import open_client
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, issuer_allows
from dialtone_kit.wire.recorder import Wire


class Connection:
    """An agent's line to one realm of the service. `realm=None` asks the root's document.

    `now` and `sleep` take the clock's place in tests and lessons; `max_wait` and `timeout` are in
    seconds; `ca_file` names a private certificate authority. Every send is recorded in `wire`.
    """

    def __init__(
        self,
        base_url: str,
        realm: str | None = "default",
        *,
        credentials: Credentials | None = None,
        wire: Wire | None = None,
        ca_file: str | Path | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        max_wait: float = 30.0,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.issuer = issuer_url(base_url, realm)
        self.realm, self.credentials = realm, credentials
        self.wire = Wire() if wire is None else wire
        self.http = open_client(
            base_url, timeout=timeout, ca_file=ca_file, wrap=self.wire.transport, inner=transport
        )
        self._now, self._sleep, self._max_wait = now, sleep, max_wait
        self._nonces: Nonces = {}
        self._metadata: dict[str, Any] | None = None
        self._key_sets: dict[str, dict[str, Any]] = {}

    @property
    def metadata(self) -> dict[str, Any]:
        """The discovery document, fetched once and checked."""
        return self._metadata or self.discover()

    def discover(self) -> dict[str, Any]:
        """Fetch the discovery document anew. It must name the issuer asked (RFC 8414 §3.3)."""
        self._metadata = self._metadata_of(self.issuer)
        return self._metadata

    def jwks(self, issuer: str | None = None) -> dict[str, Any]:
        """The issuer's public keys, fetched once; `verify` fetches them again for a new key."""
        issuer = issuer or self.issuer
        if issuer not in self._key_sets:
            metadata = self.metadata if issuer == self.issuer else self._metadata_of(issuer)
            self._key_sets[issuer] = self._ask("GET", metadata["jwks_uri"])
        return self._key_sets[issuer]

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, by its member of the discovery document without `_endpoint`."""
        url = self.metadata.get(f"{name}_endpoint")
        if url is None:
            raise NotThisService(
                f"{self.issuer} has no {name.replace('_', ' ')} endpoint, says its document."
            )
        return str(url)

    def _ask(self, method: str, url: str, *, once: bool = False, **parts: Any) -> dict[str, Any]:
        return read_json(self._send(method, url, once=once, **parts), self._now)

    def _send(self, method: str, url: str, *, once: bool, **parts: Any) -> httpx.Response:
        """One request by the retry rules. `once`: it must not take effect twice."""
        require_https_or_loopback(url)
        return send_with_retries(
            lambda: self.http.request(method, url, **parts),
            safe_to_repeat=not once,
            sleep=self._sleep,
            max_wait=self._max_wait,
            now=self._now,
        )

    def _auth(self, key: ProofKey | None, token: Token | None = None) -> DPoPAuth | None:
        return None if key is None else DPoPAuth(key, token, now=self._now, nonces=self._nonces)

    def _metadata_of(self, issuer: str) -> dict[str, Any]:
        return check_metadata(self._ask("GET", issuer + PATH), issuer)

    def _own_credentials(self) -> Credentials:
        """A secret goes to the issuer that gave it, and to nobody else."""
        if self.credentials is None:
            raise CredentialProblem("No credentials yet: enroll first, or set client.credentials.")
        if not issuer_allows(self.issuer, self.credentials.issuer):
            raise CredentialProblem(
                f"These credentials are for {self.credentials.issuer}: not sent to {self.issuer}."
            )
        return self.credentials
