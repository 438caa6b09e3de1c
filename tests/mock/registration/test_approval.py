"""The sponsor's page: safe against scanners, forged forms and clever names, behind any prefix."""

import re
from typing import Any

import httpx
import pytest

from tests.support.running_mock import Mock

HTML = {"Accept": "text/html,application/xhtml+xml"}


class Browser:
    """As much of a browser as the page needs: a cookie, and the form as the page has it."""

    def __init__(self, enrollment: dict[str, Any], **headers: str) -> None:
        self.url, _, query = enrollment["approval_url"].partition("?")
        self.query = dict([query.split("=")])
        self.http = httpx.Client(headers={**HTML, **headers}, trust_env=False, verify=False)

    def open(self) -> httpx.Response:
        self.page = self.http.get(self.url, params=self.query)
        self.form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', self.page.text))
        return self.page

    def send(self, code: str, **form: str) -> httpx.Response:
        return self.http.post(self.url, data={**self.form, "verification_code": code, **form})


def status(mock: Mock, enrollment: dict[str, Any]) -> str:
    return str(mock.http.get(enrollment["status_url"]).json()["status"])


def tries_left(mock: Mock, enrollment: dict[str, Any]) -> int:
    return int(mock.http.get(enrollment["status_url"]).json()["tries_left"])


def test_a_refusal_is_tied_to_its_field_and_an_outcome_takes_the_focus(
    mock: Mock, realm: str
) -> None:
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment)
    assert 'aria-describedby="tries"' in browser.open().text
    refused = browser.send("AAAA-AAAA").text
    for part in ('id="problem" role="alert"', 'aria-describedby="problem tries"', "aria-invalid"):
        assert part in refused
    assert "<title>Not accepted" in refused
    assert re.search(r'role="status" tabindex="-1" autofocus>Approved', browser.send(code).text)


def test_the_right_code_approves_and_then_no_code_is_needed(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment)
    page = browser.open()
    assert page.status_code == 200
    assert "my-agent" in page.text
    assert "notes:write" in page.text
    form = browser.form
    assert browser.send(code.lower()).status_code == 200
    assert status(mock, enrollment) == "approved"
    assert "Approved" in browser.open().text
    assert mock.confirm(realm, enrollment).status_code == 200
    late = browser.send(code, **form)
    assert (late.status_code, "Already done" in late.text) == (409, True)
    assert "Already done" in browser.open().text


