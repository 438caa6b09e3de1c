"""One request to each endpoint that writes: prepared, to be sent as often as needed.

`ROWS` names each with what it answers when all is well. The preparation has written before; the
request itself is sent by the function that the preparation returns, the same bytes each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from tests.support.grant_desk import (
    ACCESS_TOKEN,
    DEVICE,
    EXCHANGE,
    Person,
    begin,
    exchanged,
    family,
    post,
    renew,
)
from tests.support.running_mock import Registered
from tests.support.spiffe_scene import Scene

Send = Callable[[], httpx.Response]
Prepare = Callable[[Registered], Send]
POLICY = '@id("nobody") forbid (principal, action, resource);'


@dataclass(frozen=True)
class Row:
    """`route` as the service's map has it. `prepare` gets a client of a private realm."""

    route: str
    status: int
    prepare: Prepare
    what: str = ""

    def __str__(self) -> str:
        return f"{self.route} {self.what}".strip()


# --- registration ---


def request(client: Registered, **members: Any) -> Send:
    return partial(client.mock.request_enrollment, client.realm, email="a@b.example", **members)


def confirm(client: Registered, wrong: bool = False) -> Send:
    enrollment, code = client.mock.enroll(client.realm)
    return partial(client.mock.confirm, client.realm, enrollment, "AAAA-AAAA" if wrong else code)


def approve(client: Registered, wrong: bool = False) -> Send:
    enrollment, code = client.mock.enroll(client.realm)
    person = Person(client.mock, client.realm)
    person.open(enrollment["approval_url"])
    form = {**person.form, "verification_code": "AAAA-AAAA" if wrong else code}
    return partial(person.http.post, f"{client.issuer}/register/approve", data=form)


# --- tokens ---


def token(client: Registered, *, bound: bool = True, **form: str) -> Send:
    proof = client.proof("POST", client.token_url) if bound else None
    return partial(post, client, "/token", proof, **{"grant_type": "client_credentials", **form})


def poll(client: Registered, approved: bool) -> Send:
    device = begin(client)
    if approved:
        Person(client.mock, client.realm).approve(device)
    return token(client, grant_type=DEVICE, device_code=device["device_code"])


def refresh(client: Registered, again: bool = False) -> Send:
    text = family(client)["refresh_token"]
    if again:
        assert renew(client, text).status_code == 200
    return token(client, grant_type="refresh_token", refresh_token=text)


def exchange(client: Registered, foreign: bool = False) -> Send:
    """`foreign`: another client's token, which no policy of this realm lets anyone exchange."""
    subject = client.mock.register(client.realm) if foreign else client
    return token(
        client, grant_type=EXCHANGE, subject_token=subject.token(), subject_token_type=ACCESS_TOKEN
    )


def revoke(client: Registered, what: str) -> Send:
    made = {
        "access": client.token,
        "exchanged": lambda: exchanged(client, client.token()),
        "refresh": lambda: family(client)["refresh_token"],
    }
    return partial(post, client, "/revoke", token=made[what]())


# --- the device's person ---


def device(client: Registered) -> Send:
    return partial(post, client, "/device_authorization")


def enter(client: Registered, wrong: bool = False) -> Send:
    person = Person(client.mock, client.realm)
    person.open()
    return partial(person.enter, "AAAA-AAAA" if wrong else begin(client)["user_code"])


def decide(client: Registered, decision: str, wrong: bool = False) -> Send:
    person = Person(client.mock, client.realm)
    person.look_at(begin(client))
    return partial(person.decide, decision, "AAAA-AAAA" if wrong else person.mailed_code())


# --- resources and SVIDs ---


def call(client: Registered, method: str, path: str, sent: Any = None, bound: bool = True) -> Send:
    access, url = client.token(bound=bound), client.url(path)
    proof = client.proof(method, url, access_token=access) if bound else None
    more: dict[str, Any] = {"proof": proof} if bound else {"bare": True, "scheme": "Bearer"}
    return partial(client.call, method, url, access, json=sent, **more)


def svid(client: Registered, kind: str, **changes: Any) -> Send:
    scene = Scene(client.mock)
    return partial(scene.post, kind, scene.request(**changes))


# --- teaching controls ---


def control(method: str, path: str, ready: Callable[[Registered], Any] = lambda _: None) -> Prepare:
    """`ready` returns the body."""

    def prepare(client: Registered) -> Send:
        return partial(client.mock.control, method, path, json=ready(client))

    return prepare


def remove_realm(client: Registered) -> Send:
    return partial(client.mock.control, "DELETE", f"realms/{client.mock.new_realm()}")


def other_realm(client: Registered) -> dict[str, Any]:
    """A realm with something in it, to be emptied."""
    name = client.mock.new_realm()
    client.mock.enroll(name)
    return {"realm": name}


def one_fault(client: Registered) -> dict[str, Any]:
    name = client.mock.new_realm()
    client.mock.control("POST", "faults", json={"realm": name, "kind": "drop"})
    return {"realm": name}


