"""The audit trail: who did what, when, with whose permission; written with the effect or never."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import read_unverified
from tests.support.running_mock import Mock, Registered

EVENTS, WHOAMI, NOTES = "/audit/events", "/api/whoami", "/api/notes"
BEARER: dict[str, Any] = {"scheme": "Bearer", "bare": True}


def trail(client: Registered, **query: Any) -> list[dict[str, Any]]:
    """A client's own trail, newest first, without the token by which it was asked for."""
    answer = page(client, client.token(bound=False), **query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["events"])[1:]


def page(client: Registered, token: str, **query: Any) -> httpx.Response:
    return client.mock.http.get(
        client.url(EVENTS), params=query, headers={"Authorization": f"Bearer {token}"}
    )


def whole(mock: Mock, **query: Any) -> list[dict[str, Any]]:
    answer = mock.control("GET", "audit", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["events"])


def claims(token: str) -> dict[str, Any]:
    return dict(read_unverified(token).claims)


# --- what is told ------------------------------------------------------------------------------


def test_a_life_in_events(mock: Mock, realm: str) -> None:
    email = "sponsor@example.com"
    client = mock.register(realm, email=email)
    token = client.token(scope="openid notes:write")
    client.call("POST", client.url(NOTES), token, json={"text": "x"})
    told = [one["event"] for one in whole(mock, realm=realm)]
    assert told == [
        "authorization_decision",
        "registration_requested",
        "registration",
        "token_issued",
        "authorization_decision",
        "note_written",
    ]


def test_registration(mock: Mock, realm: str) -> None:
    email = "Sponsor@example.com"  # its domain in the one spelling
    client = mock.register(
        realm, email="Sponsor@Example.com", requested_scopes=["openid", "notes:read"]
    )
    (event,) = [one for one in whole(mock, realm=realm) if one["event"] == "registration"]
    assert event == {
        "id": event["id"],
        "timestamp": event["timestamp"],
        "event": "registration",
        "realm": realm,
        "client_id": client.client_id,
        "sponsor_email": email,
        "granted_scopes": ["openid", "notes:read"],
        "policy_id": "default.cedar#anybody-may-register",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["timestamp"])


def test_a_decision_on_a_registration_yes_and_no(mock: Mock) -> None:
    realm = mock.new_realm("acme")
    mock.request_enrollment(realm, email="a@acme.example", requested_scopes=["openid"])
    mock.request_enrollment(
        realm, email="b@acme.example", requested_scopes=["openid", "deploy:prod", "notes:write"]
    )
    decisions = [one for one in whole(mock, realm=realm) if "decision" in one]
    assert [
        {
            k: one.get(k)
            for k in ("client_id", "sponsor_email", "action", "resource", "decision", "policy_id")
        }
        for one in decisions
    ] == [
        {
            "client_id": None,
            "sponsor_email": "a@acme.example",
            "action": "register",
            "resource": "scope:openid",
            "decision": "allow",
            "policy_id": "acme.cedar#staff-read",
        },
        {
            "client_id": None,
            "sponsor_email": "b@acme.example",
            "action": "register",
            "resource": "scope:deploy:prod notes:write",
            "decision": "deny",
            "policy_id": "acme.cedar#default-deny",
        },
    ]
    mock.remove_realm(realm)