@pytest.mark.row("E11")
def test_e11_looking_approves_nothing(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    for method in ("GET", "HEAD"):
        seen = mock.http.request(method, f"{enrollment['approval_url']}&verification_code={code}")
        assert seen.status_code == 200
    assert status(mock, enrollment) == "pending"


@pytest.mark.row("E1")
def test_wrong_codes_of_page_and_api_count_together(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment)
    browser.open()
    for left in (4, 3):
        page = browser.send("AAAA-AAAA")
        assert page.status_code == 401
        assert f"{left} tries left" in page.text
        assert tries_left(mock, enrollment) == left
        assert re.findall(r"\d+ tr\w+ left", page.text) == [f"{left} tries left"]
    assert mock.confirm(realm, enrollment, "AAAA-AAAA").json()["tries_left"] == 2
    assert "2 tries left. Wrong codes here and in the agent's form" in browser.open().text
    assert "1 try left" in browser.send("AAAA-AAAA").text
    locked = browser.send("AAAA-AAAA")
    assert (locked.status_code, "Locked" in locked.text) == (410, True)
    assert browser.send(code).status_code == 410
    assert mock.confirm(realm, enrollment, code).status_code == 410
    assert (status(mock, enrollment), tries_left(mock, enrollment)) == ("locked", 0)


def test_a_form_of_no_ones_is_refused_and_costs_no_try(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    browser, other = Browser(enrollment), Browser(enrollment)
    browser.open()
    other.open()
    forged = browser.send(code, form_token=other.form["form_token"])
    assert forged.status_code == 403
    assert browser.send(code, form_token="").status_code == 403
    browser.http.cookies.clear()
    assert browser.send(code).status_code == 403
    assert status(mock, enrollment) == "pending"
    assert other.send(code).status_code == 200


def test_a_form_token_is_for_one_enrollment(mock: Mock, realm: str) -> None:
    mine, _ = mock.enroll(realm)
    theirs, code = mock.enroll(realm)
    browser = Browser(mine)
    browser.open()
    assert browser.send(code, enrollment=theirs["enrollment_id"]).status_code == 403
    assert status(mock, theirs) == "pending"


@pytest.mark.row("E1")
@pytest.mark.parametrize("typed", ["12", "no code here", "ABCD-2345 or WXYZ-6789"])
def test_what_can_not_be_a_code_costs_no_try(mock: Mock, realm: str, typed: str) -> None:
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment)
    browser.open()
    for _ in range(5):
        page = browser.send(typed)
        assert (page.status_code, "This does not count as a try" in page.text) == (400, True)
        told = mock.confirm(realm, enrollment, typed)
        assert (told.status_code, told.json()["error"]) == (400, "invalid_request")
    assert mock.confirm(realm, enrollment, "AAAA-AAAA").json()["tries_left"] == 4
    pasted = code.replace("-", "\u2212")
    assert browser.send(f"Your code is {pasted}.").status_code == 200


def test_an_empty_code_is_asked_for_again(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment)
    browser.open()
    empty = browser.send("")
    assert (empty.status_code, "Enter the code from the email" in empty.text) == (400, True)
    assert browser.send(code).status_code == 200


def test_an_expired_enrollment_says_so(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment)
    browser.open()
    mock.move_clock(realm, 3601)
    answer = browser.send(code)
    assert (answer.status_code, "Expired" in answer.text) == (410, True)


@pytest.mark.parametrize("query", ["?enrollment=enroll_x", "?enrollment=", "", "?enrollment=%00"])
def test_an_unknown_enrollment_is_a_page_for_people_and_json_for_programs(
    mock: Mock, realm: str, query: str
) -> None:
    url = f"{mock.issuer(realm)}/register/approve{query}"
    page = mock.http.get(url, headers=HTML)
    assert (page.status_code, "No such enrollment" in page.text) == (404, True)
    told = mock.http.get(url, headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["error"]) == (404, "not_found")


def test_programs_get_json_when_the_answer_is_no(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    form = {"enrollment": enrollment["enrollment_id"], "verification_code": code}
    url = f"{mock.issuer(realm)}/register/approve"
    told = mock.http.post(url, data=form, headers={"Accept": "*/*"})
    assert (told.status_code, told.json()["error"]) == (403, "access_denied")


@pytest.mark.row("E10")
def test_e10_a_clever_name_is_text(mock: Mock, realm: str) -> None:
    name = '<script>alert(1)</script>"\u202e\u2067x'
    enrollment, _ = mock.enroll(realm, client_name=name, client_description="<img src=x> &amp;")
    page = Browser(enrollment).open().text
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;\\u202e\\u2067x" in page
    assert "&amp;amp;" in page
    assert "\u202e" not in page


def test_the_page_runs_nothing_and_is_framed_by_no_one(mock: Mock, realm: str) -> None:
    enrollment, _ = mock.enroll(realm)
    page = Browser(enrollment).open()
    policy = page.headers["content-security-policy"]
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_it_works_behind_a_proxy_that_adds_a_prefix(mock: Mock, realm: str) -> None:
    """A hub passes its own Host on and strips the prefix that the browser sees."""
    enrollment, code = mock.enroll(realm)
    browser = Browser(enrollment, Host="hub.example.org")
    page = browser.open()
    assert page.status_code == 200
    targets = re.findall(r'(?:action|href|src)="([^"]*)"', page.text)
    assert targets == ["approve"]  # relative: the browser puts its own prefix before it
    assert "Path" not in page.headers["set-cookie"]  # and takes its own folder
    assert browser.send(code).status_code == 200


def test_a_hubs_own_cookies_are_neither_needed_nor_shown(mock: Mock, realm: str) -> None:
    enrollment, _ = mock.enroll(realm)
    page = Browser(enrollment, Cookie="_xsrf=hub-secret; dialtone_form=short").open()
    assert "hub-secret" not in page.text + str(page.headers) + mock.log
