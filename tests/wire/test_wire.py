"""The wire view: everything that teaches is there, nothing secret is, and nothing acts."""

from __future__ import annotations

import pickle
import re
import time
from html.parser import HTMLParser

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.client.token_requests import authentication
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import sign_token
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.redaction import Redactor
from tests.support.fake_service import CREDENTIALS, ENROLLMENT, GRANTED, ISSUER, SECRET

KEY = ProofKey.generate()
SIGNER = ec.generate_private_key(ec.SECP256R1())
HOSTILE = "<script>alert(1)</script> <a href='javascript:alert(2)'>x</a> \x1b[2J \u202eevil\u202c"
TOKEN = sign_token(SIGNER, {"sub": "cli_a", "note": HOSTILE}, kid="k1")
TAGS = {"div", "span", "b", "pre", "table", "tbody", "tr", "th", "td", "details", "summary"}
TAGS |= {"svg", "g", "line", "path", "text", "tspan", "title", "desc", "style", "rect", "circle"}


class Recorded:
    """A wire, and a client that talks through it to a service that always responds the same way."""

    def __init__(self, answer: httpx.Response | Exception | None = None) -> None:
        self.wire, self.answer = Wire(), answer or httpx.Response(200, json={})
        self.sent: list[httpx.Request] = []
        self.http = httpx.Client(transport=self.wire.transport(httpx.MockTransport(self._say)))

    def _say(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def everything(self) -> str:
        """All that the wire shows, draws, lists and holds."""
        shown = [self.wire.show(99), self.wire.sequence()]
        parts = [part for one in shown for part in (one.html, one.text, repr(one))]
        held = [repr(vars(trip)) for trip in self.wire.round_trips]
        lines = [str(trip.curl) for trip in self.wire.round_trips]
        return "\n".join([*parts, *held, *lines, repr(self.wire), repr(self.wire.round_trips)])


def token_request(answer: httpx.Response | None = None) -> Recorded:
    recorded = Recorded(answer)
    recorded.http.post(
        f"{ISSUER}/token",
        data={"grant_type": "client_credentials", "scope": "openid"},
        headers=authentication(CREDENTIALS)[0],
        auth=DPoPAuth(KEY),
    )
    return recorded


def test_a_token_request_is_shown_with_its_proof_decoded() -> None:
    body = {"access_token": TOKEN, "token_type": "DPoP", "expires_in": 3600}
    recorded = token_request(httpx.Response(200, json=body))
    for shown in (recorded.wire.show().html, recorded.wire.show().text):
        for word in (
            "POST",
            f"{ISSUER}/token",
            "200 OK",
            "DPoP proof, decoded",
            "dpop+jwt",
            "jwk",
            "htu",
            "htm",
            "jti",
            "grant_type=client_credentials",
            "Access token, decoded",
            "token_type",
            CREDENTIALS.client_id,
        ):
            assert word in shown


def test_no_secret_is_shown_or_held_anywhere() -> None:
    body = {"access_token": TOKEN, "token_type": "DPoP", "refresh_token": "rtvalue-opaque"}
    recorded = token_request(httpx.Response(200, json=body))
    secrets = {**ENROLLMENT, "verification_code": "ABCD-2345"}
    recorded.http.post(f"{ISSUER}/register/confirm", json=secrets)
    recorded.answer = httpx.Response(200, json=GRANTED, headers={"Set-Cookie": "session=cookie1"})
    recorded.http.post(f"{ISSUER}/x", data={"client_secret": "opaque+secret", "code": "WXYZ2345"})
    recorded.http.get(f"{ISSUER}/x?user_code=QRST2345", headers={"Cookie": "session=cookie2"})
    recorded.http.get(f"{ISSUER}/x", auth=DPoPAuth(KEY, TOKEN))
    recorded.http.get(f"{ISSUER}/x", headers={"Authorization": "Bearer opaque-bearer"})
    recorded.http.get(f"{ISSUER}/x", headers={"Authorization": "no-scheme-at-all"})
    broken = '{"poll_token": "opaque-poll'
    recorded.http.post(f"{ISSUER}/x", content=broken, headers={"Content-Type": "application/json"})
    everything = recorded.everything()
    proofs = [r.headers["DPoP"] for r in recorded.sent if "DPoP" in r.headers]
    basic_value = authentication(CREDENTIALS)[0]["Authorization"].removeprefix("Basic ")
    for secret in (
        SECRET,
        ENROLLMENT["poll_token"],
        "ABCD-2345",
        "rtvalue",
        "opaque",
        "WXYZ2345",
        "cookie1",
        "cookie2",
        "QRST2345",
        "no-scheme-at-all",
        basic_value[:16],
        TOKEN[:16],
        TOKEN.rpartition(".")[2],
        *(proof.rpartition(".")[2] for proof in proofs),
    ):
        assert str(secret) not in everything, secret
    assert "sec_" not in everything
    pickled = pickle.dumps(list(recorded.wire.round_trips))
    assert SECRET.encode() not in pickled


def test_an_email_address_is_shown_by_its_first_letter_and_its_domain() -> None:
    told = {"email": "kim.k@example.com", "error_description": "Mailed to kim.k@example.com."}
    recorded = Recorded(httpx.Response(200, json=told, headers={"X-For": "kim.k@example.com"}))
    recorded.http.post(f"{ISSUER}/register/request", json={"email": "kim.k@example.com", "n": 1})
    recorded.http.get(f"{ISSUER}/mails", params={"to": "kim.k@example.com", "n": "1"})
    recorded.http.post(f"{ISSUER}/device", data={"email": "kim.k@example.com"})
    recorded.http.post(f"{ISSUER}/device", content=b"To: <kim.k@example.com>")
    token = sign_token(SIGNER, {"email": "kim.k@example.com"}, kid="k")
    recorded.http.post(f"{ISSUER}/x", data={"subject_token": token})
    everything = recorded.everything()
    assert "kim" not in everything
    for shown in (recorded.wire.show(99).html, recorded.wire.show(99).text):
        assert shown.count("k…@example.com") >= 9
    assert "email" not in recorded.wire.round_trips[0].request.secrets


@pytest.mark.parametrize(
    "url",
    [
        f"{ISSUER}/mails/kim.k@example.com",
        f"{ISSUER}/mails/kim.k%40example.com/1",
        f"{ISSUER}/x?next=https%3A%2F%2Fh%2F%3Femail%3Dbea.k%2540example.com",
    ],
)
def test_an_email_address_in_a_url_is_hidden_too(url: str) -> None:
    recorded = Recorded(httpx.Response(302, headers={"Location": url}, json={"link": f"<{url}>"}))
    recorded.http.get(url)
    assert "kim" not in recorded.everything()
    assert "example.com" in recorded.wire.show().text


def test_an_email_address_in_a_problem_or_a_broken_link_is_hidden_too() -> None:
    recorded = Recorded(httpx.ConnectError("no route to kim@example.com"))
    with pytest.raises(httpx.ConnectError):
        recorded.http.get(ISSUER)
    recorded.answer = httpx.Response(201, headers={"Location": "http://h:x/kim@example.com"})
    recorded.http.get(ISSUER)
    assert "kim" not in recorded.everything()


@pytest.mark.parametrize("value", ["o'brien", "müller@", "kim@@example.com"])
def test_an_email_that_is_not_an_address_is_hidden_too(value: str) -> None:
    recorded = Recorded()
    recorded.http.post(ISSUER, json={"email": value})
    assert value not in recorded.wire.show().text


@pytest.mark.parametrize(
    "text",
    ["@app.route", "a @ b", "git@", "usek…@example.com", "https://h/x?y=1", "npm i @scope/x"],
)
def test_what_is_not_an_address_stays(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize("piece", ["a", "a.", "a@", "@", "a@b.", "a-", "'", "%2B", "%40", "a%40"])
def test_a_hostile_text_full_of_half_addresses_takes_no_time(piece: str) -> None:
    started = time.process_time()
    Redactor().text(piece * (65536 // len(piece)))
    assert time.process_time() - started < 0.5


def test_a_private_key_in_a_hostile_proof_is_not_shown() -> None:
    jwk = {**KEY.public_jwk, "d": "privateHalfOfTheKey"}
    proof = "e30." + sign_token(SIGNER, {"jwk": jwk}, kid="k").partition(".")[2]
    recorded = Recorded()
    recorded.http.get(ISSUER, headers={"DPoP": proof})
    recorded.http.post(ISSUER, json={"keys": [{**jwk, "d": ["privateHalfOfTheKey"]}]})
    assert "privateHalf" not in recorded.everything()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))


@pytest.mark.row("U1")
def test_hostile_text_is_only_text() -> None:
    body = {"access_token": TOKEN, HOSTILE: HOSTILE, "error": HOSTILE}
    answer = httpx.Response(400, json=body, headers={"X-Note": "<img src=x onerror=alert(1)>"})
    recorded = token_request(answer)
    recorded.http.get(f"{ISSUER}/<script>", params={"q": HOSTILE}, auth=DPoPAuth(KEY, TOKEN))
    for shown in (recorded.wire.show(9), recorded.wire.sequence()):
        tags = _Tags()
        tags.feed(shown.html)
        assert {tag for tag, _ in tags.seen} <= TAGS
        for _, attributes in tags.seen:
            assert all(name != "href" and not name.startswith("on") for name, _ in attributes)
        assert not {"\x1b", "\u202e", "\u202c"} & set(shown.html + shown.text)
    assert "\\u202eevil" in recorded.wire.show(9).text


def test_it_fits_light_and_dark_themes_and_fetches_nothing() -> None:
    recorded = token_request()
    for shown in (recorded.wire.show().html, recorded.wire.sequence().html):
        assert "var(--jp-" in shown
        assert not re.search(r"src=|url\(|@import|<script|<link", shown)
        assert not re.search(r"color: (?!var|inherit|color-mix)", shown)
        assert not re.search(
            r"color-mix\((?!in srgb, var)", shown.replace("color-mix(in srgb, color-mix", "")
        )


def test_both_sends_of_a_nonce_demand_are_there() -> None:
    wire = Wire()
    demand = httpx.Response(400, json={"error": "use_dpop_nonce"}, headers={"DPoP-Nonce": "n1"})
    answers = [demand, httpx.Response(200, json={})]
    inner = httpx.MockTransport(lambda _: answers.pop(0))
    httpx.Client(transport=wire.transport(inner)).post(ISSUER, auth=DPoPAuth(KEY))
    assert [trip.status for trip in wire.round_trips] == [400, 200]
    drawn = wire.sequence().text
    assert "400 use_dpop_nonce: asks for a nonce" in drawn
    assert '"nonce": "n1"' in wire.show().text


@pytest.mark.parametrize("problem", [httpx.ConnectError("refused"), DialtoneError("too big")])
def test_a_request_without_an_answer_is_shown_too(problem: Exception) -> None:
    recorded = Recorded(problem)
    with pytest.raises(type(problem)):
        recorded.http.get(ISSUER)
    assert f"no response: {problem}" in recorded.wire.show().text
    assert f"no response: {problem}" in recorded.wire.sequence().text


def test_an_empty_wire_reports_that() -> None:
    wire = Wire()
    assert wire.show().text == wire.sequence().text == "Nothing has been sent yet."
    with pytest.raises(DialtoneError, match="Nothing has been sent yet"):
        wire.curl()


def test_clearing_and_the_bound_on_what_is_kept() -> None:
    recorded = Recorded()
    for _ in range(205):
        recorded.http.get(ISSUER)
    assert len(recorded.wire.round_trips) == 200
    recorded.wire.clear()
    assert len(recorded.wire.round_trips) == 0


def test_the_former_name_of_the_round_trips_still_serves() -> None:
    recorded = token_request()
    with pytest.warns(DeprecationWarning, match=r"wire\.round_trips"):
        assert recorded.wire.exchanges is recorded.wire.round_trips


def test_a_deep_or_huge_body_does_no_harm() -> None:
    for content in (b"[" * 5000 + b"]" * 5000, b"1" * 9999, b"\xff" * 100, b'{"a":' * 900):
        recorded = Recorded(
            httpx.Response(200, content=content, headers={"Content-Type": "application/json"})
        )
        assert recorded.http.get(ISSUER).content == content
        recorded.everything()
