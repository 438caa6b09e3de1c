"""One parser: what /openapi.json describes is what a request is parsed by, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.grant_desk import post, says
from tests.support.running_mock import Mock, Registered

Ask = Callable[[Mock, Registered, dict[str, str]], httpx.Response]


def inbox(mock: Mock, _client: Registered, query: dict[str, str]) -> httpx.Response:
    return mock.control("GET", "inbox", params=query)


def whole_trail(mock: Mock, _client: Registered, query: dict[str, str]) -> httpx.Response:
    return mock.control("GET", "audit", params=query)


def own_trail(_mock: Mock, client: Registered, query: dict[str, str]) -> httpx.Response:
    url = str(httpx.URL(client.url("/audit/events"), params=query))
    return client.call("GET", url, client.token(bound=False), scheme="Bearer", bare=True)


NUMBERS = [
    (inbox, "limit"),
    (whole_trail, "limit"),
    (whole_trail, "after"),
    (own_trail, "limit"),
    (own_trail, "before"),
]
every_number = pytest.mark.parametrize(
    ("ask", "name"), NUMBERS, ids=[f"{ask.__name__} {name}" for ask, name in NUMBERS]
)
NO_NUMBERS = ["00020099", "007", "00", "9" * 5000, "0" * 5000, "+5", "-5", " 5", "5 ", "5\n"]
NO_NUMBERS += ["٣", "５", "1_0", "1e1", "5.0", "0x5", "", "null", "true", str(10**18)]


@every_number
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: ascii(value[:9]))
def test_no_other_spelling_of_a_number_is_taken(
    mock: Mock, resident: Registered, ask: Ask, name: str, value: str
) -> None:
    says(ask(mock, resident, {name: value}), 400, "invalid_request", f"{name}: ")


@every_number
@pytest.mark.parametrize("value", ["1", "10", "200"])
def test_numbers_as_everyone_writes_them_are_accepted(
    mock: Mock, resident: Registered, ask: Ask, name: str, value: str
) -> None:
    assert ask(mock, resident, {name: value}).status_code == 200


def test_what_is_not_described_is_ignored(mock: Mock, resident: Registered) -> None:
    for ask in (inbox, whole_trail, own_trail):
        assert ask(mock, resident, {"limit": "1", "unknown": "00020099"}).status_code == 200


def enroll(mock: Mock, client: Registered, body: bytes) -> httpx.Response:
    url = client.url("/register/request")
    return mock.http.post(url, content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"email": "a@b.example", "email": "c@d.example"}', "the member email twice"),
        (b'{"unknown": [{"a": 1, "a": 1}]}', "the member a twice"),
        (b'{"sec_%s": 1, "sec_%s": 1}' % (b"x" * 43, b"x" * 43), "(47 characters) twice"),
        (b'{"unknown": NaN}', "NaN, which is not JSON"),
        (b'{"unknown": "\\ud800"}', "text that is not UTF-8"),
        (b'{"unknown": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b"[" * 30_000, "nested too deeply"),
        (b'{"email"', "not JSON: expecting ':' delimiter at line 1, column 9"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_json_that_two_readers_could_take_two_ways_is_refused(
    mock: Mock, resident: Registered, body: bytes, reason: str
) -> None:
    says(enroll(mock, resident, body), 400, "invalid_request", reason)


def test_a_member_that_is_in_two_objects_was_not_sent_twice(
    mock: Mock, resident: Registered
) -> None:
    answer = enroll(mock, resident, b'{"x": [{"a": 1}, {"a": 1}], "a": "\\ud83d\\ude00"}')
    says(answer, 400, "invalid_request", "email is missing")


def test_a_string_that_is_too_long_is_counted_in_characters(resident: Registered) -> None:
    answer = resident.mock.http.post(
        resident.url("/register/confirm"),
        json={"enrollment_id": "e" * 201, "poll_token": "p", "verification_code": "c"},
    )
    says(answer, 400, "invalid_request", "enrollment_id: String should have at most 200 characters")


PAGES = [("/register/approve", "enrollment=x"), ("/device", "user_code=x")]


@pytest.mark.parametrize(("path", "parameter"), PAGES)
def test_a_query_has_each_parameter_once_and_in_utf_8(
    mock: Mock, resident: Registered, path: str, parameter: str
) -> None:
    for query in (f"{parameter}&{parameter}", f"{parameter}%ff", "&".join([parameter] * 101)):
        says(mock.http.get(f"{resident.url(path)}?{query}"), 400, "invalid_request")
    assert mock.http.get(f"{resident.url(path)}?{parameter}").status_code in (200, 404)


def token(client: Registered, **form: Any) -> httpx.Response:
    return post(client, "/token", **{"grant_type": "client_credentials", **form})


WRONG = [
    ({"grant_type": "password"}, "unsupported_grant_type", "grant_type must be one of: client_c"),
    ({"may_act": "somebody"}, "invalid_request", "may_act: "),
    ({"may_act": "cli_x\n"}, "invalid_request", "may_act: "),
    ({"subject_token_type": "jwt"}, "invalid_request", "subject_token_type must be one of: urn:"),
    ({"resource": [f"https://{n}.example/" for n in range(11)]}, "invalid_target", "resource: "),
    ({"audience": [str(n) for n in range(11)]}, "invalid_target", "audience: "),
    ({"audience": "\u202e\u200b "}, "invalid_target", "Name at most 10 audiences"),
]


@pytest.mark.parametrize(("form", "code", "reason"), WRONG, ids=lambda value: str(value)[:40])
def test_a_token_form_is_refused_in_oauths_codes(
    resident: Registered, form: dict[str, Any], code: str, reason: str
) -> None:
    says(token(resident, **form), 400, code, reason)
    stranger = Registered(resident.mock, {**resident.answer, "client_secret": "sec_wrong"})
    says(token(stranger, **form), 401, "invalid_client")  # the caller is checked first
    assert token(resident).status_code == 200