@pytest.mark.parametrize("bound", [True, False])
def test_token_issued(registered_client: Registered, bound: bool) -> None:
    client = registered_client
    token = client.token(bound=bound, scope="openid")
    event = trail(client)[0]
    assert event["event"] == "token_issued"
    assert event["client_id"] == client.client_id
    assert event["sponsor_email"].endswith("@example.com")
    assert event["granted_scopes"] == ["openid"]
    assert event["token_id"] == claims(token)["jti"]
    assert event["token_binding"] == ("dpop" if bound else "bearer")
    thumbprint = event.get("dpop_thumbprint")
    assert thumbprint == (f"sha256:{client.key.thumbprint}" if bound else None)


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        ("GET", WHOAMI, "whoami", "api:whoami"),
        ("GET", NOTES, "notes:read", "api:notes"),
        ("POST", NOTES, "notes:write", "api:notes"),
    ],
)
@pytest.mark.parametrize("bound", [True, False])
def test_authorization_decision(
    registered_client: Registered, method: str, path: str, action: str, resource: str, bound: bool
) -> None:
    client = registered_client
    token = client.token(bound=bound)
    more: dict[str, Any] = {"json": {"text": "x"}} if method == "POST" else {}
    answer = client.call(method, client.url(path), token, **more, **({} if bound else BEARER))
    assert answer.status_code in (200, 201)
    event = next(one for one in trail(client) if one["event"] == "authorization_decision")
    expected = {
        "event": "authorization_decision",
        "realm": client.realm,
        "client_id": client.client_id,
        "principal": client.client_id,
        "subject": client.client_id,
        "action": action,
        "resource": resource,
        "decision": "allow",
        "policy_id": "default.cedar#agents-use-the-api",
        "granted_scopes": claims(token)["scope"].split(),
        "token_binding": "dpop" if bound else "bearer",
        "token_id": claims(token)["jti"],
    }
    assert expected.items() <= event.items()
    assert event.get("dpop_thumbprint") == (f"sha256:{client.key.thumbprint}" if bound else None)


def test_a_denied_call_is_recorded_once_for_each_request(mock: Mock) -> None:
    realm = mock.new_realm("acme")
    client = mock.register(
        realm, email="a@platform.acme.example", requested_scopes=["openid", "notes:write"]
    )
    bearer = client.token(bound=False)
    for _ in range(3):
        answer = client.call("POST", client.url(NOTES), bearer, json={"text": "x"}, **BEARER)
        assert answer.status_code == 403
    denials = [one for one in trail(client) if one.get("decision") == "deny"]
    assert len(denials) == 3
    assert {one["policy_id"] for one in denials} == {"acme.cedar#nobody-writes-with-a-bearer-token"}
    mock.remove_realm(realm)


def test_which_of_three_agents_made_the_change(mock: Mock, realm: str) -> None:
    """Use case 5."""
    agents = [mock.register(realm, client_name=f"agent {number}") for number in range(3)]
    for one in agents:
        one.call("GET", one.url(NOTES), one.token())
    culprit = agents[1]
    note = culprit.call("POST", culprit.url(NOTES), culprit.token(), json={"text": "a bug"}).json()
    (found,) = [one for one in whole(mock, realm=realm) if one["event"] == "note_written"]
    assert (found["client_id"], found["note"]) == (culprit.client_id, note["id"])
    assert [one for one in whole(mock, client=culprit.client_id) if one["id"] == found["id"]]


def test_no_secret_is_ever_in_the_trail(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    client = Registered(mock, mock.confirm(realm, enrollment, code).json())
    token, bearer = client.token(), client.token(bound=False)
    client.call("GET", client.url(WHOAMI), token)
    mock.confirm(realm, enrollment, "AAAA-AAAA")
    text = json.dumps(whole(mock, realm=realm))
    for secret in (code, enrollment["poll_token"], client.client_secret, token, bearer):
        assert secret not in text
        assert secret.split(".")[-1] not in text


def test_hostile_names_stay_text(mock: Mock, realm: str) -> None:
    name = '"}],"event":"x\n\u202e<script>'
    client = mock.register(realm, client_name=name, email="a'{}`|@example.com")
    (event,) = [one for one in whole(mock, realm=realm) if one["event"] == "registration"]
    assert event["client_id"] == client.client_id
    assert event["sponsor_email"] == "a'{}`|@example.com"


# --- written with the effect -------------------------------------------------------------------


def test_what_did_not_happen_is_not_recorded(registered_client: Registered) -> None:
    client = registered_client
    token, url = client.token(), client.url(NOTES)
    proof = client.proof("POST", url, access_token=token)
    assert client.call("POST", url, token, proof=proof, json={"text": "x"}).status_code == 201
    before = trail(client)
    refused = [
        client.call("POST", url, token, proof=proof, json={"text": "again"}),  # a replay
        client.call("POST", url, token, json={"no": "text"}),
        client.call("POST", url, token, key=ProofKey.generate(), json={"text": "thief"}),
        client.call("GET", url, "junk"),
        client.ask_token(client.proof("GET", client.token_url)),
        client.ask_token(auth=(client.client_id, "wrong")),
        client.ask_token(scope="admin"),
    ]
    assert {answer.status_code for answer in refused} <= {400, 401}
    after = [one for one in trail(client) if one["id"] > before[0]["id"]]
    assert [one["event"] for one in after] == ["token_issued"]  # the first trail()'s own token


@pytest.mark.both_databases
def test_a_note_too_many_is_neither_written_nor_recorded(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    token, url = client.token(bound=False), client.url(NOTES)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda _: client.call("POST", url, token, json={"text": "x"}, **BEARER), range(1000)
            )
        )
    answer = client.call("POST", url, token, json={"text": "x"}, **BEARER)
    assert answer.status_code == 409
    events = walk(client)
    assert sum(one["event"] == "note_written" for one in events) == 1000
    assert sum(one.get("action") == "notes:write" for one in events) == 1000


