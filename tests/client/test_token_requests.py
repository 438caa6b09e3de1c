"""Device logins, renewal, exchange, introspection, revocation against a service of canned answers:
what is sent, what is sent again, what is believed."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from dialtone_kit.base.errors import (
    DialtoneError,
    NotThisService,
    RateLimited,
    ServiceError,
    ServiceUnreachable,
    TokenRefused,
)
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, read_unverified
from tests.support.fake_service import BASE, CREDENTIALS, ISSUER, METADATA, FakeService, says

KEY, OTHER = ProofKey.generate(), ProofKey.generate()
NOW = 1_800_000_000.0
ENDPOINTS = {
    "device_authorization_endpoint": f"{ISSUER}/device_authorization",
    "introspection_endpoint": f"{ISSUER}/introspect",
    "revocation_endpoint": f"{ISSUER}/revoke",
}
CODES = {
    "device_code": "dc_" + "deviceCode1" * 4,
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{ISSUER}/device",
    "verification_uri_complete": f"{ISSUER}/device?user_code=WDJB-MJHT",
    "expires_in": 900,
    "interval": 5,
}
PENDING = says(400, "authorization_pending")
SLOW_DOWN = says(400, "slow_down")


def granted(refresh_token: str | None = "rt_" + "refreshOne1" * 4, **changes: Any) -> Any:
    body = {"access_token": "opaque", "token_type": "DPoP", "expires_in": 3600, "scope": "openid"}
    if refresh_token is not None:
        body["refresh_token"] = refresh_token
    return httpx.Response(200, json={**body, **changes})


def service(**paths: Any) -> FakeService:
    """A service with all endpoints; `paths` are answers by the last part of the path."""
    document = httpx.Response(200, json={**METADATA, **ENDPOINTS})
    codes = httpx.Response(200, json=CODES)
    answers = {"device_authorization": codes, **paths}
    found = FakeService(openid_configuration=document, **answers)
    found.answers["device_authorization"] = found.answers.pop("device-authorization")
    return found


def client_of(found: FakeService, **options: Any) -> Any:
    return found.client(credentials=CREDENTIALS, now=lambda: NOW, **options)


def form(request: httpx.Request) -> dict[str, list[str]]:
    return parse_qs(request.content.decode())


def held(**changes: Any) -> Token:
    """A token with a refresh token, as a device login returns it."""
    token = Token(Secret("opaque"), "DPoP", 3600, "openid", KEY, NOW, Secret("rt_" + "x" * 43))
    return replace(token, **changes)


@pytest.mark.parametrize("scope", [("openid", "notes:read"), ["openid"], {"openid"}], ids=repr)
def test_a_scope_is_one_string_of_words(scope: Any) -> None:
    found = service(token=granted())
    client = client_of(found)
    for ask in (
        lambda: client.get_token(scope, key=KEY),
        lambda: client.refresh(held(), scope),
        lambda: client.exchange("opaque", scope=scope, key=KEY),
        lambda: client.start_device(scope),
    ):
        with pytest.raises(DialtoneError, match="scope is one string, with a space between"):
            ask()
    assert not found.sent_to("token") + found.sent_to("device_authorization")
    assert client.get_token("openid notes:read", key=KEY).scope == "openid"


# --- device logins ---


def test_a_login_shows_the_page_and_hides_the_codes() -> None:
    found = service()
    login = client_of(found).start_device("openid")
    assert (login.verification_uri, login.interval) == (f"{ISSUER}/device", 5)
    assert login.user_code.reveal() == "WDJB-MJHT"
    assert login.expires_at.timestamp() == NOW + 900
    for secret in (CODES["device_code"], "WDJB"):
        assert secret not in repr(login)
    assert form(found.sent_to("device_authorization")[0]) == {"scope": ["openid"]}
    assert "Authorization" in found.sent_to("device_authorization")[0].headers


def test_a_login_says_what_the_token_is_to_be_for() -> None:
    found = service()
    client_of(found).start_device(audience="notes", resource=["https://a.example", "https://b.c"])
    sent = form(found.sent_to("device_authorization")[0])
    assert sent == {"audience": ["notes"], "resource": ["https://a.example", "https://b.c"]}


def test_polling_keeps_the_interval_and_slow_down_adds_five_for_good() -> None:
    found = service(token=[PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, granted()])
    client = client_of(found)
    token = client.wait_for_device(client.start_device(), KEY)
    assert found.slept == [5, 5, 10, 10, 15]
    assert token.refresh_token is not None
    assert token.key is KEY
    assert len({proof["jti"] for proof in found.proofs("token")}) == 5  # a new proof each time
    sent = form(found.sent_to("token")[0])
    assert sent["grant_type"] == ["urn:ietf:params:oauth:grant-type:device_code"]
    assert sent["device_code"] == [CODES["device_code"]]


def test_one_poll_tells_how_to_go_on() -> None:
    found = service(token=[PENDING, SLOW_DOWN, granted()])
    client = client_of(found)
    login = client.start_device()
    again = client.poll_device(login, KEY)
    assert again == login
    slower = client.poll_device(login, KEY)
    assert isinstance(slower, DeviceLogin)
    assert slower.interval == 10
    assert isinstance(client.poll_device(slower, KEY), Token)
    assert found.slept == []


@pytest.mark.parametrize("code", ["access_denied", "expired_token", "invalid_grant"])
def test_what_is_over_ends_the_polling(code: str) -> None:
    found = service(token=[PENDING, says(400, code)])
    client = client_of(found)
    with pytest.raises(ServiceError) as refused:
        client.wait_for_device(client.start_device(), KEY)
    assert refused.value.error == code
    assert len(found.sent_to("token")) == 2


def test_polling_ends_with_the_code() -> None:
    found, clock = service(token=PENDING), [NOW]

    def sleep(seconds: float) -> None:
        assert clock[0] < NOW + 2000, "it would go on for ever"
        clock[0] += seconds

    client = found.client(credentials=CREDENTIALS, now=lambda: clock[0])
    client.connection.sleep = sleep
    with pytest.raises(ServiceError, match="expired_token"):
        client.wait_for_device(client.start_device(), KEY)
    assert clock[0] == NOW + 900


@pytest.mark.row("H9", "H9✓")
def test_h9_a_429_is_waited_for_and_then_asked_again() -> None:
    found = service(token=[says(429, "rate_limited", **{"Retry-After": "12"}), granted()])
    client = client_of(found)
    client.wait_for_device(client.start_device(), KEY)
    assert found.slept == [5, 12, 5]


@pytest.mark.row("H9")
def test_h9_a_429_beyond_all_patience_is_raised() -> None:
    found = service(token=[says(429, "rate_limited", **{"Retry-After": "3000"}), granted()])
    client = client_of(found)
    with pytest.raises(RateLimited):
        client.wait_for_device(client.start_device(), KEY)
    assert len(found.sent_to("token")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"device_code": None},
        {"user_code": ""},
        {"user_code": 7},
        {"verification_uri": None},
        {"verification_uri": "https://evil.example/device"},
        {"verification_uri": "/device"},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri_complete": "https://evil.example/device?user_code=X"},
        {"verification_uri_complete": 7},
        {"expires_in": "900"},
        {"expires_in": None},
        {"expires_in": True},
        {"expires_in": 0},
        {"interval": -1},
        {"interval": 100_000},
        {"interval": 2.5},
    ],
    ids=repr,
)
def test_a_login_that_can_not_be_believed(change: dict[str, Any]) -> None:
    found = service(device_authorization=httpx.Response(200, json={**CODES, **change}))
    with pytest.raises(DialtoneError):
        client_of(found).start_device()


@pytest.mark.parametrize("name", ["verification_uri_complete", "verification_uri"])
def test_a_page_that_is_not_text_is_not_shown(name: str) -> None:
    found = service(device_authorization=httpx.Response(200, json={**CODES, name: 7}))
    with pytest.raises(NotThisService, match=r"not shown|no usable"):
        client_of(found).start_device()


def test_without_an_interval_it_is_five_seconds() -> None:
    bare = {
        name: value
        for name, value in CODES.items()
        if name not in ("interval", "verification_uri_complete")
    }
    login = client_of(service(device_authorization=httpx.Response(200, json=bare))).start_device()
    assert (login.interval, login.verification_uri_complete) == (5, None)


# --- renewal ---


def test_the_refresh_token_is_used_and_the_next_one_kept() -> None:
    second = "rt_" + "refreshTwo2" * 4
    found = service(token=granted(second))
    token = client_of(found).refresh(held(), "openid")
    assert token.refresh_token == Secret(second)
    assert form(found.sent_to("token")[0]) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["rt_" + "x" * 43],
        "scope": ["openid"],
    }
    assert token.key is KEY  # by the key that the token was bound to


def test_another_key_when_it_is_given() -> None:
    found = service(token=granted())
    assert client_of(found).refresh(held(), key=OTHER).key is OTHER


def test_where_no_new_one_comes_the_old_one_stays_good() -> None:
    token = client_of(service(token=granted(None))).refresh(held())
    assert token.refresh_token == held().refresh_token


def test_a_token_without_one_can_not_be_renewed() -> None:
    found = service(token=granted())
    with pytest.raises(DialtoneError, match="without a refresh token"):
        client_of(found).refresh(held(refresh_token=None))
    assert found.sent_to("token") == []


def test_it_lives_in_memory_only() -> None:
    token = held()
    assert "rt_" not in repr(token)
    with pytest.raises(TypeError):
        pickle.dumps(token)


@pytest.mark.row("H10")
def test_h10_a_bearer_token_in_its_place_is_refused() -> None:
    found = service(token=granted(token_type="Bearer"))
    with pytest.raises(TokenRefused, match="asked for DPoP"):
        client_of(found).refresh(held())


# --- exchange ---


def test_an_exchange_says_what_it_sends() -> None:
    found = service(token=granted(None, issued_token_type="x"))
    token = client_of(found).exchange(
        "their.own.token",
        key=KEY,
        scope="notes:read",
        actor=held(),
        audience=["a", "b"],
        resource="https://api.example/",
        may_act="cli_next_00",
    )
    kind = ["urn:ietf:params:oauth:token-type:access_token"]
    assert form(found.sent_to("token")[0]) == {
        "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "subject_token": ["their.own.token"],
        "subject_token_type": kind,
        "actor_token": ["opaque"],
        "actor_token_type": kind,
        "audience": ["a", "b"],
        "resource": ["https://api.example/"],
        "scope": ["notes:read"],
        "may_act": ["cli_next_00"],
    }
    assert token.key is KEY
    assert token.refresh_token is None


def test_a_token_for_an_api_is_asked_for_by_its_url() -> None:
    """RFC 8707 §2: `resource`, which every authorization server knows; `audience` many don't."""
    found = service(token=granted())
    api = "https://api.example/"
    client_of(found).get_token(key=KEY, resource=api)
    client_of(found).refresh(held(), resource=[api, f"{api}2"])
    first, second = (form(sent) for sent in found.sent_to("token"))
    assert (first["resource"], second["resource"]) == ([api], [api, f"{api}2"])


