"""What holds at every path: the shape of errors, sizes, Host, discovery, OpenAPI's truth."""

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.running_mock import Mock, Registered

JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert body.keys() == {"error", "error_description"}
    return answer.status_code, body["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/token/",
        "/realms/default/token/",
        "/realms/nobody/token",
        "/docs",
        "/realms/lab-000000000000/jwks",
        "/realms/DEFAULT/jwks",
        "//token",
        "/mock/nothing",
        "/realms/default%0a/jwks",
        "/jwks%0a",
        "/realms/default/jwks%0a",
        "/openapi.json%0a",
    ],
)
def test_unknown_paths_and_realms(mock: Mock, path: str) -> None:
    method = "POST" if path.endswith("token") else "GET"
    sent = {"data": {"a": "b"}} if method == "POST" else {}
    assert problem(mock.http.request(method, mock.base_url + path, **sent)) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("place", ["", "/realms/default", "/realms/nobody"])
def test_a_path_of_older_texts_names_its_successor(mock: Mock, method: str, place: str) -> None:
    answer = mock.http.request(method, f"{mock.base_url}{place}/register/agent", json={})
    assert problem(answer) == (404, "not_found")
    assert "/register/request" in answer.json()["error_description"]
    neighbour = mock.http.request(method, f"{mock.base_url}{place}/register/agents", json={})
    assert problem(neighbour) == (404, "not_found")
    assert "register" not in neighbour.json()["error_description"]


def test_a_final_newline_is_not_part_of_a_path_for_a_known_caller_either(
    registered_client: Registered,
) -> None:
    client, url = registered_client, registered_client.url("/userinfo")
    proof = client.proof("POST", client.token_url)
    assert problem(client.ask_token(proof, url=f"{client.token_url}%0A")) == (404, "not_found")
    again = client.proof("GET", url, access_token=(token := client.token()))
    assert problem(client.call("GET", f"{url}%0A", token, proof=again)) == (404, "not_found")
    assert client.ask_token(proof).status_code == 200  # nothing was used up
    assert client.call("GET", url, token, proof=again).status_code == 200


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/token", "POST"),
        ("/realms/default/api/notes", "GET, HEAD, POST"),
        ("/realms/default/register/approve", "GET, HEAD, POST"),
        ("/userinfo", "GET, HEAD, POST"),
        ("/agent.json", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_wrong_method_is_told_the_right_ones(
    mock: Mock, path: str, allow: str, method: str
) -> None:
    answer = mock.http.request(method, mock.base_url + path)
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize("line", ["BREW /token HTTP/1.1", "nonsense", "GET /\x01 HTTP/1.1"])
def test_what_is_not_http_is_refused_in_json(mock: Mock, line: str) -> None:
    head, _, body = raw(mock, f"{line}\nHost: 127.0.0.1").partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 400")
    assert json.loads(body)["error"] == "invalid_request"


def chunks(size: int) -> Iterator[bytes]:
    yield from (b" " * 1024 for _ in range(size // 1024))


@pytest.mark.parametrize("path", ["/register/request", "/register/confirm", "/token"])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_over_64_kib(mock: Mock, realm: str, path: str, chunked: bool) -> None:
    kind = "application/x-www-form-urlencoded" if path == "/token" else "application/json"
    for size, expected in ((64 * 1024 + 1024, 413), (64 * 1024, 400)):
        body = chunks(size) if chunked else b" " * size
        url = mock.issuer(realm) + path
        answer = mock.http.post(url, content=body, headers={"Content-Type": kind})
        if expected == 413:
            assert problem(answer) == (413, "payload_too_large")
        else:
            assert answer.status_code != 413


@pytest.mark.parametrize("length", ["65537", "999999999", "1000000000000"])
def test_a_length_over_the_limit_is_refused_before_anything_is_read(
    mock: Mock, length: str
) -> None:
    head = f"POST /token HTTP/1.1\nHost: 127.0.0.1\nContent-Length: {length}"
    assert raw(mock, head, timeout=2).startswith("HTTP/1.1 413")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_another_content_type(mock: Mock, realm: str, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    url = f"{mock.issuer(realm)}/register/request"
    answer = mock.http.post(url, content=b"{}", headers=headers)
    assert problem(answer) == (415, "unsupported_media_type")


def test_a_content_type_may_name_its_charset(mock: Mock, realm: str) -> None:
    answer = mock.http.post(
        f"{mock.issuer(realm)}/register/request",
        content=b'{"email": "a@example.com", "client_name": "x"}',
        headers={"Content-Type": "Application/JSON; charset=utf-8"},
    )
    assert answer.status_code == 200


def discovery_under(mock: Mock, host: str) -> httpx.Response:
    url = f"{mock.base_url}/realms/default/.well-known/openid-configuration"
    return mock.http.get(url, headers={"Host": host.format(port=mock.port)})


@pytest.mark.row("A5")
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "127.0.0.1@evil.example",
        "127.0.0.1:port",
    ],
)
def test_a5_a_foreign_host_is_refused(mock: Mock, host: str) -> None:
    answer = discovery_under(mock, host)
    assert problem(answer) == (421, "invalid_request")
    assert "does not answer to that Host" in answer.json()["error_description"]


@pytest.mark.row("A5✓")
@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}"]
)
def test_loopback_may_be_named_in_each_way(mock: Mock, host: str) -> None:
    assert discovery_under(mock, host).json()["issuer"] == mock.issuer("default")  # never from Host