@pytest.mark.both_databases
def test_every_answered_token_is_in_the_trail_after_a_kill(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    answered: list[str] = []

    def ask(_: int) -> None:
        try:
            answer = client.ask_token(client.proof("POST", client.token_url))
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            answered.append(claims(answer.json()["access_token"])["jti"])

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(ask, number) for number in range(300)]
        while len(answered) < 50:
            time.sleep(0.005)
        mine.kill()
        for one in done:
            one.cancel()
    mine.start()
    recorded = {one.get("token_id") for one in walk_whole(mine) if one["event"] == "token_issued"}
    assert set(answered) <= recorded


# --- reading one's own -------------------------------------------------------------------------


def walk(client: Registered, limit: int = 200) -> list[dict[str, Any]]:
    """Every page of a client's own trail."""
    token = client.token(bound=False)
    url: str | None = f"{client.url(EVENTS)}?limit={limit}"
    found: list[dict[str, Any]] = []
    while url is not None:
        answer = client.mock.http.get(url, headers={"Authorization": f"Bearer {token}"}).json()
        assert 1 <= len(answer["events"]) <= limit
        found += answer["events"]
        url = answer["next"]
    return found


def walk_whole(mock: Mock) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while more := whole(mock, after=found[-1]["id"] if found else 0):
        found += more
    return found


def test_pages_hold_every_event_once_newest_first(registered_client: Registered) -> None:
    client = registered_client
    for _ in range(7):
        client.token(bound=False)
    everything = [one["id"] for one in walk(client)]
    assert everything == sorted(set(everything), reverse=True)
    for limit in (1, 2, 3, len(everything), 200):
        seen = [one["id"] for one in walk(client, limit) if one["id"] <= everything[0]]
        assert seen == everything


def test_a_bound_token_reads_page_after_page_with_a_proof_each(
    registered_client: Registered,
) -> None:
    client = registered_client
    token = client.token()
    client.token()
    first = client.call("GET", f"{client.url(EVENTS)}?limit=1", token)
    assert first.headers["cache-control"] == "no-store"
    assert first.json()["next"].startswith(client.url(EVENTS) + "?before=")
    second = client.call("GET", first.json()["next"], token).json()["events"]
    assert second[0]["id"] < first.json()["events"][0]["id"]


def test_no_one_reads_anothers_trail(mock: Mock, realm: str) -> None:
    one, other = mock.register(realm), mock.register(realm)
    one.token()
    assert {event["client_id"] for event in trail(other)} == {other.client_id}
    asked = {"client_id": one.client_id, "realm": realm, "limit": 200}
    sly = page(other, other.token(bound=False), **asked)
    assert {event["client_id"] for event in sly.json()["events"]} == {other.client_id}