def test_an_own_token_is_exchanged_by_its_own_key() -> None:
    assert client_of(service(token=granted(None))).exchange(held()).key is KEY


def test_an_exchange_never_brings_less_than_the_key() -> None:
    found = service(token=granted(None, token_type="Bearer"))
    with pytest.raises(TokenRefused):
        client_of(found).exchange(held())


# --- introspection and revocation ---


@pytest.mark.parametrize("token", [held(), Secret("opaque"), "opaque"])
def test_introspection_asks_as_the_client(token: Any) -> None:
    found = service(introspect=httpx.Response(200, json={"active": False}))
    assert client_of(found).introspect(token) == {"active": False}
    request = found.sent_to("introspect")[0]
    assert form(request) == {"token": ["opaque"]}
    assert request.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200),
        httpx.Response(200, json={}),
        httpx.Response(204),
        httpx.Response(200, html="<p>ok</p>"),
    ],
)
def test_a_successful_revocation_says_nothing_that_matters(answer: httpx.Response) -> None:
    found = service(revoke=answer)
    token = held()
    client_of(found).revoke(token.refresh_token)
    assert form(found.sent_to("revoke")[0]) == {"token": ["rt_" + "x" * 43]}


def test_a_refused_revocation_is_raised() -> None:
    found = service(revoke=says(400, "invalid_request", "another client's"))
    with pytest.raises(ServiceError, match="another client"):
        client_of(found).revoke("opaque")


