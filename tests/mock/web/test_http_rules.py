"""HTTP's own rules: Host, what a body may look like, and which documents are public."""

import gzip
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dialtone_kit.client.responses import http_date
from dialtone_kit.mock.core.read_settings import load
from dialtone_kit.mock.core.settings import BadSettings
from dialtone_kit.tokens import read_unverified
from tests.support.running_mock import Mock, Registered


def status(mock: Mock, head: str) -> str:
    with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return line.recv(65536).decode().split()[1]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("GET /jwks HTTP/1.1", "400"),
        ("GET /jwks HTTP/1.1\nHost: localhost\nHost: localhost", "400"),
        ("GET /jwks HTTP/1.0", "200"),
        ("GET /jwks HTTP/1.0\nHost: localhost", "200"),
        ("GET /jwks HTTP/1.0\nHost: evil.example", "421"),
        ("GET /jwks HTTP/1.1\nHost: evil.example", "421"),
        ("GET http://evil.example/jwks HTTP/1.1\nHost: localhost", "421"),
        ("GET HTTPS://localhost@evil.example/jwks HTTP/1.1\nHost: localhost", "421"),
        ("GET http://localhost/jwks HTTP/1.1\nHost: evil.example", "200"),
        ("GET http://localhost/jwks HTTP/1.1", "400"),
    ],
)
def test_which_host_is_needed(mock: Mock, head: str, expected: str) -> None:
    assert status(mock, head) == expected


@pytest.mark.parametrize(
    ("encoding", "expected", "says"),
    [("utf-8-sig", 201, ""), ("utf-16", 400, "UTF-16"), ("utf-16-be", 400, "UTF-16")],
)
def test_a_mark_before_json(mock: Mock, encoding: str, expected: int, says: str) -> None:
    body = json.dumps({"like": "default"}).encode(encoding)
    headers = {"Content-Type": "application/json"}
    answer = mock.http.post(
        f"{mock.base_url}/mock/realms",
        content=body,
        headers={**headers, "Authorization": f"Bearer {mock.control_token}"},
    )
    assert answer.status_code == expected
    assert says in answer.json().get("error_description", "")


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip"])
def test_a_compressed_body_is_415(mock: Mock, coding: str) -> None:
    answer = mock.http.post(
        f"{mock.base_url}/token",
        content=gzip.compress(b"grant_type=client_credentials"),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Encoding": coding,
        },
    )
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity"


PUBLIC = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/jwks",
    "/.well-known/spiffe-trust-bundle",
    "/openapi.json",
)


@pytest.mark.parametrize("path", PUBLIC)
def test_pages_of_every_origin_may_read_public_documents(mock: Mock, path: str) -> None:
    answer = mock.http.get(mock.base_url + path, headers={"Origin": "https://page.example"})
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_nothing_else_is_for_pages_of_other_origins(
    mock: Mock, registered_client: Registered
) -> None:
    client = registered_client
    for answer in (
        client.ask_token(),
        client.call("GET", client.url("/userinfo"), client.token()),
        mock.http.get(f"{mock.base_url}/v1/attest/challenge"),
        mock.http.get(f"{mock.base_url}/nothing"),
        mock.control("GET", "inbox"),
    ):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("base", ["http://id.class.example", "http://192.168.1.7:8787"])
def test_no_plain_http_beyond_loopback(tmp_path: Path, base: str) -> None:
    with pytest.raises(BadSettings, match="proxy with TLS"):
        load(tmp_path, base_url=base)
    assert load(tmp_path, base_url="https://id.class.example").base_url.startswith("https:")


@pytest.mark.parametrize("workers", [1, 2])
def test_new_keys_are_published_at_once(own_mock: Callable[..., Mock], workers: int) -> None:
    mine = own_mock(workers=workers)
    mine.http.get(f"{mine.base_url}/jwks")
    new = mine.control("POST", "keys/rotate").json()["kid"]
    for _ in range(4):
        answer = mine.http.get(f"{mine.base_url}/jwks", headers={"Connection": "close"})
        assert new in [key["kid"] for key in answer.json()["keys"]]