def test_another_realms_token_reads_nothing(mock: Mock, registered_client: Registered) -> None:
    other = mock.new_realm()
    token = registered_client.token(bound=False)
    url = mock.issuer(other) + EVENTS
    answer = mock.http.get(url, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    mock.remove_realm(other)


def test_the_root_path_reads_the_tokens_own_realm(registered_client: Registered) -> None:
    client = registered_client
    url, token = client.mock.base_url + EVENTS, client.token(bound=False)
    answer = client.mock.http.get(url, headers={"Authorization": f"Bearer {token}"})
    assert {one["realm"] for one in answer.json()["events"]} == {client.realm}


def test_reading_needs_authentication_as_everything_does(
    mock: Mock, registered_client: Registered
) -> None:
    client = registered_client
    url, token = client.url(EVENTS), client.token()
    nothing = mock.http.get(url)
    assert (nothing.status_code, nothing.json()["error"]) == (401, "unauthorized")
    assert nothing.headers.get_list("www-authenticate")[0].startswith("DPoP algs=")
    bare = client.call("GET", url, token, bare=True)
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_dpop_proof")
    proof = client.proof("GET", url, access_token=token)
    assert client.call("GET", url, token, proof=proof).status_code == 200
    assert client.call("GET", url, token, proof=proof).status_code == 401
    client.mock.control("POST", "reset", json={"realm": client.realm})
    gone = client.call("GET", url, token)
    assert (gone.status_code, gone.json()["error"]) == (401, "invalid_token")


WRONG = [{"limit": text} for text in ("0", "-1", "201", "x", "", "1.5", "²", "9" * 30)] + [
    {"before": text} for text in ("-1", "x", "", "1e3", "٣", "9" * 30)
]


@pytest.mark.parametrize("query", WRONG, ids=str)
def test_a_wrong_page_is_400(registered_client: Registered, query: dict[str, str]) -> None:
    answer = page(registered_client, registered_client.token(bound=False), **query)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"].startswith(f"{next(iter(query))}: ")


def test_in_strict_a_nonce_is_demanded_and_given(strict_client: Registered) -> None:
    client, url = strict_client, strict_client.url(EVENTS)
    token = client.token()
    demanded = client.call("GET", url, token)
    assert demanded.json()["error"] == "use_dpop_nonce"
    answer = client.call("GET", url, token, nonce=demanded.headers["dpop-nonce"])
    assert answer.status_code == 200
    assert answer.headers["dpop-nonce"]


def test_times_are_those_of_the_realm(registered_client: Registered) -> None:
    client = registered_client
    client.mock.move_clock(client.realm, 5 * 366 * 86400)
    client.token()
    assert int(trail(client)[0]["timestamp"][:4]) >= time.gmtime().tm_year + 5


# --- reading all of it -------------------------------------------------------------------------


def test_the_whole_trail_continues_after_any_event(mock: Mock, realm: str) -> None:
    client = mock.register(realm)
    so_far = whole(mock, realm=realm)
    assert [one["id"] for one in so_far] == sorted(one["id"] for one in so_far)
    client.token()
    (new,) = whole(mock, realm=realm, after=so_far[-1]["id"])
    assert new["event"] == "token_issued"
    assert whole(mock, realm=realm, after=new["id"]) == []
    assert whole(mock, realm=realm, limit=2) == so_far[:2]
    assert whole(mock, client=client.client_id, after=so_far[-1]["id"]) == [new]
    assert whole(mock, realm="lab-000000000000") == whole(mock, client="cli_nobody_1") == []


@pytest.mark.parametrize(
    "query",
    [
        {"after": "-1"},
        {"after": "x"},
        {"limit": "0"},
        {"limit": "201"},
        {"realm": "a\0"},
        {"client": "\0"},
    ],
    ids=ascii,
)
def test_a_wrong_place_in_the_trail_is_400(mock: Mock, query: dict[str, str]) -> None:
    answer = mock.control("GET", "audit", params=query)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    newest = mock.control("GET", "audit", params={"after": str(10**18 - 1)})
    assert newest.json() == {"events": []}


def test_an_id_never_comes_again(mock: Mock) -> None:
    """Otherwise a reader of the trail would miss what happens after a reset."""
    realm = mock.new_realm()
    mock.register(realm)
    last = whole(mock, realm=realm)[-1]["id"]
    mock.control("POST", "reset", json={"realm": realm})
    assert whole(mock, realm=realm) == []
    mock.register(realm)
    assert whole(mock, realm=realm)[0]["id"] > last
    mock.remove_realm(realm)


def test_strangers_can_not_fill_the_trail(mock: Mock) -> None:
    realm = mock.new_realm("acme")
    for _ in range(60):
        mock.request_enrollment(realm, requested_scopes=["openid"])
    assert len(whole(mock, realm=realm)) == 20
    mock.remove_realm(realm)