@pytest.mark.parametrize("name", ["start_device", "introspect", "revoke"])
def test_a_service_without_the_endpoint_is_named_in_one_line(name: str) -> None:
    bare = FakeService()
    arguments = () if name == "start_device" else ("opaque",)
    with pytest.raises(NotThisService, match=f"{ISSUER} has no .* endpoint"):
        getattr(client_of(bare), name)(*arguments)


@pytest.mark.row("H4")
@pytest.mark.parametrize("name", list(ENDPOINTS))
def test_an_endpoint_elsewhere_gets_nothing(name: str) -> None:
    lying = {**METADATA, **ENDPOINTS, name: "https://evil.example/x"}
    found = FakeService(openid_configuration=httpx.Response(200, json=lying))
    with pytest.raises(DialtoneError, match="another origin"):
        client_of(found).introspect("opaque")
    assert len(found.asked) == 1


# --- a client without a secret ---


def test_a_public_client_says_its_id_and_nothing_else() -> None:
    found = service(token=granted(), revoke=httpx.Response(200, json={}))
    public = replace(CREDENTIALS, client_secret=None)
    client = found.client(credentials=public, now=lambda: NOW)
    client.poll_device(client.start_device(), KEY)
    client.revoke("opaque")
    for request in (r for r in found.asked if r.method == "POST"):
        assert "Authorization" not in request.headers
        assert form(request)["client_id"] == [public.client_id]
        assert "client_secret" not in form(request)