def platform(name: str) -> Prepare:
    """Its first use: its key is made then."""

    def ready(client: Registered) -> dict[str, str]:
        client.mock.sql("DELETE FROM platform_keys")
        return {"audience": "somebody"}

    return control("POST", f"platform/{name}", ready)


ROWS = (
    Row("POST {p}/register/request", 200, request),
    Row(
        "POST {p}/register/request",
        403,
        partial(request, requested_scopes=["admin"]),
        "denied by policy",
    ),
    Row("POST {p}/register/confirm", 200, confirm),
    Row("POST {p}/register/confirm", 401, partial(confirm, wrong=True), "with a wrong code"),
    Row("POST {p}/register/approve", 200, approve),
    Row("POST {p}/register/approve", 401, partial(approve, wrong=True), "with a wrong code"),
    Row("POST {p}/token", 200, token),
    Row("POST {p}/token", 200, partial(token, bound=False), "for a bearer token"),
    Row("POST {p}/token", 400, partial(poll, approved=False), "by a device code, too early"),
    Row("POST {p}/token", 200, partial(poll, approved=True), "by a device code"),
    Row("POST {p}/token", 200, refresh, "by a refresh token"),
    Row("POST {p}/token", 400, partial(refresh, again=True), "by a used refresh token"),
    Row("POST {p}/token", 200, exchange, "by exchange"),
    Row("POST {p}/token", 400, partial(exchange, foreign=True), "by an exchange that is denied"),
    Row("POST {p}/revoke", 200, partial(revoke, what="access"), "an access token"),
    Row("POST {p}/revoke", 200, partial(revoke, what="exchanged"), "an exchanged token"),
    Row("POST {p}/revoke", 200, partial(revoke, what="refresh"), "a refresh token"),
    Row("POST {p}/device_authorization", 200, device),
    Row("POST {p}/device", 200, enter, "with the user code"),
    Row("POST {p}/device", 404, partial(enter, wrong=True), "with a wrong user code"),
    Row("POST {p}/device", 200, partial(decide, decision="approve"), "to approve"),
    Row("POST {p}/device", 200, partial(decide, decision="deny"), "to deny"),
    Row("POST {p}/device", 401, partial(decide, decision="approve", wrong=True), "wrong code"),
    Row("GET {p}/userinfo", 200, partial(call, method="GET", path="/userinfo")),
    Row("GET {p}/api/whoami", 200, partial(call, method="GET", path="/api/whoami")),
    Row(
        "GET {p}/api/whoami",
        200,
        partial(call, method="GET", path="/api/whoami", bound=False),
        "with a bearer token",
    ),
    Row("GET {p}/api/notes", 200, partial(call, method="GET", path="/api/notes")),
    Row(
        "POST {p}/api/notes",
        201,
        partial(call, method="POST", path="/api/notes", sent={"text": "x"}),
    ),
    Row("GET {p}/audit/events", 200, partial(call, method="GET", path="/audit/events")),
    Row("POST /v1/svid/x509", 200, partial(svid, kind="x509")),
    Row("POST /v1/svid/jwt", 200, partial(svid, kind="jwt")),
    Row(
        "POST /v1/svid/jwt",
        401,
        partial(svid, kind="jwt", evidence={"token": "e30.e30.AA"}),
        "with bad evidence",
    ),
    Row(
        "POST {p}/svid/jwt",
        200,
        partial(call, method="POST", path="/svid/jwt", sent={"audience": ["a"]}),
    ),
    Row(
        "POST /mock/clock",
        200,
        control("POST", "clock", lambda one: {"realm": one.mock.new_realm(), "move_seconds": 9}),
    ),
    Row("POST /mock/limits/clear", 200, control("POST", "limits/clear", other_realm)),
    Row("POST /mock/realms", 201, control("POST", "realms", lambda _: {})),
    Row("DELETE /mock/realms/{realm}", 204, remove_realm),
    Row(
        "POST /mock/faults",
        200,
        control("POST", "faults", lambda one: {"realm": one.mock.new_realm(), "kind": "drop"}),
    ),
    Row("POST /mock/faults/clear", 200, control("POST", "faults/clear", one_fault)),
    Row("POST /mock/reset", 200, control("POST", "reset", other_realm)),
    Row(
        "POST /mock/clients/lock",
        200,
        control(
            "POST",
            "clients/lock",
            lambda one: {"client_id": one.mock.register(one.realm).client_id},
        ),
    ),
    Row("POST /mock/keys/rotate", 201, control("POST", "keys/rotate")),
    Row(
        "PUT /mock/policies",
        200,
        control("PUT", "policies", lambda one: {"realm": one.mock.new_realm(), "text": POLICY}),
    ),
    *(
        Row(f"POST /mock/platform/{name}", 200, platform(name))
        for name in ("kubernetes", "aws", "azure", "gcp")
    ),
)
