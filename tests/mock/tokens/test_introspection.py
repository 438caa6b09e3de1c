"""Introspection (RFC 7662): row 83 and I1 to I5 of the catalogue."""

from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from dialtone_kit.tokens import read_unverified
from tests.support.grant_desk import (
    FORM,
    begin,
    error,
    exchanged,
    family,
    is_alive,
    post,
    public_client,
    renew,
    says,
)
from tests.support.raw_http import Line
from tests.support.running_mock import Mock, Registered


def told(client: Registered, token: str, **form: Any) -> dict[str, Any]:
    answer = post(client, "/introspect", token=token, **form)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.row("83")
def test_83_a_bound_token_shows_its_key(registered_client: Registered) -> None:
    client = registered_client
    token = client.token(scope="openid", audience="https://api.example")
    claims = read_unverified(token).claims
    assert told(client, token) == {
        "active": True,
        "token_type": "DPoP",
        "cnf": {"jkt": client.key.thumbprint},
        "aud": "https://api.example",
        **{
            name: claims[name]
            for name in ("scope", "client_id", "sub", "iss", "iat", "exp", "jti", "realm")
        },
    }


@pytest.mark.row("83")
def test_83_a_bearer_token_shows_none(registered_client: Registered) -> None:
    found = told(registered_client, registered_client.token(bound=False))
    assert (found["active"], found["token_type"], "cnf" in found) == (True, "Bearer", False)


def test_a_delegated_token_shows_who_acts(mock: Mock, registered_client: Registered) -> None:
    agent = mock.register(registered_client.realm)
    token = exchanged(agent, registered_client.token(may_act=agent.client_id))
    found = told(registered_client, token)  # a resource may be any client of the realm
    assert (found["sub"], found["act"]) == (registered_client.client_id, {"sub": agent.client_id})


def test_a_refresh_token_is_shown_to_its_own_client_only(
    mock: Mock, registered_client: Registered
) -> None:
    client, other = registered_client, mock.register(registered_client.realm)
    first = family(client, scope="openid")
    found = told(client, first["refresh_token"])
    assert (found["active"], found["scope"]) == (True, "openid")
    assert found["sub"] == read_unverified(first["access_token"]).claims["sub"]
    assert "token_type" not in found
    assert told(other, first["refresh_token"]) == {"active": False}
    renew(client, first["refresh_token"])
    assert told(client, first["refresh_token"]) == {"active": False}  # used


# --- I1: who may ask ---


@pytest.mark.row("I1")
@pytest.mark.parametrize("who", ["nobody", "wrong secret", "public client", "another realm"])
def test_i1_without_authentication_401(mock: Mock, registered_client: Registered, who: str) -> None:
    client = registered_client
    token, form, auth = client.token(), {}, None
    if who == "wrong secret":
        auth = (client.client_id, "sec_wrong")
    elif who == "public client":
        form = {"client_id": public_client(mock, client.realm).client_id}
    elif who == "another realm":
        auth = mock.register(mock.new_realm()).basic
    answer = mock.http.post(client.url("/introspect"), data={"token": token, **form}, auth=auth)
    assert error(answer) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert is_alive(client, token)  # ✓


# --- I2: one answer for all that is not a live token of this realm ---


def unknown(_mock: Mock, _client: Registered) -> str:
    return "nothing"


def no_jwt(_mock: Mock, _client: Registered) -> str:
    return "a.b.c"


def hostile(_mock: Mock, _client: Registered) -> str:
    return "é" * 1000 + "\0\r\n"


def forged(_mock: Mock, client: Registered) -> str:
    head, claims, signature = client.token().split(".")
    return f"{head}.{claims}.{signature[:-4]}AAAA"


def expired(mock: Mock, client: Registered) -> str:
    token = client.token()
    mock.move_clock(client.realm, 3600)
    return token


def revoked(_mock: Mock, client: Registered) -> str:
    token = client.token()
    post(client, "/revoke", token=token)
    return token


def foreign_realm(mock: Mock, _client: Registered) -> str:
    return mock.register(mock.new_realm()).token()


def locked(mock: Mock, client: Registered) -> str:
    other = mock.register(client.realm)
    token = other.token()
    mock.control("POST", "clients/lock", json={"client_id": other.client_id})
    return token


def a_proof(_mock: Mock, client: Registered) -> str:
    return client.proof("POST", client.token_url)


def a_device_code(_mock: Mock, client: Registered) -> str:
    return str(begin(client)["device_code"])


@pytest.mark.row("I2")
@pytest.mark.parametrize(
    "make",
    [
        unknown,
        no_jwt,
        hostile,
        forged,
        expired,
        revoked,
        foreign_realm,
        locked,
        a_proof,
        a_device_code,
    ],
    ids=lambda make: make.__name__,
)
def test_i2_the_same_answer(
    mock: Mock, line: Line, registered_client: Registered, make: Callable[..., str]
) -> None:
    token = make(mock, registered_client)
    answer = post(registered_client, "/introspect", token=token)
    assert (answer.status_code, answer.content) == (200, b'{"active":false}')
    assert is_alive(registered_client, registered_client.token())  # ✓


