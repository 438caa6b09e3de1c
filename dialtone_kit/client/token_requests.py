"""The requests to the token endpoint and its neighbours, made as one client.

Nothing that may have taken effect is sent twice, unless twice does no harm.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from dialtone_kit.base.errors import (
    CredentialProblem,
    DialtoneError,
    NotThisService,
    RateLimited,
    ServiceError,
    TokenRefused,
)
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.connection import Connection
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.device_login import DeviceLogin, read_login, still_pending
from dialtone_kit.client.responses import read_json
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, is_bound_to, issuer_allows

LONGEST = 10**9  # seconds of a token's life
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
JWT_SPIFFE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}  # of an empty form too


class TokenRequests:
    """Asks over `connection`, with `credentials`, for tokens and about them."""

    def __init__(self, connection: Connection, credentials: Credentials | None) -> None:
        self._connection, self.credentials = connection, credentials
        self.svid: Callable[[], Secret] | None = None

    def grant(
        self,
        form: Mapping[str, Any],
        key: ProofKey | None,
        scope: str,
        *,
        repeatable: bool = False,
        refresh_token: Secret | None = None,
    ) -> Token:
        """The token for a form, bound to `key`; `refresh_token` is kept if no new one comes.

        `scope` is what was asked for, in case the service does not repeat it.
        """
        headers, own = authentication(self._own_credentials(), self.svid)
        body = self._connection.ask(
            "POST",
            self._connection.metadata["token_endpoint"],
            repeatable=repeatable,
            data=_given(form) | own,
            headers=headers,
            auth=self._connection.auth(key),
        )
        return read_token(body, scope, key, self._connection.now(), refresh_token)

    def start_device(self, form: Mapping[str, Any]) -> DeviceLogin:
        """A device code (RFC 8628 §3.1)."""
        response = self._post("device_authorization", form)
        body = read_json(response, self._connection.now)
        return read_login(body, self._connection.issuer, self._connection.now())

    def poll_device(self, login: DeviceLogin, key: ProofKey | None) -> Token | DeviceLogin:
        """One poll: the token, or the login that is still pending, with the pace to keep."""
        form = {"grant_type": DEVICE_CODE, "device_code": login.device_code.reveal()}
        try:
            return self.grant(form, key, login.scope or "")
        except ServiceError as refusal:
            return still_pending(login, refusal)

    def wait_for_device(self, login: DeviceLogin, key: ProofKey | None) -> Token:
        """Polls until the person has answered, never faster than the service allows."""
        line = self._connection
        while True:
            line.sleep(login.interval)
            try:
                polled = self.poll_device(login, key)
            except RateLimited as busy:  # refused unread, so this is no second send
                if busy.retry_after > line.max_wait:
                    raise
                line.sleep(busy.retry_after)
                continue
            if isinstance(polled, Token):
                return polled
            login = polled.must_not_be_over(line.now())

    def introspect(self, token: str) -> dict[str, Any]:
        """What the service knows about `token` (RFC 7662)."""
        return read_json(self._post("introspection", {"token": token}), self._connection.now)

    def revoke(self, token: str) -> None:
        """Revoke `token` (RFC 7009). A token that the service doesn't know is no error."""
        response = self._post("revocation", {"token": token})
        if not response.is_success:  # on success the body means nothing (RFC 7009 §2.2)
            read_json(response, self._connection.now)

    def _post(self, endpoint: str, form: Mapping[str, Any]) -> Any:
        headers, own = authentication(self._own_credentials(), self.svid)
        return self._connection.send(
            "POST",
            self._connection.endpoint(endpoint),
            repeatable=True,
            data=_given(form) | own,
            headers=headers | _FORM,
        )

    def _own_credentials(self) -> Credentials:
        """A secret goes to the issuer that gave it, and to nobody else."""
        issuer = self._connection.issuer
        if self.credentials is None:
            raise CredentialProblem("No credentials yet: enroll first, or set client.credentials.")
        if not issuer_allows(issuer, self.credentials.issuer):
            raise CredentialProblem(
                f"These credentials are for {self.credentials.issuer}: not sent to {issuer}."
            )
        return self.credentials


def authentication(
    credentials: Credentials, svid: Callable[[], Secret] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """Header and form members by which a client proves who it is: HTTP Basic, as OAuth writes it.

    Both parts are form-encoded first (RFC 6749 §2.3.1). M15. Without a secret: the id in the form,
    and with it, for a workload, a fresh JWT-SVID from `svid`.
    """
    if credentials.spiffe_id is not None:
        if svid is None:
            raise CredentialProblem(
                f"{credentials.client_id} is {credentials.spiffe_id} and has no secret: let that "
                "workload sign in first, with workload.sign_in(client)."
            )
        assertion = {"client_assertion_type": JWT_SPIFFE, "client_assertion": svid().reveal()}
        return {}, {"client_id": credentials.client_id} | assertion
    if credentials.client_secret is None:
        return {}, {"client_id": credentials.client_id}
    name, secret = quote_plus(credentials.client_id), credentials.client_secret.reveal()
    packed = b64encode(f"{name}:{quote_plus(secret)}".encode()).decode()
    return {"Authorization": f"Basic {packed}"}, {}


def read_token(
    body: Mapping[str, Any],
    scope: str,
    key: ProofKey | None,
    issued_at: float,
    refresh_token: Secret | None = None,
) -> Token:
    """The token of a response (RFC 6749 §5.1), if it is what was asked for: bound to `key` or not.

    A bearer token in return for a proof is refused: anyone who finds it could use it.
    `refresh_token` is the one that stays valid if the response brings no other.
    """
    text, kind, lifetime = (body.get(n) for n in ("access_token", "token_type", "expires_in"))
    if not isinstance(text, str) or not text.isascii() or not isinstance(kind, str):
        raise NotThisService("The token response has no usable access_token and token_type.")
    if type(lifetime) is not int or not 0 <= lifetime <= LONGEST:
        raise NotThisService("The token response gives no expires_in in whole seconds.")
    wanted = "Bearer" if key is None else "DPoP"
    if kind.lower() != wanted.lower():
        raise TokenRefused(
            "token_type",
            f"asked for {wanted}, got {kind[:40]!r}: not used. The service did not do as asked.",
        )
    renewal, scope = body.get("refresh_token"), str(body.get("scope", scope))
    if isinstance(renewal, str) and renewal.isascii() and renewal:
        refresh_token = Secret(renewal)
    token = Token(Secret(text), kind, lifetime, scope, key, issued_at, refresh_token)
    if key is not None and text.count(".") == 2 and not is_bound_to(token.claims, key):
        raise TokenRefused("cnf", "the token is not bound to the key of the proof: not used.")
    return token


def _given(form: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a form. A list becomes one parameter for each value, but for the scope:
    that is one parameter, so DialtoneError for anything but a string (RFC 6749 §3.3)."""
    if not isinstance(form.get("scope") or "", str):
        raise DialtoneError(
            "scope is one string, with a space between scopes: scope='openid notes:read'."
        )
    return {
        name: value if isinstance(value, str) else list(value)
        for name, value in form.items()
        if value is not None
    }
