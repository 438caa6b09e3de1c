"""A workload without a secret: its platform vouches for it (Pathway C).

    workload = Workload(base_url, "spiffe://dialtone.test/ns/lessons/sa/reader", platform)
    svid = workload.x509_svid()                      # who am I, for mutual TLS
    token = workload.jwt_svid("https://api.example") # the same, where there is no TLS to carry it

`platform` is asked for evidence each time: a function from an audience to Evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from cryptography import x509

from dialtone_kit.base.errors import NotThisService, SvidRefused
from dialtone_kit.base.jws import b64url
from dialtone_kit.client.connection import Connection, Options
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.client.responses import read_json
from dialtone_kit.keys import jwk_of
from dialtone_kit.spiffe.evidence import IN_AUDIENCE, Evidence, binding_input, bound_audience
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.svids import JwtSvid, WorkloadKey, X509Svid, read_jwt_svid
from dialtone_kit.spiffe.trust_bundle import TrustBundle, peer_id
from dialtone_kit.tokens import Token

Platform = Callable[[str], Evidence]
LIFETIME = 3600  # seconds; the service gives no more
SIGN_IN = 60  # seconds; it is used at once


class Workload:
    """One running workload: its name, its key, and the platform that vouches for it.

    The key lives as long as this object. `options` are those of `Connection`: wire, ca_file, now,
    sleep, max_wait, timeout, transport.
    """

    def __init__(
        self,
        base_url: str,
        spiffe_id: SpiffeId | str,
        platform: Platform,
        *,
        key: WorkloadKey | None = None,
        **options: Unpack[Options],
    ) -> None:
        self.connection = Connection(base_url, None, **options)
        self.base_url = self.connection.issuer
        self.wire, self.http = self.connection.wire, self.connection.http
        self.spiffe_id = spiffe_id if isinstance(spiffe_id, SpiffeId) else SpiffeId.parse(spiffe_id)
        self.key = WorkloadKey.generate() if key is None else key
        self._platform = platform
        self._bundle: TrustBundle | None = None

    @hiding
    def challenge(self) -> str:
        """A single-use challenge, good for five minutes."""
        nonce = self._ask("GET", "/v1/attest/challenge").get("nonce")
        if not isinstance(nonce, str) or not nonce:
            raise NotThisService("The service sent no challenge.")
        return nonce

    @hiding
    def evidence(self, challenge: str) -> Evidence:
        """What the platform states about this workload, for this challenge and this key."""
        return self._platform(bound_audience(challenge, self.key.thumbprint))

    @hiding
    def x509_svid(self, *, lifetime: int = LIFETIME) -> X509Svid:
        """A certificate for this workload's key. `lifetime` in seconds, an hour at most."""
        request = {"csr": self.key.csr(self.spiffe_id), "ttl": lifetime}
        return self._x509(self._ask("POST", "/v1/svid/x509", self._vouched() | request))

    @hiding
    def jwt_svid(self, audience: str | Sequence[str], *, lifetime: int = LIFETIME) -> JwtSvid:
        """A token that says to `audience`, and nobody else, who this workload is.

        Name one: each of several can pass it on to the others (JWT-SVID §7.2).
        """
        wanted = [audience] if isinstance(audience, str) else list(audience)
        request = {"key": self.key.public_jwk, "audience": wanted, "ttl": lifetime}
        body = self._ask("POST", "/v1/svid/jwt", self._vouched() | request)
        return _jwt(body, wanted, self.spiffe_id)

    @hiding
    def sign_in(self, client: IdentityClient) -> None:
        """Let `client`, registered with this SPIFFE ID, authenticate as this workload.

        Each token request gets a JWT-SVID of its own, for the client's issuer and nobody else.
        """
        client.authenticate_by(lambda: self.jwt_svid(client.issuer, lifetime=SIGN_IN).token)

    @hiding
    def trust_bundle(self) -> TrustBundle:
        """The authorities of this workload's trust domain; never older than the one before."""
        document = self._ask("GET", "/.well-known/spiffe-trust-bundle")
        fresh = TrustBundle.read(document, self.spiffe_id.trust_domain)
        if self._bundle is not None and fresh.sequence < self._bundle.sequence:
            raise SvidRefused(
                "sequence",
                f"bundle {fresh.sequence} is older than {self._bundle.sequence}, seen before.",
            )
        self._bundle = fresh
        return fresh

    def _vouched(self) -> dict[str, Any]:
        """Evidence for a new challenge, tied to the key as this platform allows."""
        challenge = self.challenge()
        evidence = self.evidence(challenge)
        vouched = {
            "platform": evidence.platform,
            "nonce": challenge,
            "evidence": evidence.members(),
        }
        if evidence.platform in IN_AUDIENCE:
            return vouched
        return vouched | {"binding": b64url(self.key.sign(binding_input(challenge, evidence)))}

    def _x509(self, body: dict[str, Any]) -> X509Svid:
        """The chain received, if it is for this workload and this key."""
        try:
            chain = tuple(x509.load_pem_x509_certificates(str(body.get("svid")).encode()))
            same_key = jwk_of(chain[0].public_key()) == self.key.public_jwk
        except (ValueError, KeyError, AttributeError):
            raise NotThisService("The X.509-SVID received can't be read.") from None
        if not same_key:
            raise SvidRefused("key", "the certificate received is for another key.")
        named = peer_id(chain[0], self.spiffe_id.trust_domain)
        _require_same(named, self.spiffe_id)
        return X509Svid(named, chain, self.key)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request by the retry rules. A POST uses up its challenge: it is never sent twice."""
        return self.connection.ask(method, self.base_url + path, json=body)


@hiding
def jwt_svid_for(client: IdentityClient, token: Token, audience: str) -> JwtSvid:
    """A JWT-SVID for a registered client, for its access token: spiffe://…/workload/<client_id>."""
    asked = {"audience": [audience]}
    body = read_json(client.call("POST", f"{client.issuer}/svid/jwt", token, json=asked))
    return _jwt(body, [audience], None)


def _jwt(body: dict[str, Any], audience: list[str], expected: SpiffeId | None) -> JwtSvid:
    """The token received, if it names who asked. Verifying it is up to its audience."""
    try:
        svid = read_jwt_svid(str(body.get("svid")))
    except SvidRefused as problem:
        raise NotThisService(f"The JWT-SVID received can't be used: {problem}") from None
    if expected is not None:
        _require_same(svid.spiffe_id, expected)
    if not set(audience) <= set(svid.audience):
        raise SvidRefused("aud", f"the JWT-SVID received is for {svid.audience}. [M24]")
    return svid


def _require_same(named: SpiffeId, expected: SpiffeId) -> None:
    if named != expected:
        raise SvidRefused("spiffe_id", f"the SVID received is for {named}, not for {expected}.")
