"""The OpenAPI document is valid and has every route; and the judge of all answers, documented.py,
is strict: it notices whatever the document does not foresee.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

import dialtone_kit
from dialtone_kit.mock.app import CONTROLS, REALM, ROUTES
from tests.support.documented import document_of
from tests.support.running_mock import Mock, Registered


def document(mock: Mock) -> dict[str, Any]:
    return dict(mock.http.get(f"{mock.base_url}/openapi.json").json())


def test_the_document_is_valid(mock: Mock) -> None:
    told = document(mock)
    validate(told)
    assert told["info"]["version"] == dialtone_kit.__version__
    assert told["servers"] == [{"url": mock.base_url}]


@pytest.mark.parametrize("controls", [True, False])
def test_each_route_is_at_each_of_its_places_and_nothing_else_is(
    own_mock: Callable[..., Mock], controls: bool
) -> None:
    routes = {
        (method.lower(), path.replace("{p}", place))
        for method, path, _ in (*ROUTES, *(CONTROLS if controls else ()))
        for place in ("", REALM)
    }
    paths = document(own_mock(controls=controls))["paths"]
    assert {(method, path) for path, item in paths.items() for method in item} == routes


def test_a_form_that_may_be_empty_may_be_left_out(
    mock: Mock, registered_client: Registered
) -> None:
    client = registered_client
    assert mock.http.post(client.url("/device_authorization"), auth=client.basic).is_success
    paths = document(mock)["paths"]
    assert not paths["/device_authorization"]["post"]["requestBody"]["required"]
    assert paths["/token"]["post"]["requestBody"]["required"]
    assert paths["/mock/realms"]["post"]["requestBody"]["required"]  # JSON is never nothing


def test_names_that_generated_clients_have_stay(mock: Mock) -> None:
    paths = document(mock)["paths"]
    for (method, path), (name, tag) in {
        ("post", "/token"): ("post_token", "tokens"),
        ("post", "/realms/{realm}/token"): ("post_realms_realm_token", "tokens"),
        ("get", "/realms/{realm}/register/status/{enrollment_id}"): (
            "get_realms_realm_register_status_enrollment_id",
            "registration",
        ),
        ("get", "/.well-known/openid-configuration"): (
            "get__well_known_openid_configuration",
            "api",
        ),
        ("delete", "/mock/realms/{realm}"): ("delete_mock_realms_realm", "teaching"),
    }.items():
        assert (paths[path][method]["operationId"], paths[path][method]["tags"]) == (name, [tag])


def test_no_secret_is_in_the_document(mock: Mock, registered_client: Registered) -> None:
    text = mock.http.get(f"{mock.base_url}/openapi.json").text
    for secret in (mock.secret, mock.control_token, registered_client.client_secret):
        assert secret not in text
    members = ("client_secret", "poll_token", "device_code", "refresh_token", "access_token")
    for model in document(mock)["components"]["schemas"].values():
        for name in members:
            assert not {"example", "examples"} & set(model.get("properties", {}).get(name, ()))


def altered(answer: httpx.Response, **changes: Any) -> httpx.Response:
    """The same answer with another status, content, header or request."""
    headers = {**answer.headers, **changes.get("headers", {})}
    return httpx.Response(
        changes.get("status", answer.status_code),
        headers={name: value for name, value in headers.items() if value is not None},
        content=changes.get("content", answer.content),
        request=changes.get("request", answer.request),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"status": 418}, "answered 418: not documented"),
        ({"status": 404}, "not documented"),
        ({"headers": {"Content-Type": "text/plain"}}, "text/plain is not documented"),
        ({"headers": {"cache-control": None}}, "without Cache-Control"),
        ({"headers": {"cache-control": "public"}}, "Cache-Control"),
        ({"headers": {"X-New": "1"}}, "with {'x-new'}"),
        ({"content": b'{"nonce": "n", "expires_in": 1}'}, "expires_at"),
        (
            {"content": b'{"nonce": 1, "expires_in": 1, "expires_at": "2026-01-01T00:00:00Z"}'},
            "nonce",
        ),
        ({"content": b'{"nonce": "n", "expires_in": 1, "expires_at": "soon"}'}, "expires_at"),
    ],
)
def test_an_answer_that_is_not_foreseen_is_noticed(
    mock: Mock, changes: dict[str, Any], reason: str
) -> None:
    answer = mock.http.get(f"{mock.base_url}/v1/attest/challenge")
    judge = document_of(mock.base_url).judge
    if not changes:
        judge(answer)
        return
    with pytest.raises(AssertionError, match=reason) as problem:
        judge(altered(answer, **changes))
    assert answer.json()["nonce"] not in str(problem.value)


def test_a_member_that_the_document_does_not_name_is_noticed(
    mock: Mock, registered_client: Registered
) -> None:
    client = registered_client
    answer = client.call("GET", client.url("/api/whoami"), client.token())
    more = answer.content[:-1] + b',"password":"x"}'
    with pytest.raises(AssertionError, match="api/whoami"):
        document_of(mock.base_url).judge(
            altered(answer, content=more, headers={"content-length": str(len(more))})
        )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "/token", 404), ("GET", "/nothing", 405), ("GET", "/nothing", 200)],
)
def test_what_belongs_to_no_operation_is_judged_too(
    mock: Mock, method: str, path: str, status: int
) -> None:
    answer = mock.http.request(method, mock.base_url + path)
    with pytest.raises(AssertionError, match="not documented"):
        document_of(mock.base_url).judge(altered(answer, status=status))


@pytest.mark.parametrize(("form", "status"), [("a=" + "x" * 65536, 413), ("access_token=x", 400)])
@pytest.mark.parametrize("path", ["/userinfo", "/api/whoami", "/api/notes", "/audit/events"])
def test_a_protected_get_reads_a_form_and_the_document_says_so(
    mock: Mock, resident: Registered, path: str, form: str, status: int
) -> None:
    """A token in a form is refused everywhere, so a GET may be too large. No generator tries it."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = mock.http.request("GET", resident.url(path), content=form, headers=kind)
    assert answer.status_code == status
