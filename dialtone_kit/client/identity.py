"""The client of the demo, steps 1 to 5: discover, enroll, get a token, verify it, call.

client = IdentityClient("https://id.strongdm.ai")
enrollment = client.request_enrollment("you@example.com", "my-agent")
credentials = client.confirm_enrollment(enrollment, "XXXX-XXXX")
token = client.get_token(key=ProofKey.generate())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.connection import Connection, Options
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.enrollment_requests import EnrollmentRequests
from dialtone_kit.client.enrollments import Enrollment
from dialtone_kit.client.quiet import hiding
from dialtone_kit.client.responses import read_json
from dialtone_kit.client.token_requests import TokenRequests
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, text_of

__all__ = ["Enrollment", "IdentityClient", "Token"]
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name)


class IdentityClient:
    """An agent's side of one realm of the service. `realm=None` asks the root's document.

    `options` are those of `Connection`: wire, ca_file, now, sleep, max_wait, timeout,
    transport, when_limited.
    """

    def __init__(
        self,
        base_url: str,
        realm: str | None = "default",
        *,
        credentials: Credentials | None = None,
        **options: Unpack[Options],
    ) -> None:
        self.connection = Connection(base_url, realm, **options)
        self.realm, self.issuer = realm, self.connection.issuer
        self.wire, self.http = self.connection.wire, self.connection.http
        self._enrollments = EnrollmentRequests(self.connection)
        self._tokens = TokenRequests(self.connection, credentials)

    @property
    def credentials(self) -> Credentials | None:
        """Who this client is, once it is registered or you set it."""
        return self._tokens.credentials

    @credentials.setter
    def credentials(self, credentials: Credentials | None) -> None:
        self._tokens.credentials = credentials

    @hiding
    def authenticate_by(self, svid: Callable[[], Secret]) -> None:
        """Authenticate with a JWT-SVID for this issuer, asked for at each request, not a secret.

        draft-ietf-oauth-spiffe-client-auth §3.1. `Workload.sign_in` calls this.
        """
        self._tokens.svid = svid

    # --- step 1: discovery ---

    @property
    def metadata(self) -> dict[str, Any]:
        """The discovery document, fetched once and checked."""
        return self.connection.metadata

    @hiding
    def discover(self) -> dict[str, Any]:
        """Fetch the discovery document again. It must name the issuer asked (RFC 8414 §3.3)."""
        return self.connection.discover()

    @hiding
    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, by its member of the discovery document without `_endpoint`."""
        return self.connection.endpoint(name)

    @hiding
    def jwks(self, issuer: str | None = None) -> dict[str, Any]:
        """The issuer's public keys, fetched once; `verify` fetches them again for a new key."""
        return self.connection.jwks(issuer or self.issuer)

    # --- step 2: the sponsor vouches for the agent ---

    @hiding
    def request_enrollment(
        self,
        email: str,
        client_name: str,
        client_description: str = "",
        scopes: Iterable[str] = ("openid",),
        *,
        public: bool = False,
        spiffe_id: str | None = None,
    ) -> Enrollment:
        """Ask for a client; the sponsor at `email` gets a code by email. Kept on disk until then.

        A `public` client can keep no secret: it gets none, and tokens by the device flow only. The
        workload with `spiffe_id` needs none: it authenticates with its JWT-SVIDs.
        """
        return self._enrollments.start(
            email,
            client_name,
            client_description,
            scopes,
            public=public,
            spiffe_id=spiffe_id,
        )

    @hiding
    def enrollment_status(self, enrollment: Enrollment) -> str:
        """pending, approved, confirmed, expired or locked."""
        return self._enrollments.status(enrollment)

    @hiding
    def confirm_enrollment(self, enrollment: Enrollment, code: str | None = None) -> Credentials:
        """Trade the code for credentials, stored before this returns: they are shown once.

        Needs no code when the sponsor approved on the page. WrongCode has `.tries_left`.
        """
        self.credentials = self._enrollments.confirm(enrollment, code)
        self._enrollments.keep(enrollment, self.credentials)
        return self.credentials

    # --- step 3: tokens, for this client itself ---

    @hiding
    def get_token(
        self,
        scope: str = "openid",
        *,
        key: ProofKey | None = None,
        audience: str | Sequence[str] | None = None,
        may_act: str | None = None,
        resource: str | Sequence[str] | None = None,
    ) -> Token:
        """An access token for this client: bound to `key` (DPoP), or a bearer token without one.

        `resource` says by URL which API it is for (RFC 8707), `audience` by any name. `may_act` is
        the client_id of the one other agent that may exchange this token.
        """
        form = {"grant_type": "client_credentials", "scope": scope}
        more = {"audience": audience, "resource": resource, "may_act": may_act}
        return self._tokens.grant(form | more, key, scope, repeatable=True)

    @hiding
    def refresh(
        self,
        token: Token,
        scope: str | None = None,
        *,
        key: ProofKey | None = None,
        audience: str | Sequence[str] | None = None,
        resource: str | Sequence[str] | None = None,
    ) -> Token:
        """The next token of the same approval, by the key of `token` unless another is given.

        This uses up the refresh token in `token`: continue with the one that comes back.
        """
        kept = token.refresh_token
        if kept is None:
            raise DialtoneError("This token came without a refresh token: get a new one instead.")
        form = {"grant_type": "refresh_token", "refresh_token": kept.reveal(), "scope": scope}
        more = {"audience": audience, "resource": resource}
        return self._tokens.grant(
            form | more, key or token.key, scope or token.scope, refresh_token=kept
        )

    # --- tokens for a person, where there is no browser (RFC 8628) ---

    @hiding
    def start_device(
        self,
        scope: str | None = None,
        *,
        audience: str | Sequence[str] | None = None,
        resource: str | Sequence[str] | None = None,
    ) -> DeviceLogin:
        """Ask for a device code. Show the person `.verification_uri` and `.user_code`.

        Say here what the token is for, as `audience` or `resource`: the person approves
        it with the scope, and no later request gets more (RFC 8707 §2.2).
        """
        return self._tokens.start_device(
            {"scope": scope, "audience": audience, "resource": resource}
        )

    @hiding
    def poll_device(self, login: DeviceLogin, key: ProofKey | None = None) -> Token | DeviceLogin:
        """Ask once: the token, or the login still pending, with the pace to keep from now on (M21).

        ServiceError access_denied when the person declined, expired_token when time was up.
        """
        return self._tokens.poll_device(login, key)

    @hiding
    def wait_for_device(self, login: DeviceLogin, key: ProofKey | None = None) -> Token:
        """Poll until the person has answered, never faster than the service allows."""
        return self._tokens.wait_for_device(login, key)

    # --- tokens on behalf of someone (RFC 8693) ---

    @hiding
    def exchange(
        self,
        subject: Token | Secret | str,
        *,
        scope: str | None = None,
        actor: Token | Secret | str | None = None,
        audience: str | Sequence[str] | None = None,
        resource: str | Sequence[str] | None = None,
        may_act: str | None = None,
        key: ProofKey | None = None,
    ) -> Token:
        """A token with less, or one to act for the subject of `subject`, bound to `key`.

        `key` is that of `subject` if it is your own Token. `actor` is your own token, named in
        `act`. Another agent's token needs its `may_act`, or a policy that names you.
        """
        if key is None and isinstance(subject, Token):
            key = subject.key
        form = {"grant_type": EXCHANGE, "subject_token": text_of(subject)}
        form |= {"subject_token_type": ACCESS_TOKEN}
        if actor is not None:
            form |= {"actor_token": text_of(actor), "actor_token_type": ACCESS_TOKEN}
        more = {"scope": scope, "audience": audience, "resource": resource, "may_act": may_act}
        return self._tokens.grant(form | more, key, scope or "")

    # --- step 4: what a token proves, and whether it still holds ---

    @hiding
    def verify(self, token: Token | Secret | str, audience: str | None = None) -> dict[str, Any]:
        """The claims of `token`, once its signature, issuer and times are checked."""
        return self.connection.verify(text_of(token), audience)

    @hiding
    def introspect(self, token: Token | Secret | str) -> dict[str, Any]:
        """What the service knows about this realm's token; `{"active": False}` unless it lives."""
        return self._tokens.introspect(text_of(token))

    @hiding
    def revoke(self, token: Token | Secret | str) -> None:
        """Revoke a token of this client, and everything that came from it.

        Given a Token, its access token; its `.refresh_token` ends the whole approval. Revoking
        twice is fine.
        """
        self._tokens.revoke(text_of(token))

    # --- step 5: every call is proved ---

    @hiding
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
        headers = {} if token.key else {"Authorization": f"Bearer {text_of(token)}"}
        proof = self.connection.auth(token.key, token)
        return self.connection.send(
            method, url, json=json, params=params, headers=headers, auth=proof
        )

    @hiding
    def userinfo(self, token: Token) -> dict[str, Any]:
        """The claims about the token's subject, from the service's own API."""
        response = self.call("GET", self.endpoint("userinfo"), token)
        return read_json(response, self.connection.now)
