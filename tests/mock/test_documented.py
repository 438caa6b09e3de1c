"""The judge of all answers is no yes-man: what the document does not foresee, it notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from documented import document_of
from running_mock import Mock, Registered

Change = Callable[[httpx.Response], None]


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
