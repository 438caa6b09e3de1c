"""Asking for grants with the bare protocol: any client, with or without a secret or a proof.

`Person` is as much of a browser, and of a human, as the device page needs.
"""

from __future__ import annotations

import json
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from dialtone_kit.keys import ProofKey
from tests.support.running_mock import Mock, Registered

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
FORM = "application/x-www-form-urlencoded"
HTML = {"Accept": "text/html,application/xhtml+xml"}
OWN = object()  # the client's own key

Refused = tuple[int, str]


def error(answer: httpx.Response) -> Refused:
    """Status and code of a refusal in the one shape, never cached."""
    body = answer.json()
    assert body.keys() == {"error", "error_description"}, body
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, body["error"]


def says(answer: httpx.Response, status: int, code: str, reason: str = "") -> None:
    """The refusal has this status, this code, and this reason in its text."""
    assert error(answer) == (status, code), answer.text
    assert reason in answer.json()["error_description"], answer.text


def is_public(client: Registered) -> bool:
    return client.answer.get("token_endpoint_auth_method") == "none"


def post(client: Registered, path: str, proof: str | None = None, **form: Any) -> httpx.Response:
    """A form to an endpoint of the client's realm, with whatever the client authenticates by."""
    if is_public(client):
        form = {"client_id": client.client_id, **form}
    return client.mock.http.post(
        client.url(path),
        data={name: value for name, value in form.items() if value is not None},
        auth=None if is_public(client) else client.basic,
        headers=[("Content-Type", FORM), *([("DPoP", proof)] if proof else [])],
    )


def ask(client: Registered, grant_type: str, key: Any = OWN, **form: Any) -> httpx.Response:
    """A token request with a right proof by `key`: the client's own, another one, or none."""
    proof = None
    if key is not None:
        key = client.key if key is OWN else key
        proof = client.proof("POST", client.token_url, key=key, nonce=token_nonce(client))
    return post(client, "/token", proof, grant_type=grant_type, **form)


def token_nonce(client: Registered) -> str | None:
    """A nonce of the token endpoint, where the client's realm demands one."""
    if not client.mock.demands_nonces(client.realm):
        return None
    unready = client.proof("POST", client.token_url)
    answer = post(client, "/token", unready, grant_type="refresh_token", refresh_token="x")
    return answer.headers["dpop-nonce"]


def call(client: Registered, token: str, key: ProofKey | None = None) -> int:
    """The status of a call with a bound token of `client`."""
    url = client.url("/userinfo")
    more = {"key": key} if key else {}
    proof = client.proof("GET", url, access_token=token, **more)
    answer = client.call("GET", url, token, proof=proof)
    if answer.status_code == 401 and "use_dpop_nonce" in answer.text:
        nonce = answer.headers["dpop-nonce"]
        proof = client.proof("GET", url, access_token=token, nonce=nonce, **more)
        answer = client.call("GET", url, token, proof=proof)
    return answer.status_code


def is_alive(asker: Registered, token: str) -> bool:
    """What introspection says, asked by any client of the realm that has a secret."""
    answer = post(asker, "/introspect", token=token)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["active"])


def public_client(mock: Mock, realm: str, **members: Any) -> Registered:
    return mock.register(realm, token_endpoint_auth_method="none", **members)


# --- the device flow ---


def begin(client: Registered, **form: Any) -> dict[str, Any]:
    """A device authorization: the two codes and what goes with them."""
    answer = post(client, "/device_authorization", **form)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def poll(client: Registered, device: dict[str, Any], key: Any = OWN, **form: Any) -> httpx.Response:
    return ask(client, DEVICE, key, device_code=device["device_code"], **form)


class Person:
    """Someone with a browser and a mailbox."""

    def __init__(self, mock: Mock, realm: str, email: str | None = None, **headers: str) -> None:
        self.mock, self.realm = mock, realm
        self.email = email or f"person-{secrets.token_hex(4)}@example.com"
        self.url = f"{mock.issuer(realm)}/device"
        self.http = httpx.Client(headers={**HTML, **headers}, trust_env=False, verify=False)
        self.http.event_hooks = mock.http.event_hooks  # each answer is documented
        self.form: dict[str, str] = {}

    def open(self, url: str | None = None) -> httpx.Response:
        return self._seen(self.http.get(url or self.url))

    def enter(self, user_code: str, **form: str) -> httpx.Response:
        """The first form: the code of the device, and an address."""
        sent = {**self.form, "user_code": user_code, "email": self.email, **form}
        return self._seen(self.http.post(self.url, data=sent))

    def mailed_code(self) -> str:
        return self.mock.code_for(self.email, self.realm)

    def decide(self, decision: str, code: str | None = None, **form: str) -> httpx.Response:
        """The second form: the code from the email, and yes or no."""
        sent = {"verification_code": code or "", "decision": decision, **form}
        return self._seen(self.http.post(self.url, data={**self.form, **sent}))

    def look_at(self, device: dict[str, Any]) -> httpx.Response:
        """Up to the question: who asks for what."""
        self.open()
        page = self.enter(device["user_code"])
        assert page.status_code == 200, page.text
        return page

    def approve(self, device: dict[str, Any]) -> None:
        self.look_at(device)
        page = self.decide("approve", self.mailed_code())
        assert (page.status_code, "Approved" in page.text) == (200, True), page.text

    def deny(self, device: dict[str, Any]) -> None:
        self.look_at(device)
        assert "You said no" in self.decide("deny").text

    def _seen(self, page: httpx.Response) -> httpx.Response:
        fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        self.form = dict(fields) or self.form
        return page


def family(client: Registered, key: Any = OWN, **form: Any) -> dict[str, Any]:
    """The token answer of a device flow that a person approved: with a first refresh token."""
    device = begin(client, **form)
    Person(client.mock, client.realm).approve(device)
    answer = poll(client, device, key)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def renew(client: Registered, refresh_token: str, key: Any = OWN, **form: Any) -> httpx.Response:
    return ask(client, "refresh_token", key, refresh_token=refresh_token, **form)


def exchange(
    client: Registered, subject_token: str | None, key: Any = OWN, **form: Any
) -> httpx.Response:
    """A token exchange; `subject_token_type` is right unless it is given."""
    form.setdefault("subject_token_type", ACCESS_TOKEN)
    return ask(client, EXCHANGE, key, subject_token=subject_token, **form)


def exchanged(client: Registered, subject_token: str, key: Any = OWN, **form: Any) -> str:
    answer = exchange(client, subject_token, key, **form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def in_parallel(number: int, send: Any) -> list[httpx.Response]:
    """`send(client)` from `number` threads at once, each with a connection of its own."""

    def one(_: int) -> httpx.Response:
        with httpx.Client(timeout=20, trust_env=False, verify=False) as http:
            answer: httpx.Response = send(http)
            return answer

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def events(mock: Mock, realm: str) -> list[dict[str, Any]]:
    """The audit trail of a realm, as it stands in the database."""
    query = "SELECT event, client_id, details FROM audit_events WHERE realm = :realm ORDER BY id"
    rows = mock.sql(query, realm=realm)
    return [
        {"event": event, "client_id": client_id, **json.loads(details)}
        for event, client_id, details in rows
    ]
