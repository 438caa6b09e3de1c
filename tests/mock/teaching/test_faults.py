"""Faults that a lesson orders: exactly as many as ordered, and in one private realm alone."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.grant_desk import family, renew
from tests.support.running_mock import Mock, Registered

WHOAMI = "/api/whoami"


def order(mock: Mock, realm: str, **members: Any) -> httpx.Response:
    return mock.control("POST", "faults", json={"realm": realm, **members})


def ordered(mock: Mock, realm: str, **members: Any) -> None:
    answer = order(mock, realm, **members)
    assert (answer.status_code, answer.json()) == (200, {"cleared": 0}), answer.text


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(
    ("status", "code", "waits"),
    [
        (400, "invalid_request", False),
        (404, "invalid_request", False),
        (429, "rate_limited", True),
        (500, "server_error", False),
        (502, "server_error", False),
        (503, "temporarily_unavailable", True),
        (599, "server_error", False),
    ],
)
def test_a_status_in_the_shape_of_a_real_error(
    registered_client: Registered, status: int, code: str, waits: bool
) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="status", status=status, path_suffix="/token")
    answer = client.ask_token()
    assert error(answer) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get("retry-after") == ("1" if waits else None)
    assert client.ask_token().status_code == 200


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "1"), (1, "1"), (1.2, "2"), (42, "42"), (60, "60")]
)
def test_how_long_to_wait_can_be_ordered(
    registered_client: Registered, seconds: float, told: str
) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="status", status=429, seconds=seconds)
    assert client.ask_token().headers["retry-after"] == told


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"kind": "explode"},
        {"kind": 1},
        {"kind": "status", "status": 200},
        {"kind": "status", "status": 399},
        {"kind": "status", "status": 600},
        {"kind": "status", "status": "503"},
        {"kind": "status", "status": True},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 61},
        {"kind": "delay", "seconds": "1"},
        {"kind": "drop", "times": 0},
        {"kind": "drop", "times": 1001},
        {"kind": "drop", "times": 1.5},
        {"kind": "drop", "path_suffix": 1},
        {"kind": "drop", "path_suffix": "x" * 201},
        {"kind": None},
    ],
    ids=str,
)
def test_a_wrong_order_is_refused_and_nothing_breaks(
    registered_client: Registered, members: dict[str, Any]
) -> None:
    client = registered_client
    assert error(order(client.mock, client.realm, **members)) == (400, "invalid_request")
    assert client.ask_token().status_code == 200


@pytest.mark.parametrize("path", ["faults", "faults/clear"])
@pytest.mark.parametrize(
    ("realm", "expected"),
    [("default", 403), ("strict", 403), ("acme", 403), ("lab-000000000000", 404), ("x", 404)],
)
def test_only_a_private_realm_breaks(mock: Mock, path: str, realm: str, expected: int) -> None:
    answer = mock.control("POST", path, json={"realm": realm, "kind": "drop"})
    assert answer.status_code == expected


def test_only_the_path_that_was_named(registered_client: Registered) -> None:
    client = registered_client
    token = client.token()
    ordered(client.mock, client.realm, kind="status", path_suffix=WHOAMI, times=1)
    assert client.ask_token().status_code == 200
    assert client.call("GET", client.url("/userinfo"), token).status_code == 200
    assert client.call("GET", client.url(WHOAMI), token).status_code == 503
    assert client.call("GET", client.url(WHOAMI), token).status_code == 200


def test_only_the_realm_that_was_named(mock: Mock, registered_client: Registered) -> None:
    other = mock.register(mock.new_realm())
    ordered(mock, registered_client.realm, kind="status", times=2)
    assert other.ask_token().status_code == 200
    for public in ("default", "acme"):
        document = f"{mock.issuer(public)}/.well-known/openid-configuration"
        assert mock.http.get(document).status_code == 200
    at_the_root = f"{mock.base_url}/token"  # the path names no realm: no lesson's client goes there
    assert registered_client.ask_token(url=at_the_root).status_code == 200
    assert registered_client.ask_token().status_code == 503
    mock.remove_realm(other.realm)


def test_several_wait_in_the_order_in_which_they_came(registered_client: Registered) -> None:
    client = registered_client
    mock, realm = client.mock, client.realm
    ordered(mock, realm, kind="status", status=503, path_suffix="/token", times=2)
    ordered(mock, realm, kind="drop", path_suffix="/token")
    ordered(mock, realm, kind="status", status=429, seconds=7)
    assert [client.ask_token().status_code for _ in range(2)] == [503, 503]
    with pytest.raises(httpx.RemoteProtocolError):
        client.ask_token()
    assert client.ask_token().headers["retry-after"] == "7"
    assert client.ask_token().status_code == 200


def test_a_connection_is_dropped_as_often_as_ordered_and_with_no_effect(
    registered_client: Registered,
) -> None:
    client = registered_client
    token, url = client.token(), client.url("/api/notes")
    ordered(client.mock, client.realm, kind="drop", path_suffix="/api/notes", times=3)
    for _ in range(3):
        with pytest.raises(httpx.RemoteProtocolError):
            client.call("POST", url, token, json={"text": "lost"})
    assert client.call("GET", url, token).json() == {"notes": []}


# --- after the effect ---

NOTES = "/api/notes"
ONLY_THE_ANSWER = {"path_suffix": NOTES, "after_effect": True}


def notes_of(client: Registered) -> list[str]:
    answer = client.call("GET", client.url(NOTES), client.token())
    return [note["text"] for note in answer.json()["notes"]]


def test_an_answer_is_lost_after_its_effect(registered_client: Registered) -> None:
    client = registered_client
    token, url = client.token(), client.url(NOTES)
    ordered(client.mock, client.realm, kind="drop", **ONLY_THE_ANSWER)
    with pytest.raises(httpx.RemoteProtocolError):
        client.call("POST", url, token, json={"text": "kept"})
    assert notes_of(client) == ["kept"]
    assert client.call("POST", url, token, json={"text": "again"}).status_code == 201


def test_a_503_comes_in_place_of_the_answer(registered_client: Registered) -> None:
    client = registered_client
    token, url = client.token(), client.url(NOTES)
    ordered(client.mock, client.realm, kind="status", seconds=7, times=2, **ONLY_THE_ANSWER)
    for text in ("one", "two"):
        answer = client.call("POST", url, token, json={"text": text})
        assert error(answer) == (503, "temporarily_unavailable")
        assert answer.headers["retry-after"] == "7"
    assert sorted(notes_of(client)) == ["one", "two"]


def test_an_answer_is_late_and_whole(registered_client: Registered) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="delay", seconds=0.3, after_effect=True)
    begun = time.monotonic()
    assert client.ask_token().json()["access_token"]
    assert time.monotonic() - begun >= 0.3


def test_a_refresh_token_was_used_although_its_answer_was_lost(
    registered_client: Registered,
) -> None:
    """Why a client doesn't send it twice: the service takes the second for a thief's."""
    client = registered_client
    first = family(client)["refresh_token"]
    ordered(client.mock, client.realm, kind="drop", path_suffix="/token", after_effect=True)
    with pytest.raises(httpx.RemoteProtocolError):
        renew(client, first)
    answer = renew(client, first)
    assert error(answer) == (400, "invalid_grant")
    assert "was already used" in answer.json()["error_description"]


def test_a_request_that_is_refused_has_no_effect_and_its_answer_comes(
    registered_client: Registered,
) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="drop", path_suffix="/token", after_effect=True)
    assert error(client.ask_token(scope="admin")) == (400, "invalid_scope")
    with pytest.raises(httpx.RemoteProtocolError):  # it still waited for one that succeeds
        client.ask_token()
    assert client.ask_token().status_code == 200


def test_before_and_after_keep_their_order(registered_client: Registered) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="status", status=502, path_suffix="/token")
    ordered(client.mock, client.realm, kind="status", path_suffix="/token", after_effect=True)
    ordered(client.mock, client.realm, kind="status", status=429, path_suffix="/token")
    statuses = [client.ask_token().status_code for _ in range(4)]
    assert statuses == [502, 503, 429, 200]


def test_two_at_once_lose_one_answer(registered_client: Registered) -> None:
    client = registered_client
    token, url = client.token(), client.url(NOTES)
    ordered(client.mock, client.realm, kind="status", times=3, **ONLY_THE_ANSWER)

    def write(number: int) -> int:
        return client.call("POST", url, token, json={"text": str(number)}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(write, range(8)))
    assert (statuses.count(503), statuses.count(201)) == (3, 5)
    assert len(notes_of(client)) == 8


# --- SPIFFE's paths, which name no realm ---

CHALLENGE = "/v1/attest/challenge"


@pytest.mark.parametrize("kind", ["status", "drop"])
def test_spiffe_breaks_on_a_service_of_ones_own(mock: Mock, realm: str, kind: str) -> None:
    url = mock.base_url + CHALLENGE
    for path in ("", "/challenge"):  # names no path of SPIFFE: it stays in the realm
        ordered(mock, realm, kind=kind, path_suffix=path)
        assert mock.http.get(url).status_code == 200
    ordered(mock, realm, kind=kind, path_suffix=CHALLENGE, after_effect=kind == "drop")
    if kind == "drop":
        with pytest.raises(httpx.RemoteProtocolError):
            mock.http.get(url)
    else:
        assert mock.http.get(url).status_code == 503
    assert mock.http.get(url).status_code == 200


def test_it_ends_with_the_realm_that_ordered_it(mock: Mock) -> None:
    realm = mock.new_realm()
    ordered(mock, realm, kind="status", path_suffix=CHALLENGE, times=1000)
    mock.remove_realm(realm)
    assert mock.http.get(mock.base_url + CHALLENGE).status_code == 200


def test_spiffe_never_breaks_on_a_service_that_others_use(own_mock: Callable[..., Mock]) -> None:
    shared = own_mock(arguments=("--base-url", "https://identity.example"))
    realm = shared.new_realm()
    for path in (CHALLENGE, "/v1/svid/x509", "/v1/svid/jwt"):
        assert error(order(shared, realm, kind="drop", path_suffix=path)) == (403, "access_denied")
    shared.sql(
        "INSERT INTO faults (realm, path_suffix, kind, status, seconds, times_left) "
        "VALUES (:realm, :path, 'status', 503, 1, 9)",
        realm=realm,
        path=CHALLENGE,
    )  # and a database that moved here brings none along
    assert shared.http.get(shared.base_url + CHALLENGE).status_code == 200
    ordered(shared, realm, kind="drop", path_suffix="/token")


def test_a_delayed_request_is_answered_like_any_other(registered_client: Registered) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="delay", seconds=0.2, path_suffix="/token", times=2)
    proof = client.proof("POST", client.token_url)
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:  # at the same time: one delay does not wait for the other
        answers = list(pool.map(lambda _: client.ask_token(proof), range(2)))
    assert time.monotonic() - begun >= 0.2
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    begun = time.monotonic()
    assert client.ask_token().status_code == 200
    assert time.monotonic() - begun < 0.2


def test_a_delay_holds_no_one_else_up(registered_client: Registered) -> None:
    client = registered_client
    ordered(client.mock, client.realm, kind="delay", seconds=1.5, path_suffix="/token")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.ask_token)
        time.sleep(0.1)
        for _ in range(10):
            assert client.mock.http.get(client.url("/jwks")).status_code == 200
        assert not slow.done()
        assert slow.result().status_code == 200


@pytest.mark.both_databases
@pytest.mark.parametrize("workers", [1, 2])
def test_thirty_at_once_get_exactly_as_many_faults_as_ordered(
    own_mock: Callable[..., Mock], workers: int
) -> None:
    mine = own_mock(workers=workers)
    client = mine.register(mine.new_realm())
    ordered(mine, client.realm, kind="status", path_suffix="/jwks", times=11)

    def ask(_: int) -> int:
        return httpx.get(client.url("/jwks"), trust_env=False, timeout=20).status_code

    with ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(ask, range(60)))
    assert (statuses.count(503), statuses.count(200)) == (11, 49)


def test_faults_wait_across_a_restart(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register(mine.new_realm())
    ordered(mine, client.realm, kind="status", times=2)
    assert client.ask_token().status_code == 503
    mine.kill()
    mine.start()
    assert client.ask_token().status_code == 503
    assert client.ask_token().status_code == 200


def test_faults_can_be_taken_back(registered_client: Registered) -> None:
    client = registered_client
    for kind in ("status", "drop"):
        ordered(client.mock, client.realm, kind=kind, times=1000)
    answer = client.mock.control("POST", "faults/clear", json={"realm": client.realm})
    assert answer.json() == {"cleared": 2}
    assert client.ask_token().status_code == 200
    again = client.mock.control("POST", "faults/clear", json={"realm": client.realm})
    assert again.json() == {"cleared": 0}
    assert client.mock.control("POST", "faults/clear", json={}).status_code == 400


def test_a_realm_has_a_hundred_faults_waiting_at_most(registered_client: Registered) -> None:
    client = registered_client
    for _ in range(100):
        ordered(client.mock, client.realm, kind="status", path_suffix="/nowhere")
    assert error(order(client.mock, client.realm, kind="status")) == (409, "conflict")
    assert client.ask_token().status_code == 200
    client.mock.control("POST", "faults/clear", json={"realm": client.realm})
    ordered(client.mock, client.realm, kind="status")
    assert client.ask_token().status_code == 503


def test_a_reset_takes_faults_back_and_keeps_the_realm_as_it_was_made(mock: Mock) -> None:
    made = mock.control("POST", "realms", json={"like": "default", "without": "htm_matches"}).json()
    realm = made["realm"]
    text = '@id("own") permit (principal, action, resource);'
    mock.control("PUT", "policies", json={"realm": realm, "text": text})
    mock.control("POST", "clock", json={"realm": realm, "move_seconds": 1000})
    ordered(mock, realm, kind="status", times=9)
    assert mock.control("POST", "reset", json={"realm": realm}).json()["cleared"] >= 1
    client = mock.register(realm)
    reading = mock.control("POST", "clock", json={"realm": realm, "move_seconds": 0}).json()
    assert reading["offset"] == 1000
    url = client.url("/api/notes")
    now = reading["now"]
    proof = client.proof("POST", client.token_url, now=now)
    token = client.ask_token(proof).json()["access_token"]
    to_read = client.proof("GET", url, access_token=token, now=now)
    assert client.call("POST", url, token, proof=to_read, json={"text": "x"}).status_code == 201
    (event,) = [
        one
        for one in mock.control("GET", "audit", params={"realm": realm}).json()["events"]
        if one["event"] == "registration"
    ]
    assert event["policy_id"] == f"{realm}.cedar#own"
    mock.remove_realm(realm)