def raw(mock: Mock, head: str, timeout: float = 5) -> str:
    with socket.create_connection(("127.0.0.1", mock.port), timeout=timeout) as wire:
        wire.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return wire.recv(65536).decode()


def test_two_or_no_host_headers(mock: Mock) -> None:
    hosts = f"Host: 127.0.0.1:{mock.port}\nHost: evil.example"
    for head in (f"\n{hosts}", ""):
        assert raw(mock, f"GET /agent.json HTTP/1.1{head}\nConnection: close").split()[1] == "400"


def test_forwarding_headers_change_no_url(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    forged = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")]
    evil = client.token_url.replace("http://127.0.0.1", "https://evil.example")
    answer = client.ask_token(client.proof("POST", evil), headers=forged)
    assert "htu_matches" in answer.json()["error_description"]
    right = client.ask_token(client.proof("POST", client.token_url), headers=forged)
    assert right.json()["token_type"] == "DPoP"


@pytest.mark.row("J1")
def test_no_one_is_invited_across_origins(mock: Mock, realm: str) -> None:
    """Except to public documents (test_http_rules.py), which hold no one's data."""
    origin = {"Origin": "https://evil.example"}
    for method in ("GET", "OPTIONS"):
        answer = mock.http.request(method, f"{mock.issuer(realm)}/userinfo", headers=origin)
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("place", ["", "/realms/default", "/realms/strict"])
def test_discovery_names_its_issuer_and_every_url_works(mock: Mock, place: str) -> None:
    told = mock.http.get(f"{mock.base_url}{place}/.well-known/openid-configuration").json()
    assert told["issuer"] == mock.base_url + place
    assert told["response_types_supported"] == ["none"]
    by_rfc_8414 = f"{mock.base_url}/.well-known/oauth-authorization-server{place}"
    assert mock.http.get(by_rfc_8414).json()["response_types_supported"] == ["none"]
    assert set(told["grant_types_supported"]) == {
        "client_credentials",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    }
    assert "none" in told["token_endpoint_auth_methods_supported"]
    assert "none" not in told["introspection_endpoint_auth_methods_supported"]
    assert "ES256" in told["dpop_signing_alg_values_supported"]
    assert "authorization_endpoint" not in told
    same = mock.http.get(f"{mock.base_url}/.well-known/oauth-authorization-server{place}").json()
    assert same == told
    for name, url in told.items():
        if isinstance(url, str) and url.startswith("http") and name != "issuer":
            assert url.startswith(mock.base_url)
            forms = ("token", "device_authorization", "introspection", "revocation")
            method = "POST" if name.removesuffix("_endpoint") in forms else "GET"
            assert mock.http.request(method, url).status_code in (200, 401, 415), name


def test_keys_are_public_and_named(mock: Mock, realm: str) -> None:
    keys = mock.http.get(f"{mock.issuer(realm)}/jwks").json()["keys"]
    assert keys
    for key in keys:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
        assert key["kid"]


def test_agents_find_their_way(mock: Mock) -> None:
    text = mock.http.get(f"{mock.base_url}/.well-known/agent-instructions")
    assert text.headers["content-type"].startswith("text/plain")
    assert f"{mock.base_url}/realms/default/register/request" in text.text
    told = mock.http.get(f"{mock.base_url}/agent.json").json()
    assert told["realms"].keys() == {
        "default",
        "strict",
        "acme",
    }  # a private realm is no one's business
    assert told["limits"]["registrations_per_email_per_hour"] == 3
    assert mock.http.get(told["openapi"]).status_code == 200


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_openapi_describes_every_operation_and_its_refusals(mock: Mock) -> None:
    document = mock.http.get(f"{mock.base_url}/openapi.json").json()
    assert document["servers"] == [{"url": mock.base_url}]
    found = operations(document)
    assert {"/token", "/realms/{realm}/token", "/mock/hello"} <= {path for path, _, _ in found}
    components = document["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in components
    ids = [operation["operationId"] for _, _, operation in found]
    assert len(set(ids)) == len(ids)
    for path, method, operation in found:
        assert operation["summary"], path
        for status, answer in operation["responses"].items():
            if status >= "400":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method)
        named = [parameter["name"] for parameter in operation.get("parameters", [])]
        assert all(name in path for name in named if f"{{{name}}}" in path)
        assert path.count("{") == sum(f"{{{name}}}" in path for name in named)


def test_what_is_answered_is_documented(mock: Mock, registered_client: Registered) -> None:
    """Every route, asked without anything: the status it answers stands in its description."""
    document = mock.http.get(f"{mock.base_url}/openapi.json").json()
    for path, method, operation in operations(document):
        if path.startswith("/mock/"):
            continue
        url = mock.base_url + path.replace("{realm}", registered_client.realm)
        for sent in ({}, {"json": {}}, {"data": {"x": "y"}}):
            answer = mock.http.request(method, url.replace("{enrollment_id}", "x"), **sent)
            assert str(answer.status_code) in operation["responses"], (method, path, answer)
