"""Registration, E1 to E14: trust begins with a mailbox, and ends with one secret shown once."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.support.running_mock import SCOPES, Mock, Registered

ID = {
    "enrollment_id": r"enroll_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "poll_token": r"pt_[A-Za-z0-9_-]{43,}",
}


def error(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert isinstance(body["error_description"], str)
    return answer.status_code, body["error"]


def says(answer: httpx.Response, status: int, code: str, reason: str) -> None:
    """The refusal has this status, this code, and this reason in its text."""
    assert error(answer) == (status, code), answer.text
    assert reason in answer.json()["error_description"], answer.text


def wrong_code(right: str) -> str:
    return right.translate(str.maketrans("ABCDEFGH2345", "BCDEFGHJ3456"))[::-1]


def test_the_answer_has_the_demos_members(mock: Mock, realm: str) -> None:
    answer = mock.request_enrollment(realm, email="you@example.com", requested_scopes=["openid"])
    told = answer.json()
    enrollment_id, base = told["enrollment_id"], f"{mock.issuer(realm)}/register"
    for name, pattern in ID.items():
        assert re.fullmatch(pattern, told.pop(name))
    assert datetime.fromisoformat(told.pop("expires_at")).timestamp() == pytest.approx(
        mock.now(realm) + 3600, abs=5
    )
    assert told == {
        "status_url": f"{base}/status/{enrollment_id}",
        "approval_url": f"{base}/approve?enrollment={enrollment_id}",
        "email_sent": True,
        "realm": realm,
        "token_endpoint": f"{mock.issuer(realm)}/token",
    }
    assert answer.headers["cache-control"] == "no-store"


def test_the_credentials_have_the_demos_members(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm, client_name="Mein Agent, Nr. 7!")
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", code)
    answer = mock.confirm(realm, enrollment, code)
    told = answer.json()
    assert re.fullmatch(r"cli_mein_agent_nr_7_[0-9a-f]+", told.pop("client_id"))
    assert re.fullmatch(r"sec_[A-Za-z0-9_-]{43,}", told.pop("client_secret"))
    issuer = mock.issuer(realm)
    assert told == {
        "granted_scopes": list(SCOPES),
        "token_endpoint": f"{issuer}/token",
        "issuer": issuer,
        "realm": realm,
    }
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["ü" * 100, "💥", "../../etc/passwd", "a" * 100])
def test_every_name_makes_a_client_id_that_is_safe_in_a_path(
    mock: Mock, realm: str, name: str
) -> None:
    assert re.fullmatch(r"cli_[a-z0-9_]{1,64}", mock.register(realm, client_name=name).client_id)


def test_at_the_root_the_realm_is_default(mock: Mock) -> None:
    mock.control("POST", "limits/clear", json={"realm": "default"})
    body = {"email": "root@example.com", "client_name": "at the root"}
    told = mock.http.post(f"{mock.base_url}/register/request", json=body).json()
    code = mock.code_for("root@example.com", "default")
    confirmed = mock.http.post(
        f"{mock.base_url}/register/confirm",
        json={**told, "verification_code": code},
    ).json()
    assert confirmed["issuer"] == mock.issuer("default")
    assert confirmed["granted_scopes"] == ["openid"]


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        " ".join,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", "–"),
        lambda code: f" {code}\xa0\n",
    ],
)
def test_a_code_is_read_as_people_type_it(mock: Mock, realm: str, spell: Any) -> None:
    enrollment, code = mock.enroll(realm)
    assert mock.confirm(realm, enrollment, spell(code)).status_code == 200


@pytest.mark.row("E1")
def test_e1_the_fifth_wrong_code_locks_also_for_the_right_one(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    for left in (4, 3, 2, 1):
        answer = mock.confirm(realm, enrollment, wrong_code(code))
        assert error(answer) == (401, "unauthorized")
        tries = "1 try" if left == 1 else f"{left} tries"
        assert f"{tries} left" in answer.json()["error_description"]
        assert answer.json()["tries_left"] == left
    says(mock.confirm(realm, enrollment, wrong_code(code)), 410, "gone", "5 wrong codes")
    says(mock.confirm(realm, enrollment, code), 410, "gone", "5 wrong codes")
    assert mock.http.get(enrollment["status_url"]).json()["status"] == "locked"


@pytest.mark.row("E1✓")
def test_the_right_code_after_four_wrong_ones_is_right(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    for _ in range(4):
        mock.confirm(realm, enrollment, wrong_code(code))
    assert mock.confirm(realm, enrollment, code).status_code == 200


@pytest.mark.row("E2")
def test_e2_a_wrong_poll_token_is_refused_and_costs_no_try(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    answer = mock.confirm(realm, {**enrollment, "poll_token": "pt_wrong"}, code)
    says(answer, 401, "unauthorized", "This poll_token does not belong to this enrollment")
    assert answer.json()["tries_left"] == 5
    assert mock.confirm(realm, enrollment, code).status_code == 200


@pytest.mark.row("E3")
def test_e3_unknown_and_foreign_enrollments_are_alike(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    unknown = mock.confirm(realm, {**enrollment, "enrollment_id": "enroll_x"}, code)
    foreign = mock.confirm("strict", enrollment, code)
    assert error(unknown) == error(foreign) == (404, "not_found")
    assert unknown.json() == foreign.json()
    foreign_status = mock.http.get(enrollment["status_url"].replace(realm, "strict"))
    assert error(foreign_status) == (404, "not_found")


@pytest.mark.row("E4", "E4✓")
def test_e4_an_enrollment_is_open_for_an_hour(mock: Mock, realm: str) -> None:
    early, early_code = mock.enroll(realm)
    late, late_code = mock.enroll(realm)
    mock.move_clock(realm, 3590)
    assert mock.confirm(realm, early, early_code).status_code == 200
    mock.move_clock(realm, 11)
    says(mock.confirm(realm, late, late_code), 410, "gone", "expired after an hour")
    assert mock.http.get(late["status_url"]).json()["status"] == "expired"


@pytest.mark.row("E5")
def test_e5_a_second_confirm_is_a_conflict_without_a_secret(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    assert mock.confirm(realm, enrollment, code).status_code == 200
    again = mock.confirm(realm, enrollment, code)
    says(again, 409, "conflict", "already confirmed")
    assert "sec_" not in again.text


@pytest.mark.both_databases
@pytest.mark.row("E6", "E6✓")
def test_e6_confirm_in_parallel_gives_one_secret(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    with ThreadPoolExecutor(12) as pool:
        jobs = [pool.submit(mock.confirm, realm, enrollment, code) for _ in range(12)]
        answers = [job.result() for job in jobs]
    assert sorted(answer.status_code for answer in answers) == [200] + 11 * [409]


@pytest.mark.row("E7", "E7✓")
def test_e7_three_for_an_address_in_an_hour(mock: Mock, realm: str) -> None:
    spellings = ("you@example.com", "You@Example.com", "YOU@EXAMPLE.COM")
    for email in spellings:
        assert mock.request_enrollment(realm, email=email).status_code == 200
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    body = {"email": "you@example.com", "client_name": "x"}
    refused = mock.http.post(f"{mock.issuer(realm)}/register/request", json=body, headers=forged)
    says(refused, 429, "rate_limited", "3 registrations an hour for this email address")
    wait = int(refused.headers["retry-after"])
    assert 3590 <= wait <= 3600
    mock.move_clock(realm, wait)
    assert mock.request_enrollment(realm, email="you@example.com").status_code == 200
    assert mock.request_enrollment(realm, email="other@example.com").status_code == 200


@pytest.mark.row("E7", "E7✓")
def test_e7_ten_from_an_ip_address_in_an_hour(mock: Mock, realm: str) -> None:
    for _ in range(10):
        assert mock.request_enrollment(realm).status_code == 200
    body = {"email": "new@example.com", "client_name": "x"}
    url = f"{mock.issuer(realm)}/register/request"
    refused = mock.http.post(url, json=body, headers={"X-Forwarded-For": "203.0.113.9"})
    says(refused, 429, "rate_limited", "from this IP address, across all its users.")
    assert mock.request_enrollment(mock.new_realm()).status_code == 200  # counted per realm


def test_what_is_not_an_address_gets_whole_sentences(mock: Mock, realm: str) -> None:
    answer = mock.request_enrollment(realm, email="you@")
    example = "This is not a single email address, such as you@example.com."
    assert answer.json()["error_description"] == f"email: {example}"


def test_a_refused_request_counts_nothing(mock: Mock, realm: str) -> None:
    for _ in range(5):
        mock.request_enrollment(realm, email="a@example.com", requested_scopes=["admin"])
        mock.request_enrollment(realm, email="a@example.com", client_name="")
    assert mock.request_enrollment(realm, email="a@example.com").status_code == 200


@pytest.mark.both_databases
@pytest.mark.row("E7")
def test_the_limit_holds_in_parallel(mock: Mock, realm: str) -> None:
    def ask(_: int) -> int:
        return mock.request_enrollment(realm, email="same@example.com").status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(ask, range(10))) == 3 * [200] + 7 * [429]


@pytest.mark.row("E14")
def test_e14_the_limits_stay_over_a_restart_and_a_crash(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    mine.request_enrollment("default", email="you@example.com")
    mine.stop()
    mine.start()
    for _ in range(2):
        assert mine.request_enrollment("default", email="you@example.com").status_code == 200
    mine.kill()
    mine.start()
    fourth = mine.request_enrollment("default", email="you@example.com")
    says(fourth, 429, "rate_limited", "for this email address")
    for _ in range(7):
        assert mine.request_enrollment("default").status_code == 200
    says(mine.request_enrollment("default"), 429, "rate_limited", "from this IP address")


@pytest.mark.row("E8")
def test_e8_nothing_tells_whether_an_address_is_known(mock: Mock, realm: str) -> None:
    mock.register(realm, email="known@example.com")
    known = mock.request_enrollment(realm, email="known@example.com").json()
    unknown = mock.request_enrollment(realm, email="unknown@example.com").json()
    assert known.keys() == unknown.keys()
    assert known["email_sent"] is unknown["email_sent"] is True


@pytest.mark.row("E9")
@pytest.mark.parametrize(
    "email",
    [
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\n",
        "a\0@example.com",
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "a b@example.com",
        "A <a@example.com>",
        "a@",
        "@example.com",
        "a@@b",
        "a",
        "",
        "a@-x.de",
        "a..b@x.de",
        ".a@x.de",
        "ä@x.de",
        "a@x..de",
        "a@x.de.",
        "a@x.de。",
        "a@mü ller.example",
        f"{'a' * 65}@x.de",
        f"a@{'b' * 64}.de",
        f"a@{'b.' * 126}de",
        7,
        None,
        ["a@x.de"],
    ],
)
def test_e9_an_address_is_one_address(mock: Mock, realm: str, email: Any) -> None:
    answer = mock.request_enrollment(realm, email=email)
    assert error(answer) == (400, "invalid_request")
    assert "email" in answer.json()["error_description"]


def test_a_name_outside_ascii_is_refused_in_one_line(mock: Mock, realm: str) -> None:
    answer = mock.request_enrollment(realm, email="jürgen@example.com")
    says(answer, 400, "invalid_request", "before the @ can only have ASCII")


def test_an_international_domain_gets_its_email_in_ascii(mock: Mock, realm: str) -> None:
    assert mock.request_enrollment(realm, email="anna@müller.example").status_code == 200
    assert mock.inbox(realm=realm)[0]["to"] == "anna@xn--mller-kva.example"


@pytest.mark.row("E9✓")
@pytest.mark.parametrize("email", ["a@b", "o'brien+tag@mail.example.com", "x_y.z@1-2.example"])
def test_good_addresses_are_taken(mock: Mock, realm: str, email: str) -> None:
    assert mock.request_enrollment(realm, email=email).status_code == 200


@pytest.mark.row("E10")
def test_e10_markup_and_direction_marks_are_text_in_the_email(mock: Mock, realm: str) -> None:
    name = "<b>bank</b> \u202etnega\nSubject: x"
    mock.enroll(realm, client_name=name, client_description="one\r\ntwo \u2066x")
    mail = mock.inbox(realm=realm)[0]
    assert "<b>bank</b> \\u202etnega Subject: x\n" in mail["text"]
    assert "one two \\u2066x\n" in mail["text"]
    assert mail["subject"] == "Your verification code for an agent"


@pytest.mark.row("E12")
def test_e12_unknown_and_admin_scopes_are_denied(mock: Mock, realm: str) -> None:
    for scopes in (["admin"], ["openid", "notes:delete"]):
        answer = mock.request_enrollment(realm, requested_scopes=scopes)
        assert error(answer) == (403, "access_denied")
        assert "example.com" in answer.json()["error_description"]


@pytest.mark.row("E13")
def test_e13_status_tells_how_far_it_is_and_no_secret(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    seen = mock.http.get(enrollment["status_url"])
    assert seen.json() == {
        "enrollment_id": enrollment["enrollment_id"],
        "status": "pending",
        "expires_at": enrollment["expires_at"],
        "tries_left": 5,
        "realm": realm,
    }
    secret = mock.confirm(realm, enrollment, code).json()["client_secret"]
    seen = mock.http.get(enrollment["status_url"])
    assert seen.json()["status"] == "confirmed"
    assert not any(word in seen.text for word in (code, secret, enrollment["poll_token"], "cli_"))


@pytest.mark.parametrize(
    ("members", "about"),
    [
        ({"client_name": None}, "client_name"),
        ({"client_name": " "}, "client_name"),
        ({"client_name": "x" * 101}, "client_name"),
        ({"client_name": "a\0b"}, "client_name"),
        ({"client_description": 5}, "client_description"),
        ({"client_description": "x" * 1001}, "client_description"),
        ({"requested_scopes": "openid"}, "requested_scopes"),
        ({"requested_scopes": []}, "requested_scopes"),
        ({"requested_scopes": ["a b"]}, "requested_scopes"),
        ({"requested_scopes": [1]}, "requested_scopes"),
    ],
)
def test_wrong_members_are_named(mock: Mock, realm: str, members: Any, about: str) -> None:
    answer = mock.request_enrollment(realm, **members)
    assert error(answer) == (400, "invalid_request")
    assert about in answer.json()["error_description"]


def test_unknown_members_and_repeated_scopes_are_forgiven(mock: Mock, realm: str) -> None:
    told = mock.register(realm, requested_scopes=["openid", "openid"], colour="blue")
    assert told.answer["granted_scopes"] == ["openid"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"null",
        b'{"email": "\\ud800@x.de", "client_name": "x"}',
        b'{"email": "a@x.de", "client_name": "\\ud800"}',
        b"[" * 20000,
    ],
)
def test_what_is_not_the_json_expected_is_400(mock: Mock, realm: str, body: bytes) -> None:
    answer = mock.http.post(
        f"{mock.issuer(realm)}/register/request",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert error(answer) == (400, "invalid_request")


def test_a_code_is_needed_until_the_sponsor_approved(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    for missing in (None, "", "  "):
        told = mock.confirm(realm, enrollment, missing)
        says(told, 400, "invalid_request", "has not approved on the page")
    assert error(mock.confirm(realm, enrollment, 12345678)) == (400, "invalid_request")
    assert mock.confirm(realm, enrollment, code).status_code == 200


@pytest.mark.both_databases
def test_the_database_holds_no_secret_in_the_clear(
    mock: Mock, registered_client: Registered
) -> None:
    enrollment, code = mock.enroll(registered_client.realm)
    stored = mock.database.content(mock.state_dir)
    secrets = (registered_client.client_secret, enrollment["poll_token"], code, code[:4] + code[5:])
    assert registered_client.client_id.encode() in stored
    assert not any(secret.encode() in stored for secret in secrets)


def test_the_log_holds_no_secret(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    enrollment, code = mock.enroll(client.realm)
    mock.confirm(client.realm, enrollment, wrong_code(code))
    token = client.token()
    client.ask_token("nonsense")
    client.ask_token(auth=(client.client_id, "sec_guess"))
    client.call("GET", client.url("/userinfo"), token, scheme="Bearer")
    log = mock.log
    assert "client authentication failed" in log
    assert not any(s in log for s in (client.client_secret, code, enrollment["poll_token"], token))
    assert "sec_guess" not in log
    assert "enrollment=" not in log