def test_an_svid_is_dated_by_the_machine_and_ends_with_its_token(
    registered_client: Registered,
) -> None:
    client = registered_client
    mock = client.mock
    mock.move_clock(client.realm, 3 * 365 * 86400)
    token = client.token()
    mock.move_clock(client.realm, 3000)
    url = client.url("/svid/jwt")
    before = time.time()
    answer = client.call("POST", url, token, json={"audience": ["x"], "ttl": 3600})
    assert answer.status_code == 200, answer.text
    claims = read_unverified(answer.json()["svid"]).claims
    assert before - 2 <= claims["iat"] <= before + 10
    assert claims["exp"] <= before + 610


AHEAD = 3 * 86400


def ahead(answer: httpx.Response) -> float:
    """How many seconds the answer's one `Date` is ahead of this machine's clock."""
    (date,) = answer.headers.get_list("date")
    moment = http_date(date)
    assert moment is not None
    return moment - time.time()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/.well-known/openid-configuration", 200),
        ("HEAD", "/.well-known/openid-configuration", 200),
        ("POST", "/token", 401),
        ("GET", "/api/whoami", 401),
        ("PUT", "/token", 405),
        ("GET", "/nothing", 404),
        ("HEAD", "/nothing", 404),
    ],
)
def test_date_follows_the_clock_of_the_realm(
    mock: Mock, realm: str, method: str, path: str, status: int
) -> None:
    mock.move_clock(realm, AHEAD)
    answer = mock.http.request(method, mock.issuer(realm) + path)
    assert answer.status_code == status
    assert ahead(answer) == pytest.approx(AHEAD, abs=5)


def test_the_date_of_a_fault_follows_it_too(mock: Mock, realm: str) -> None:
    mock.move_clock(realm, AHEAD)
    fault = {"realm": realm, "path_suffix": "/jwks", "kind": "status", "status": 503}
    assert mock.control("POST", "faults", json=fault).status_code == 200
    answer = mock.http.get(f"{mock.issuer(realm)}/jwks")
    assert answer.status_code == 503
    assert ahead(answer) == pytest.approx(AHEAD, abs=5)


@pytest.mark.parametrize(
    "path",
    [
        "/jwks",
        "/nothing",
        "/realms/default/jwks",
        "/realms/lab-000000000000/jwks",
        "/realms/",
        "/v1/attest/challenge",
    ],
)
def test_elsewhere_the_date_is_the_machines(mock: Mock, realm: str, path: str) -> None:
    mock.move_clock(realm, AHEAD)
    assert ahead(mock.http.get(mock.base_url + path)) == pytest.approx(0, abs=5)


def test_what_is_not_http_gets_a_date_as_well(mock: Mock) -> None:
    with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as line:
        line.sendall(b"nonsense\r\n\r\n")
        head = line.recv(65536).decode().lower()
    assert head.startswith("http/1.1 400 ")
    assert head.count("\r\ndate: ") == 1


def test_every_worker_dates_by_the_realm(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock(workers=2)
    realm = mine.new_realm()
    mine.move_clock(realm, AHEAD)
    for _ in range(4):
        answer = mine.http.get(f"{mine.issuer(realm)}/jwks", headers={"Connection": "close"})
        assert ahead(answer) == pytest.approx(AHEAD, abs=5)


def test_a_client_learns_the_realms_time_from_date(registered_client: Registered) -> None:
    client = registered_client
    client.mock.move_clock(client.realm, AHEAD)
    url = client.token_url
    late = client.ask_token(client.proof("POST", url, now=time.time()))
    assert (late.status_code, late.json()["error"]) == (400, "invalid_dpop_proof")
    theirs = http_date(late.headers["date"])
    assert client.ask_token(client.proof("POST", url, now=theirs)).status_code == 200


@pytest.mark.parametrize("path", ["/realms/default%2Fjwks", "/realms%2fdefault/jwks", "/%2Fjwks"])
def test_an_encoded_slash_separates_no_segments(mock: Mock, path: str) -> None:
    assert mock.http.get(f"{mock.base_url}/realms/default/%6Awks").status_code == 200
    assert mock.http.get(f"{mock.base_url}{path}").status_code == 404
