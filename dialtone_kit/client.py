"""The client of the demo, steps 1 to 5: discover, enroll, get a token, call.

client = IdentityClient("https://id.strongdm.ai")
enrollment = client.request_enrollment("you@example.com", "my-agent")
credentials = client.confirm_enrollment(enrollment, "XXXX-XXXX")
token = client.get_token(key=ProofKey.generate())
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx

from dialtone_kit import credentials as store
from dialtone_kit import enrollments
from dialtone_kit.answers import read_json, refused_code
from dialtone_kit.credentials import Credentials
from dialtone_kit.discovery import PATH, check_metadata, issuer_url
from dialtone_kit.dpop_auth import DPoPAuth, Nonces
from dialtone_kit.enrollments import Enrollment, checked_email, normal_code
from dialtone_kit.errors import (
    CredentialProblem,
    EnrollmentProblem,
    IssuerMismatch,
    NotThisService,
    ServiceError,
    TokenRefused,
    UnsafeUrl,
)
from dialtone_kit.grants import Token, basic, read_token, text_of
from dialtone_kit.keys import ProofKey
from dialtone_kit.masking import Secret
from dialtone_kit.retry import send_with_retries
from dialtone_kit.tokens import issuer_allows, read_unverified, verify_token
from dialtone_kit.transport import open_client
from dialtone_kit.urls import require_https_or_loopback, same_origin
from dialtone_kit.wire import Wire

__all__ = ["Enrollment", "IdentityClient", "Token"]
# Sending one of these twice does the same as sending it once (RFC 9110 §9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class IdentityClient:
    """An agent's side of one realm of the service. `realm=None` asks the root's document.

    `now` and `sleep` take the clock's place in tests and lessons; `max_wait` and `timeout` are in
    seconds; `ca_file` names a private certificate authority. Every send is recorded in `wire`.
    """

    def __init__(
        self, base_url: str, realm: str | None = "default", *,
        credentials: Credentials | None = None, wire: Wire | None = None,
        ca_file: str | Path | None = None, now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep, max_wait: float = 30.0,
        timeout: float = 10.0, transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
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

    # --- step 1: where everything is ---

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

    # --- step 2: the sponsor vouches for the agent ---

    def request_enrollment(
        self, email: str, client_name: str, client_description: str = "",
        scopes: Iterable[str] = ("openid",),
    ) -> Enrollment:  # fmt: skip
        """Ask for a client; the sponsor at `email` gets a code by mail. Kept on disk till then."""
        store.require_writable()
        asked = {
            "email": checked_email(email),
            "client_name": client_name,
            "client_description": client_description,
            "requested_scopes": list(scopes),
        }
        answer = self._ask("POST", f"{self.issuer}/register/request", json=asked, once=True)
        own = {"email": email, "client_name": client_name, "issuer": self.issuer}
        enrollment = enrollments.read_members({**answer, **own})
        enrollments.remember(enrollment)
        return enrollment

    def enrollment_status(self, enrollment: Enrollment) -> str:
        """pending, approved, confirmed, expired or locked."""
        self._require_own(enrollment)
        return str(self._ask("GET", enrollment.status_url).get("status"))

    def confirm_enrollment(self, enrollment: Enrollment, code: str | None = None) -> Credentials:
        """Trade the code for credentials, stored before this returns: they are shown once.

        Without a code when the sponsor approved on the page. WrongCode has `.tries_left`.
        """
        self._require_own(enrollment)
        store.require_writable()
        proof = {
            "enrollment_id": enrollment.enrollment_id,
            "poll_token": enrollment.poll_token.reveal(),
        }
        if code is not None:
            proof["verification_code"] = normal_code(code)
        try:
            answer = self._ask("POST", f"{self.issuer}/register/confirm", json=proof, once=True)
        except ServiceError as refusal:
            if refusal.status in (409, 410):  # confirmed already, expired or locked: no way on
                enrollments.forget(enrollment)
            raise refused_code(refusal) from None
        self.credentials = self._credentials(answer)
        self._keep(self.credentials)
        enrollments.forget(enrollment)
        return self.credentials

    # --- step 3: a token, bound to a key ---

    def get_token(
        self, scope: str = "openid", *, key: ProofKey | None = None, audience: str | None = None
    ) -> Token:
        """An access token for this client: bound to `key` (DPoP), or a bearer token without one."""
        credentials = self._own_credentials()
        form = {"grant_type": "client_credentials", "scope": scope}
        if audience is not None:
            form["audience"] = audience
        headers = {"Authorization": basic(credentials)}
        url = self.metadata["token_endpoint"]
        answer = self._ask("POST", url, data=form, headers=headers, auth=self._auth(key))
        return read_token(answer, scope, key, self._now())

    # --- step 4: what the token proves ---

    def verify(self, token: Token | Secret | str, audience: str | None = None) -> dict[str, Any]:
        """The claims of `token`, once its signature, issuer and times are checked."""
        text = text_of(token)
        iss = read_unverified(text).claims.get("iss")
        if not issuer_allows(self.issuer, iss):
            raise TokenRefused("iss", f"issued by {iss!r}, expected {self.issuer!r}. M19")
        for again in (False, True):
            try:
                return verify_token(
                    text, self.jwks(str(iss)), str(iss), now=self._now(), audience=audience
                )
            except TokenRefused as refusal:
                if refusal.rule != "kid" or again:
                    raise
                del self._key_sets[str(iss)]  # the service may have a new key since
        raise AssertionError("the second round returns or raises")

    # --- step 5: every call is proved ---

    def call(
        self, method: str, url: str, token: Token, *, json: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """Call an API with the token, and with a fresh proof if it is bound. Any status returns."""
        bearer = {} if token.key else {"Authorization": f"Bearer {text_of(token)}"}
        return self._send(
            method, url, once=method not in _IDEMPOTENT, json=json, params=params,
            auth=self._auth(token.key, token), headers=bearer,
        )  # fmt: skip

    def userinfo(self, token: Token) -> dict[str, Any]:
        """The claims of the token's subject, by the service's own API."""
        url = self.metadata.get("userinfo_endpoint")
        if url is None:
            raise NotThisService(f"{self.issuer} has no userinfo endpoint: call another API.")
        return read_json(self.call("GET", url, token), self._now)

    # --- what they share ---

    def _ask(self, method: str, url: str, *, once: bool = False, **parts: Any) -> dict[str, Any]:
        return read_json(self._send(method, url, once=once, **parts), self._now)

    def _send(self, method: str, url: str, *, once: bool, **parts: Any) -> httpx.Response:
        """One request by the retry rules. `once`: it must not take effect twice."""
        require_https_or_loopback(url)
        return send_with_retries(
            lambda: self.http.request(method, url, **parts), safe_to_repeat=not once,
            sleep=self._sleep, max_wait=self._max_wait, now=self._now,
        )  # fmt: skip

    def _auth(self, key: ProofKey | None, token: Token | None = None) -> DPoPAuth | None:
        return None if key is None else DPoPAuth(key, token, now=self._now, nonces=self._nonces)

    def _metadata_of(self, issuer: str) -> dict[str, Any]:
        return check_metadata(self._ask("GET", issuer + PATH), issuer)

    def _keep(self, credentials: Credentials) -> None:
        try:
            store.save(credentials)
        except CredentialProblem as problem:
            raise CredentialProblem(
                f"{problem} The secret is shown once and now lives only in client.credentials: "
                "mend this, then run save_credentials(client.credentials)."
            ) from None

    def _require_own(self, enrollment: Enrollment) -> None:
        if enrollment.issuer != self.issuer or not same_origin(enrollment.status_url, self.issuer):
            raise EnrollmentProblem(f"This enrollment is for {enrollment.issuer}, not for here.")

    def _credentials(self, answer: dict[str, Any]) -> Credentials:
        try:
            found = store.read_members(answer)
        except (ValueError, UnsafeUrl) as problem:
            raise NotThisService(f"The credentials that came can't be used: {problem}") from None
        if not issuer_allows(self.issuer, found.issuer):
            raise IssuerMismatch(f"The credentials are for {found.issuer!r}, not {self.issuer!r}.")
        return found

    def _own_credentials(self) -> Credentials:
        """A secret goes to the issuer that gave it, and to nobody else."""
        if self.credentials is None:
            raise CredentialProblem("No credentials yet: enroll first, or set client.credentials.")
        if not issuer_allows(self.issuer, self.credentials.issuer):
            raise CredentialProblem(
                f"These credentials are for {self.credentials.issuer}: not sent to {self.issuer}."
            )
        return self.credentials
