"""The client of the demo, steps 1 to 5: discover, enroll, get a token, call.

client = IdentityClient("https://id.strongdm.ai")
enrollment = client.request_enrollment("you@example.com", "my-agent")
credentials = client.confirm_enrollment(enrollment, "XXXX-XXXX")
token = client.get_token(key=ProofKey.generate())
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from dialtone_kit.base.errors import (
    CredentialProblem,
    EnrollmentProblem,
    IssuerMismatch,
    NotThisService,
    ServiceError,
    TokenRefused,
    UnsafeUrl,
)
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.urls import same_origin
from dialtone_kit.client import credentials as store
from dialtone_kit.client import enrollments
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.enrollments import Enrollment, checked_email, normal_code
from dialtone_kit.client.responses import read_json, refused_code
from dialtone_kit.client.token_requests import TokenRequests
from dialtone_kit.tokens import Token, issuer_allows, read_unverified, text_of, verify_token

__all__ = ["Enrollment", "IdentityClient", "Token"]
# Sending one of these twice does the same as sending it once (RFC 9110 §9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class IdentityClient(TokenRequests):
    """An agent's side of one realm of the service. `realm=None` asks the root's document.

    Step 1 and the arguments are in connection.py, step 3 and all other grants in token_requests.py.
    """

    # --- step 2: the sponsor vouches for the agent ---

    def request_enrollment(
        self,
        email: str,
        client_name: str,
        client_description: str = "",
        scopes: Iterable[str] = ("openid",),
        *,
        public: bool = False,
    ) -> Enrollment:
        """Ask for a client; the sponsor at `email` gets a code by mail. Kept on disk till then.

        A `public` one can keep no secret: it gets none, and tokens by the device flow only.
        """
        store.require_writable()
        asked = {
            "email": checked_email(email),
            "client_name": client_name,
            "client_description": client_description,
            "requested_scopes": list(scopes),
            **({"token_endpoint_auth_method": "none"} if public else {}),
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
        self,
        method: str,
        url: str,
        token: Token,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Call an API with the token, and with a fresh proof if it is bound. Any status returns."""
        bearer = {} if token.key else {"Authorization": f"Bearer {text_of(token)}"}
        return self._send(
            method,
            url,
            once=method not in _IDEMPOTENT,
            json=json,
            params=params,
            auth=self._auth(token.key, token),
            headers=bearer,
        )

    def userinfo(self, token: Token) -> dict[str, Any]:
        """The claims of the token's subject, by the service's own API."""
        url = self.metadata.get("userinfo_endpoint")
        if url is None:
            raise NotThisService(f"{self.issuer} has no userinfo endpoint: call another API.")
        return read_json(self.call("GET", url, token), self._now)

    # --- what they share ---

    def _keep(self, credentials: Credentials) -> None:
        try:
            store.save_credentials(credentials)
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