@pytest.mark.row("I2")
def test_i2_a_realm_that_was_emptied(mock: Mock, registered_client: Registered) -> None:
    token = registered_client.token()
    mock.control("POST", "reset", json={"realm": registered_client.realm})
    assert told(mock.register(registered_client.realm), token) == {"active": False}


@pytest.mark.row("I3")
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "id_token", "é", "x" * 500])
def test_i3_a_wrong_hint_works(registered_client: Registered, hint: str) -> None:
    client = registered_client
    for token in (client.token(), family(client)["refresh_token"]):
        assert told(client, token, token_type_hint=hint)["active"] is True


@pytest.mark.row("I4")
@pytest.mark.parametrize("body", ["", "token=", "token=&token=", "token=a&token=b", "toke=x"])
def test_i4_no_token(registered_client: Registered, body: str) -> None:
    client = registered_client
    answer = client.mock.http.post(
        client.url("/introspect"), content=body, auth=client.basic, headers={"Content-Type": FORM}
    )
    assert error(answer) == (400, "invalid_request")


def test_the_root_asks_for_the_clients_own_realm(registered_client: Registered) -> None:
    client = registered_client
    url = f"{client.mock.base_url}/introspect"
    answer = client.mock.http.post(url, data={"token": client.token()}, auth=client.basic)
    assert answer.json()["active"] is True


def test_a_get_tells_nothing(registered_client: Registered) -> None:
    client = registered_client
    url = client.url("/introspect")
    answer = client.mock.http.get(url, params={"token": client.token()}, auth=client.basic)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def one_line_to_each_worker(mock: Mock) -> list[httpx.Client]:
    """A kept-alive connection to every worker process of a service."""
    family = psutil.Process(mock.process.pid).children(recursive=True)
    workers = [one for one in family if "spawn_main" in " ".join(one.cmdline())]
    lines: dict[int, httpx.Client] = {}
    for _ in range(200):
        http = httpx.Client(timeout=20, trust_env=False, verify=False)
        stream = http.get(f"{mock.base_url}/jwks").extensions["network_stream"]
        port = stream.get_extra_info("client_addr")[1]
        for worker in workers:
            if any(line.raddr and line.raddr.port == port for line in worker.net_connections()):
                lines.setdefault(worker.pid, http)
        if len(lines) == len(workers) == 2:
            return list(lines.values())
    raise AssertionError("one worker never answered")


@pytest.mark.both_databases
@pytest.mark.row("I5")
def test_i5_every_worker_sees_a_revocation_at_once(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock(workers=2)
    client = mine.register("default")
    here, there = one_line_to_each_worker(mine)
    resource = client.url("/userinfo")

    def seen_by(worker: httpx.Client, token: str) -> tuple[bool, int]:
        asked = worker.post(client.url("/introspect"), data={"token": token}, auth=client.basic)
        proof = client.proof("GET", resource, access_token=token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return asked.json()["active"], worker.get(resource, headers=headers).status_code

    for _ in range(5):
        first = family(client)
        token = client.token()
        child = exchanged(client, token)
        lives = [token, child, first["access_token"]]
        assert [seen_by(worker, one) for worker in (here, there) for one in lives] == [
            (True, 200)
        ] * 6
        for one in (token, first["refresh_token"]):
            here.post(client.url("/revoke"), data={"token": one}, auth=client.basic)
        assert [seen_by(worker, one) for worker in (there, here) for one in lives] == [
            (False, 401)
        ] * 6
        here, there = there, here


def test_revocations_survive_a_crash(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    token, first = client.token(), family(client)
    child = exchanged(client, token)
    for one in (token, first["refresh_token"]):
        assert post(client, "/revoke", token=one).status_code == 200
    mine.kill()
    mine.start()
    for one in (token, child, first["access_token"], first["refresh_token"]):
        assert told(client, one) == {"active": False}
    says(renew(client, first["refresh_token"]), 400, "invalid_grant")
    assert is_alive(client, client.token())


def test_a_database_of_before_gets_what_came_later(own_mock: Callable[..., Mock]) -> None:
    """A service that was updated: tables without the newer columns, clients without grants."""
    mine = own_mock()
    client = mine.register("default")
    mine.stop()
    mine.sql("ALTER TABLE enrollments DROP COLUMN auth_method")
    for table in ("revocations", "device_grants", "alembic_version"):  # there were no steps then
        mine.sql(f"DROP TABLE {table}")
    mine.start()
    assert family(client)["refresh_token"]
    assert mine.register("default").token()
