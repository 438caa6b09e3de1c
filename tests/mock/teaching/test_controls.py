"""The teaching controls: for their owner only, and private realms only for what could disturb."""

import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256

import httpx
import psutil
import pytest

from dialtone_kit.base.masking import without_password
from tests.support.running_mock import Mock, Registered

GUARDED = [
    ("GET", "inbox"),
    ("POST", "clock"),
    ("POST", "limits/clear"),
    ("POST", "realms"),
    ("DELETE", "realms/default"),
    ("POST", "faults"),
    ("POST", "reset"),
    ("POST", "faults/clear"),
    ("GET", "policies"),
    ("PUT", "policies"),
    ("GET", "audit"),
]


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


@pytest.mark.row("J1")
@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic {token}", "Bearer {token}x"])
def test_without_the_token_nothing(mock: Mock, method: str, path: str, header: str | None) -> None:
    headers = {"Authorization": header.format(token=mock.control_token)} if header else {}
    answer = mock.http.request(method, f"{mock.base_url}/mock/{path}", headers=headers)
    assert error(answer) == (401, "unauthorized")


@pytest.mark.row("J1✓")
def test_hello_proves_that_it_is_ours(mock: Mock) -> None:
    told = mock.http.get(f"{mock.base_url}/mock/hello", params={"nonce": "just made up"}).json()
    text = f"hello|just made up|{mock.base_url}"
    expected = hmac.new(mock.secret.encode(), text.encode(), sha256).hexdigest()
    assert told["answer"] == expected
    assert told["pid"] == mock.process.pid
    assert told["base_url"] == mock.base_url
    assert told["version"]
    assert error(mock.http.get(f"{mock.base_url}/mock/hello")) == (400, "invalid_request")


@pytest.mark.row("J1")
def test_without_a_secret_there_are_no_controls(own_mock: Callable[..., Mock]) -> None:
    bare = own_mock(controls=False)
    for method, path in [*GUARDED, ("GET", "hello?nonce=x")]:
        answer = bare.http.request(method, f"{bare.base_url}/mock/{path}")
        assert error(answer) == (404, "not_found")
    # and no inbox: without a mail server no mail is sent, and the answer says so
    assert bare.request_enrollment("default").json()["email_sent"] is False


def test_the_inbox_shows_the_newest_first(mock: Mock, realm: str) -> None:
    for name in ("one@example.com", "two@example.com"):
        mock.request_enrollment(realm, email=name)
    mails = mock.inbox(realm=realm)
    assert [mail["to"] for mail in mails] == ["two@example.com", "one@example.com"]
    assert mails[0].keys() == {"id", "to", "subject", "sent_at", "realm", "text", "code"}
    assert mails[0]["code"] in mails[0]["text"]
    assert [mail["to"] for mail in mock.inbox(email="one@example.com", realm=realm)] == [
        "one@example.com"
    ]
    assert len(mock.inbox(realm=realm, limit="1")) == 1
    for limit in ("0", "x", "-1", "1000000000000000", "²"):
        answer = mock.control("GET", "inbox", params={"limit": limit})
        assert error(answer) == (400, "invalid_request")
    for name in ("email", "realm"):
        answer = mock.control("GET", "inbox", params={name: "a\0b"})
        assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("asked", ["anna@müller.example", "ANNA@xn--MLLER-kva.example"])
def test_a_mailbox_is_found_however_its_address_is_written(
    mock: Mock, realm: str, asked: str
) -> None:
    mock.request_enrollment(realm, email="Anna@Müller.example")
    mock.request_enrollment(realm, email="anna@muller.example")
    found = [mail["to"] for mail in mock.inbox(email=asked, realm=realm)]
    assert found == ["Anna@xn--mller-kva.example"]


def test_time_moves_on_in_one_realm_only(mock: Mock, realm: str) -> None:
    other = mock.new_realm()
    answer = mock.control("POST", "clock", json={"realm": realm, "move_seconds": 100}).json()
    answer = mock.control("POST", "clock", json={"realm": realm, "move_seconds": 50.5}).json()
    assert (answer["realm"], answer["offset"]) == (realm, 150.5)
    assert answer["now"] == pytest.approx(time.time() + 150.5, abs=3)
    unmoved = mock.control("POST", "clock", json={"realm": other, "move_seconds": 0}).json()
    assert unmoved["offset"] == 0
    mock.remove_realm(other)


@pytest.mark.parametrize("seconds", [-1, "5", None, 1e12])
def test_time_moves_forward_and_never_back(mock: Mock, realm: str, seconds: object) -> None:
    answer = mock.control("POST", "clock", json={"realm": realm, "move_seconds": seconds})
    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("public", ["default", "strict"])
def test_public_realms_are_left_alone(mock: Mock, public: str) -> None:
    moved = mock.control("POST", "clock", json={"realm": public, "move_seconds": 1})
    broken = mock.control("POST", "faults", json={"realm": public, "kind": "drop"})
    emptied = mock.control("POST", "reset", json={"realm": public})
    removed = mock.control("DELETE", f"realms/{public}")
    for answer in (moved, broken, emptied, removed):
        assert error(answer) == (403, "access_denied")


