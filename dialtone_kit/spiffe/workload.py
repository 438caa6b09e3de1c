"""A workload without a secret: its platform vouches for it (Pathway C).

    workload = Workload(base_url, "spiffe://dialtone.test/ns/lessons/sa/reader", platform)
    svid = workload.x509_svid()                      # who am I, for mutual TLS
    token = workload.jwt_svid("https://api.example") # the same, where TLS can't carry it

`platform` is asked for evidence each time: a function from an audience to Evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509

from dialtone_kit.base.errors import NotThisService, SvidRefused
from dialtone_kit.base.jws import b64url
from dialtone_kit.client.discovery import issuer_url
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.responses import read_json
from dialtone_kit.client.retry import send_with_retries
from dialtone_kit.client.transport import open_client
from dialtone_kit.keys import jwk_of
from dialtone_kit.spiffe.evidence import IN_AUDIENCE, Evidence, binding_input, bound_audience
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.svids import JwtSvid, WorkloadKey, X509Svid, read_jwt_svid
from dialtone_kit.spiffe.trust_bundle import TrustBundle, peer_id
from dialtone_kit.tokens import Token
from dialtone_kit.wire.recorder import Wire

Platform = Callable[[str], Evidence]
LIFETIME = 3600  # seconds; the service gives no more


class Workload:
    """One running workload: its name, its key, and the platform that vouches for it.

    The key lives as long as this object. `now` and `sleep` take the clock's place in tests and
    lessons; `max_wait` and `timeout` are in seconds; `ca_file` names a private authority.
    """

    def __init__(
        self,
        base_url: str,
        spiffe_id: SpiffeId | str,
        platform: Platform,
        *,
        key: WorkloadKey | None = None,
        wire: Wire | None = None,
        ca_file: str | Path | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        max_wait: float = 30.0,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = issuer_url(base_url, None)
        self.spiffe_id = spiffe_id if isinstance(spiffe_id, SpiffeId) else SpiffeId.parse(spiffe_id)
        self.key = WorkloadKey.generate() if key is None else key
        self.wire = Wire() if wire is None else wire
        self.http = open_client(
            base_url, timeout=timeout, ca_file=ca_file, wrap=self.wire.transport, inner=transport
        )
        self._platform, self._now, self._sleep, self._max_wait = platform, now, sleep, max_wait
        self._bundle: TrustBundle | None = None

    def challenge(self) -> str:
        """A single-use challenge, good for five minutes."""
        nonce = self._ask("GET", "/v1/attest/challenge").get("nonce")
        if not isinstance(nonce, str) or not nonce:
            raise NotThisService("The service sent no challenge.")
        return nonce

    def evidence(self, challenge: str) -> Evidence:
        """What the platform says of this workload, for this challenge and this key."""
        return self._platform(bound_audience(challenge, self.key.thumbprint))

    def x509_svid(self, *, lifetime: int = LIFETIME) -> X509Svid:
        """A certificate for this workload's key. `lifetime` in seconds, an hour at most."""
        request = {"csr": self.key.csr(self.spiffe_id), "ttl": lifetime}
        return self._x509(self._ask("POST", "/v1/svid/x509", self._shown() | request))

    def jwt_svid(self, audience: str, *, lifetime: int = LIFETIME) -> JwtSvid:
        """A token that says who this workload is, to `audience` alone."""
        request = {"key": self.key.public_jwk, "audience": [audience], "ttl": lifetime}
        answer = self._ask("POST", "/v1/svid/jwt", self._shown() | request)
        return _jwt(answer, audience, self.spiffe_id)

    def trust_bundle(self) -> TrustBundle:
        """The authorities of this workload's trust domain; never older than the one before."""
        answer = self._ask("GET", "/.well-known/spiffe-trust-bundle")
        fresh = TrustBundle.read(answer, self.spiffe_id.trust_domain)
        if self._bundle is not None and fresh.sequence < self._bundle.sequence:
            raise SvidRefused(
                "sequence",
                f"bundle {fresh.sequence} is older than {self._bundle.sequence}, seen before.",
            )
        self._bundle = fresh
        return fresh

    def _shown(self) -> dict[str, Any]:
        """Evidence for a new challenge, tied to the key in the way that this platform allows."""
        challenge = self.challenge()
        evidence = self.evidence(challenge)
        shown = {
            "platform": evidence.platform,
            "nonce": challenge,
            "evidence": evidence.members(),
        }
        if evidence.platform in IN_AUDIENCE:
            return shown
        return shown | {"binding": b64url(self.key.sign(binding_input(challenge, evidence)))}

    def _x509(self, answer: dict[str, Any]) -> X509Svid:
        """The chain that came, if it is for this workload and this key."""
        try:
            chain = tuple(x509.load_pem_x509_certificates(str(answer.get("svid")).encode()))
            same_key = jwk_of(chain[0].public_key()) == self.key.public_jwk
        except (ValueError, KeyError, AttributeError):
            raise NotThisService("The X.509-SVID that came can't be read.") from None
        if not same_key:
            raise SvidRefused("key", "the certificate that came is for another key.")
        found = peer_id(chain[0], self.spiffe_id.trust_domain)
        _require_same(found, self.spiffe_id)
        return X509Svid(found, chain, self.key)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request by the retry rules. An attempt uses its challenge up: never sent twice."""
        response = send_with_retries(
            lambda: self.http.request(method, self.base_url + path, json=body),
            safe_to_repeat=method == "GET",
            sleep=self._sleep,
            max_wait=self._max_wait,
            now=self._now,
        )
        return read_json(response, self._now)


def jwt_svid_for(client: IdentityClient, token: Token, audience: str) -> JwtSvid:
    """A JWT-SVID for a registered client, by its access token: spiffe://…/workload/<client_id>."""
    body = {"audience": [audience]}
    answer = read_json(client.call("POST", f"{client.issuer}/svid/jwt", token, json=body))
    return _jwt(answer, audience, None)


def _jwt(answer: dict[str, Any], audience: str, expected: SpiffeId | None) -> JwtSvid:
    """The token that came, if it is for the one who asked. Who verifies it is `audience`."""
    try:
        found = read_jwt_svid(str(answer.get("svid")))
    except SvidRefused as problem:
        raise NotThisService(f"The JWT-SVID that came can't be used: {problem}") from None
    if expected is not None:
        _require_same(found.spiffe_id, expected)
    if audience not in found.audience:
        raise SvidRefused("aud", f"the JWT-SVID that came is for {found.audience}. M24")
    return found


def _require_same(found: SpiffeId, expected: SpiffeId) -> None:
    if found != expected:
        raise SvidRefused("spiffe_id", f"the SVID that came is for {found}, not for {expected}.")