# --- what is sent again ---

LOST = [
    httpx.ReadTimeout("late"),
    httpx.ReadError("cut"),
    httpx.RemoteProtocolError("broke off"),
    httpx.Response(503),
    httpx.Response(500),
]
NEVER = [httpx.ConnectError("no"), httpx.ConnectTimeout("late")]


def device(client: Any) -> Any:
    return client.poll_device(client.start_device(), KEY)


def renewal(client: Any) -> Any:
    return client.refresh(held())


def exchange(client: Any) -> Any:
    return client.exchange(held())


@pytest.mark.row("H7")
@pytest.mark.parametrize("act", [device, renewal, exchange], ids=lambda act: act.__name__)
@pytest.mark.parametrize("answer", LOST, ids=str)
def test_h7_what_may_have_taken_effect_is_not_sent_again(act: Any, answer: Any) -> None:
    found = service(token=[answer, granted()])
    with pytest.raises((ServiceError, ServiceUnreachable, NotThisService)):
        act(client_of(found))
    assert len(found.sent_to("token")) == 1


@pytest.mark.row("H7", "H7✓")
@pytest.mark.parametrize("act", [device, renewal, exchange], ids=lambda act: act.__name__)
@pytest.mark.parametrize("never", NEVER, ids=str)
def test_h7_it_is_if_the_connection_was_never_made(act: Any, never: Any) -> None:
    found = service(token=[never, granted()])
    assert isinstance(act(client_of(found)), Token)
    proofs = found.proofs("token")
    assert len({proof["jti"] for proof in proofs}) == 2


@pytest.mark.parametrize(("name", "path"), [("introspect", "introspect"), ("revoke", "revoke")])
@pytest.mark.parametrize("answer", [*LOST, *NEVER], ids=str)
def test_questions_and_revocations_may_be_sent_again(name: str, path: str, answer: Any) -> None:
    found = service(**{path: [answer, httpx.Response(200, json={"active": True})]})
    getattr(client_of(found), name)("opaque")
    assert len(found.sent_to(path)) == 2


@pytest.mark.row("H7", "H7✓")
@pytest.mark.parametrize("act", [device, renewal, exchange], ids=lambda act: act.__name__)
def test_h7_a_demanded_nonce_is_answered_once_with_a_new_proof(act: Any) -> None:
    came = []

    def demand(request: httpx.Request) -> httpx.Response:
        came.append(read_unverified(request.headers["DPoP"]).claims)
        return says(400, "use_dpop_nonce", **{"DPoP-Nonce": "n-1"})

    found = service(token=[demand, granted()])
    assert isinstance(act(client_of(found)), Token)
    first, second = came[0], found.proofs("token")[-1]
    assert ("nonce" in first, second["nonce"]) == (False, "n-1")
    assert first["jti"] != second["jti"]


def test_nothing_of_it_is_shown_on_the_wire() -> None:
    found = service(token=granted(), introspect=httpx.Response(200, json={"active": True}))
    client = client_of(found)
    token = client.wait_for_device(client.start_device(), KEY)
    client.refresh(token)
    client.exchange("their.own.token", key=KEY, actor=token)
    client.introspect(token.refresh_token)
    shown = client.wire.show(99)
    everything = shown.html + shown.text + "".join(e.curl for e in client.wire.round_trips)
    for secret in (CODES["device_code"], CODES["user_code"], "refreshOne1", "their.own.token"):
        assert secret not in everything
    assert BASE in everything
