"""Every way to a token, and what can be asked about one: the requests to the token endpoint and its
neighbours. Nothing that may have taken effect is sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dialtone_kit.base.errors import DialtoneError, RateLimited, ServiceError
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.connection import Connection
from dialtone_kit.client.device_login import DeviceLogin, read_login, still_pending
from dialtone_kit.client.responses import read_json
from dialtone_kit.client.token_answer import authentication, read_token
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, text_of

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name)


class TokenRequests(Connection):
    """The part of `IdentityClient` that asks for tokens, and about them."""

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
        return self._token(form | _given(more), key, scope, once=False)

    # --- for a person, where there is no browser (RFC 8628) ---

    def start_device(self, scope: str | None = None) -> DeviceLogin:
        """Ask for a device code. Show the person `.verification_uri` and `.user_code`."""
        answer = self._asked_as_client("device_authorization", _given({"scope": scope}))
        return read_login(answer, self.issuer, self._now())

    def poll_device(self, login: DeviceLogin, key: ProofKey | None = None) -> Token | DeviceLogin:
        """Ask once: the token, or what is still pending, with the pace to keep from now on (M21).

        A person who said no and a code that expired are a ServiceError: access_denied,
        expired_token.
        """
        form = {"grant_type": DEVICE_CODE, "device_code": login.device_code.reveal()}
        try:
            return self._token(form, key, login.scope or "", once=True)
        except ServiceError as refusal:
            return still_pending(login, refusal)

    def wait_for_device(self, login: DeviceLogin, key: ProofKey | None = None) -> Token:
        """Poll until the person has answered, never faster than the service allows."""
        while True:
            self._sleep(login.interval)
            try:
                answer = self.poll_device(login, key)
            except RateLimited as busy:  # refused unseen, so asking again later is no second send
                if busy.retry_after > self._max_wait:
                    raise
                self._sleep(busy.retry_after)
                continue
            if isinstance(answer, Token):
                return answer
            login = answer.must_not_be_over(self._now())

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

        The refresh token in `token` is used up by this: go on with the one that comes back.
        """
        if token.refresh_token is None:
            raise DialtoneError("This token came without a refresh token: get a new one instead.")
        form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token.reveal()}
        more = {"scope": scope, "audience": audience, "resource": resource}
        return self._token(
            form | _given(more),
            key or token.key,
            scope or token.scope,
            once=True,
            refresh_token=token.refresh_token,
        )

    # --- for another agent (RFC 8693) ---

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
        """A token with less, or to act for the subject of `subject`, bound to `key`.

        `key` is that of `subject` if it is your own Token. `actor` is your own token, named in
        `act`. Another agent's token needs its `may_act`, or a policy that names you.
        """
        if key is None and isinstance(subject, Token):
            key = subject.key
        form = {
            "grant_type": EXCHANGE,
            "subject_token": text_of(subject),
            "subject_token_type": ACCESS_TOKEN,
        }
        more = {"scope": scope, "audience": audience, "resource": resource, "may_act": may_act}
        if actor is not None:
            more |= {"actor_token": text_of(actor), "actor_token_type": ACCESS_TOKEN}
        return self._token(form | _given(more), key, scope or "", once=True)

    # --- about a token (RFC 7662, RFC 7009) ---

    def introspect(self, token: Token | Secret | str) -> dict[str, Any]:
        """What the service says of a token of this realm; `{"active": False}` for all but live."""
        return self._asked_as_client("introspection", {"token": text_of(token)})

    def revoke(self, token: Token | Secret | str) -> None:
        """Take a token of this client back, and all that came from it.

        A Token's access token; its `.refresh_token` ends the whole approval. Again is fine.
        """
        headers, form = authentication(self._own_credentials())
        response = self._send(
            "POST",
            self.endpoint("revocation"),
            once=False,
            data={"token": text_of(token), **form},
            headers=headers,
        )
        if not response.is_success:  # on success the body says nothing (RFC 7009 §2.2)
            read_json(response, self._now)

    # --- what they share ---

    def _token(
        self,
        form: Mapping[str, Any],
        key: ProofKey | None,
        scope: str,
        *,
        once: bool,
        refresh_token: Secret | None = None,
    ) -> Token:
        """The token that a grant brings; `refresh_token` stays if no new one comes."""
        headers, own = authentication(self._own_credentials())
        answer = self._ask(
            "POST",
            self.metadata["token_endpoint"],
            once=once,
            data={**form, **own},
            headers=headers,
            auth=self._auth(key),
        )
        return read_token(answer, scope, key, self._now(), refresh_token)

    def _asked_as_client(self, endpoint: str, form: Mapping[str, Any]) -> dict[str, Any]:
        headers, own = authentication(self._own_credentials())
        headers["Content-Type"] = "application/x-www-form-urlencoded"  # of an empty form, too
        return self._ask("POST", self.endpoint(endpoint), data={**form, **own}, headers=headers)


def _given(form: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a form. A list becomes one parameter for each value."""
    return {
        name: value if isinstance(value, str) else list(value)
        for name, value in form.items()
        if value is not None
    }
