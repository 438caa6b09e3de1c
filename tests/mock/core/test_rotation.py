"""Key rotation: a new key is published before it signs, an old one until its last token ended."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from dialtone_kit.tokens import read_unverified, verify_token
from tests.support.grant_desk import call, error, exchanged, family, is_alive, renew
from tests.support.running_mock import Mock, Registered

FAST = {"DIALTONE_KEYS_FRESH": "0.3"}  # a new key signs 0.6 s after it is published


def kids(mock: Mock) -> list[str]:
    keys = mock.http.get(f"{mock.base_url}/jwks").json()["keys"]
    assert all("d" not in key for key in keys)
    return [key["kid"] for key in keys]


def signed_by(token: str) -> str:
    return str(read_unverified(token).header["kid"])


def rotate(mock: Mock) -> dict[str, Any]:
    answer = mock.control("POST", "keys/rotate")
    assert answer.status_code == 201, answer.text
    rotation: dict[str, Any] = answer.json()
    return rotation


def wait_for(what: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_live_token_breaks(own_mock: Callable[..., Mock], workers: int) -> None:
    mine = own_mock(workers=workers, environment=FAST)
    client = mine.register("default")
    old, first = client.token(), family(client)
    rotation = rotate(mine)
    assert rotation.keys() == {"kid", "signs_from", "old_until", "spiffe"}
    times = [
        datetime.fromisoformat(rotation[name]).timestamp() for name in ("signs_from", "old_until")
    ]
    assert 3600 <= times[1] - times[0] <= 3605
    wait_for(lambda: kids(mine)[-1] == rotation["kid"])
    assert signed_by(old) in kids(mine)
    wait_for(lambda: signed_by(client.token()) == rotation["kid"])
    time.sleep(0.7)  # by now every worker signs with it
    for _ in range(6):
        with_new = client.token()
        assert signed_by(with_new) == rotation["kid"]
        for token in (old, with_new, first["access_token"]):
            assert call(client, token) == 200
            assert is_alive(client, token)
            jwks = mine.http.get(client.url("/jwks")).json()
            assert verify_token(token, jwks, client.issuer, now=time.time())
    assert signed_by(exchanged(client, old)) == rotation["kid"]
    assert renew(client, first["refresh_token"]).status_code == 200


def test_a_new_key_is_known_before_it_signs(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()  # as it comes: two minutes between the two
    client = mine.register("default")
    before = kids(mine)
    rotation = rotate(mine)
    assert signed_by(client.token()) in before
    mine.stop()
    mine.start()  # a restart neither loses nor hastens it
    assert kids(mine) == [*before, rotation["kid"]]
    assert signed_by(client.token()) in before


def test_twice_in_a_row(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock(environment=FAST)
    client = mine.register("default")
    old = client.token()
    last = [rotate(mine)["kid"] for _ in range(3)][-1]
    wait_for(lambda: signed_by(client.token()) == last)
    assert len(kids(mine)) == 4
    assert call(client, old) == 200


def test_rotation_is_for_the_owner(mock: Mock, resident: Registered) -> None:
    before = kids(mock)
    for path in ("keys/rotate", "clients/lock"):
        answer = mock.http.post(f"{mock.base_url}/mock/{path}", json={})
        assert error(answer) == (401, "unauthorized")
    assert kids(mock) == before
    unknown = mock.control("POST", "clients/lock", json={"client_id": "cli_nobody_00"})
    assert error(unknown) == (404, "not_found")