def test_unknown_realms(mock: Mock) -> None:
    for path in ("clock", "faults", "reset", "limits/clear"):
        body = {"realm": "lab-000000000000", "move_seconds": 1, "kind": "drop"}
        assert error(mock.control("POST", path, json=body)) == (404, "not_found")
    assert error(mock.control("POST", "realms", json={"like": "nobody"})) == (404, "not_found")


def test_limits_can_be_cleared(mock: Mock, realm: str) -> None:
    for _ in range(3):
        mock.request_enrollment(realm, email="you@example.com")
    assert mock.request_enrollment(realm, email="you@example.com").status_code == 429
    # all public realms: a private one is not among them
    mock.control("POST", "limits/clear", json={})
    assert mock.request_enrollment(realm, email="you@example.com").status_code == 429
    answer = mock.control("POST", "limits/clear", json={"realm": realm})
    assert answer.json() == {"cleared": 6}
    assert mock.request_enrollment(realm, email="you@example.com").status_code == 200


def test_a_public_realm_is_reset_when_named_twice(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("strict")
    other = mine.register("default")
    sent = {"realm": "strict", "confirm": "strict"}
    assert mine.control("POST", "reset", json=sent).json()["cleared"] > 0
    assert client.ask_token().json()["error"] == "invalid_client"
    assert other.ask_token().status_code == 200


def test_a_removed_realm_is_gone_with_all_that_was_in_it(mock: Mock) -> None:
    client = mock.register(mock.new_realm())
    token = client.token()
    assert mock.control("DELETE", f"realms/{client.realm}").status_code == 204
    assert client.ask_token().status_code == 404
    assert mock.inbox(realm=client.realm) == []
    at_the_root = f"{mock.base_url}/userinfo"
    assert client.call("GET", at_the_root, token).json()["error"] == "invalid_token"
    assert mock.control("DELETE", f"realms/{client.realm}").status_code == 404


def fault(mock: Mock, realm: str, **members: object) -> None:
    answer = mock.control("POST", "faults", json={"realm": realm, **members})
    assert answer.status_code == 200, answer.text


def test_a_status_fault_comes_as_often_as_ordered(registered_client: Registered) -> None:
    client = registered_client
    fault(client.mock, client.realm, kind="status", status=429, path_suffix="/token", times=2)
    assert client.mock.http.get(client.url("/jwks")).status_code == 200
    for _ in range(2):
        answer = client.ask_token()
        assert error(answer) == (429, "rate_limited")
        assert answer.headers["retry-after"] == "1"
    assert client.ask_token().status_code == 200


def test_a_dropped_connection_is_dropped(registered_client: Registered) -> None:
    client = registered_client
    fault(client.mock, client.realm, kind="drop", path_suffix="/token")
    with pytest.raises(httpx.RemoteProtocolError):
        client.ask_token()
    assert client.ask_token().status_code == 200


def test_a_delay_delays(registered_client: Registered) -> None:
    client = registered_client
    fault(client.mock, client.realm, kind="delay", seconds=0.3)
    begun = time.monotonic()
    assert client.ask_token().status_code == 200
    assert time.monotonic() - begun >= 0.3


@pytest.mark.both_databases
def test_only_its_owner_can_read_the_state(mock: Mock, realm: str) -> None:
    mock.request_enrollment(realm)
    everything = list(mock.state_dir.rglob("*"))
    files = {path.name: path.stat().st_mode & 0o777 for path in everything if path.is_file()}
    assert "mock.pid" in files
    in_files = mock.database.kind == "sqlite"
    assert ({"mock.sqlite3", "mock.sqlite3-wal"} <= files.keys()) == in_files
    del files["mock.log"]  # made by the test
    assert set(files.values()) == {0o600}
    folders = {path.name: path.stat().st_mode & 0o777 for path in everything if path.is_dir()}
    assert folders == {"policies": 0o700, ".in-force": 0o700, ".from-kit": 0o700}
    assert mock.state_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.both_databases
def test_the_pid_file_names_the_process(mock: Mock) -> None:
    note = json.loads((mock.state_dir / "mock.pid").read_text())
    where = mock.database.place
    assert note["database"] == (without_password(where) if isinstance(where, str) else str(where))
    assert note["pid"] == mock.process.pid
    assert note["create_time"] == pytest.approx(psutil.Process(note["pid"]).create_time(), abs=0.1)


def test_a_realm_can_be_a_hundred_years_ahead_and_no_more(mock: Mock, realm: str) -> None:
    """Ten years at a time would reach a year that no calendar has, and end in a 500."""
    ten_years = {"realm": realm, "move_seconds": 10 * 366 * 86400}
    answers = [mock.control("POST", "clock", json=ten_years) for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [400]
    assert "100 years" in answers[-1].json()["error_description"]
    still = mock.control("POST", "clock", json={"realm": realm, "move_seconds": 0}).json()
    assert still["offset"] == answers[-2].json()["offset"]
