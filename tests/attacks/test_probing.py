"""Probing over HTTP: nowhere else, not for ever, and only what can be judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dialtone_kit.attacks import over_http
from dialtone_kit.attacks.calls import Answer, Call, NotTried, Target
from dialtone_kit.attacks.judge import Outcome
from dialtone_kit.attacks.over_http import AGENT, MOST, Sender, must_be_allowed
from dialtone_kit.attacks.probing import ELSEWHERE, CantJudge, Issued, probe
from dialtone_kit.base.errors import DialtoneError, RateLimited, ServiceUnreachable, UnsafeUrl
from dialtone_kit.base.masking import Secret
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token
from tests.support.small_verifier import URL, SmallVerifier

TARGET = Target("GET", URL)
Handler = Callable[[httpx.Request], httpx.Response]


class Issuer:
    """The client of an issuer whose tokens the verifier trusts. `deaf`: `resource` says nothing."""

    def __init__(self, verifier: SmallVerifier, *, deaf: bool = False, most: int = 99) -> None:
        self.verifier, self.deaf, self.most = verifier, deaf, most
        self.asked: list[dict[str, Any]] = []
        self.revoked: list[Token] = []

    def get_token(self, scope: str, *, key: ProofKey | None, **meant_for: Any) -> Token:
        self.asked.append({"scope": scope, **meant_for})
        if len(self.asked) > self.most:
            raise RateLimited("Too many.", 60)
        audience = "" if self.deaf else meant_for.get("resource", "")
        text = self.verifier.token(key, scope=scope, aud=audience or self.verifier.url)
        return Token(Secret(text), "DPoP", 3600, scope, key, 0.0)

    def revoke(self, token: Token) -> None:
        self.revoked.append(token)


def network(verifier: SmallVerifier) -> Handler:
    """The verifier behind HTTP: its answers as an API gives them."""

    def answer(request: httpx.Request) -> httpx.Response:
        fields = tuple((name, value) for name, value in request.headers.multi_items())
        got = verifier(Call(request.method, str(request.url), fields))
        return httpx.Response(got.status, headers=list(got.fields), json={"error": got.reason})

    def heard(request: httpx.Request) -> httpx.Response:
        if "Authorization" in request.headers:
            return answer(request)
        return httpx.Response(401, headers={"WWW-Authenticate": 'DPoP algs="ES256 ES384 EdDSA"'})

    return heard


def sender(handler: Handler, url: str = URL) -> Sender:
    return Sender(url, inner=httpx.MockTransport(handler))


def probed(verifier: SmallVerifier, issuer: Issuer | None = None) -> list[Outcome]:
    issued = Issued(issuer or Issuer(verifier), "openid", URL)  # type: ignore[arg-type]
    return list(probe(sender(network(verifier)), issued, TARGET))


@pytest.mark.parametrize(
    ("hole", "open_"),
    [
        ("", []),
        ("Host", [5]),
        ("the first field", [10]),
        ("nonce_is_ours", [8]),
        ("as bearer", [13]),
        ("aud", [14]),
    ],
)
def test_over_http_a_hole_is_found_as_in_this_process(hole: str, open_: list[int]) -> None:
    outcomes = probed(SmallVerifier(hole, nonces=True))
    assert [one.tried.number for one in outcomes if one.verdict == "open"] == open_  # type: ignore[union-attr]
    assert [getattr(one.tried, "number", 0) for one in outcomes if one.verdict == "not tried"] == [
        25
    ]
    assert not [one for one in outcomes if one.verdict == "refused"]


def test_tokens_are_for_the_api_and_all_are_revoked_at_the_end() -> None:
    verifier = SmallVerifier()
    issuer = Issuer(verifier)
    probed(verifier, issuer)
    assert len(issuer.revoked) == len(issuer.asked) == 12
    asked_for = [one.get("resource") for one in issuer.asked]
    shorter = URL.rpartition("/")[0]
    others = [[URL, ELSEWHERE], ELSEWHERE, f"{URL}/elsewhere", shorter, f"{URL}/", None]
    assert [one for one in asked_for if one != URL] == others
    broken = Issuer(verifier)
    judging = probe(sender(network(verifier)), Issued(broken, "a", "notes"), TARGET)  # type: ignore[arg-type]
    next(judging)
    judging.close()  # as an interrupt does
    assert broken.asked[0] == {"scope": "a", "audience": "notes"}
    assert len(broken.revoked) == len(broken.asked) == 1


def test_an_issuer_that_ignores_the_audience_proves_nothing_about_it() -> None:
    verifier = SmallVerifier()
    outcomes = probed(verifier, Issuer(verifier, deaf=True))
    of_14 = next(one for one in outcomes if getattr(one.tried, "number", 0) == 14)
    assert (of_14.verdict, "another API" in of_14.detail) == ("not tried", True)
    for_two = next(one for one in outcomes if one.tried.name == "a token for two APIs")
    assert (for_two.verdict, "two APIs" in for_two.detail) == ("not tried", True)


def test_where_tokens_name_no_audience_none_is_made_up() -> None:
    verifier = SmallVerifier()
    issuer = Issuer(verifier)
    issued = Issued(issuer, "openid", None)  # type: ignore[arg-type]
    list(probe(sender(network(verifier)), issued, TARGET))
    assert {value for one in issuer.asked for value in one.values()} == {"openid", ELSEWHERE}


def test_of_tokens_that_cant_be_read_none_is_taken_for_a_foreign_one() -> None:
    class Opaque(Issuer):
        def get_token(self, scope: str, **how: Any) -> Token:
            return replace(super().get_token(scope, **how), access_token=Secret("opaque"))

    issued = Issued(Opaque(SmallVerifier()), "openid", URL)  # type: ignore[arg-type]
    issued.token(key := ProofKey.generate())
    with pytest.raises(NotTried, match="known to be for another API"):
        issued.foreign(key)


def test_an_issuer_that_gives_no_more_tokens_leaves_the_rest_untried() -> None:
    verifier = SmallVerifier()
    outcomes = probed(verifier, Issuer(verifier, most=1))
    untried = [one for one in outcomes if "gives no token" in one.detail]
    assert {one.verdict for one in untried} == {"not tried"}
    assert {getattr(one.tried, "number", one.tried.name) for one in untried} == {
        6,
        12,
        14,
        "a token for two APIs",
        "a key for ES384",
        "a key for EdDSA",
    }
    with pytest.raises(RateLimited):
        probed(verifier, Issuer(verifier, most=0))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(200), "nothing is protected"),
        (Answer(204), "nothing is protected"),
        (Answer(302, (("Location", "https://login.example/?next=/x"),)), "redirect to https://log"),
        (Answer(401, (), "Who are you?"), "it got 401: Who are you?"),
        (Answer(404), "it got 404. Does"),
        (Answer(500), "it got 500 (the service fails). Does"),
        (Answer(429), "it got 429 (the service is busy). Does"),
    ],
)
def test_what_can_not_be_judged_is_one_line(answer: Answer, says: str) -> None:
    issuer = Issuer(SmallVerifier())
    with pytest.raises(CantJudge) as refused:
        list(probe(lambda call: answer, Issued(issuer, "openid", URL), TARGET))  # type: ignore[arg-type]
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(issuer.revoked) == len(issuer.asked)


# --- the sender ---


def call(url: str = URL) -> Call:
    return Call("GET", url, (("DPoP", "a"), ("DPoP", "b"), ("Host", "evil.example")))


def test_header_fields_go_out_as_they_are() -> None:
    seen: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    sender(note)(call())
    assert seen[0].headers.get_list("DPoP") == ["a", "b"]
    assert seen[0].headers.get_list("Host") == ["evil.example"]
    assert seen[0].headers["User-Agent"] == AGENT
    assert seen[0].url.host == "notes.example"


def test_nothing_goes_to_another_origin() -> None:
    send = sender(lambda _: httpx.Response(200))
    for url in (
        "https://evil.example/api/notes",
        "https://notes.example:8443/",
        "http://127.0.0.1/",
    ):
        with pytest.raises(UnsafeUrl, match=r"only https://notes\.example"):
            send(call(url))
    assert send(call("https://notes.example/other?x=1")).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[str] = []

    def moved(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    assert sender(moved)(call()).value("location") == "https://evil.example/"
    assert asked == [URL]


def test_a_session_of_the_agent_is_no_attackers() -> None:
    """An API that gives a cookie to whoever got in once, and lets in whoever brings it."""
    verifier = SmallVerifier(nonces=True)

    def with_session(request: httpx.Request) -> httpx.Response:
        if "cookie" in request.headers:
            return httpx.Response(200)
        answer = network(verifier)(request)
        if answer.status_code == 200:
            answer.headers["Set-Cookie"] = "session=1; Path=/"
        return answer

    issued = Issued(Issuer(verifier), "openid", URL)  # type: ignore[arg-type]
    outcomes = list(probe(sender(with_session), issued, TARGET))
    assert not [one for one in outcomes if one.is_fault]


def test_a_service_that_asks_for_a_pause_gets_it() -> None:
    answers = iter([401, 200, 200, 429])
    asked: list[int] = []

    def busy(_: httpx.Request) -> httpx.Response:
        asked.append(next(answers))
        return httpx.Response(asked[-1])

    issued = Issued(Issuer(SmallVerifier()), "openid", URL)  # type: ignore[arg-type]
    with pytest.raises(DialtoneError, match=r"asks for a pause \(429\)"):
        list(probe(sender(busy), issued, TARGET))
    assert asked == [401, 200, 200, 429]


def test_requests_and_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    send = sender(lambda _: httpx.Response(200))
    for _ in range(MOST):
        send(call())
    with pytest.raises(DialtoneError, match=f"after {MOST} requests"):
        send(call())
    monkeypatch.setattr(over_http, "LONGEST", -1.0)
    with pytest.raises(DialtoneError, match="seconds: that's the limit"):
        sender(lambda _: httpx.Response(200))(call())


def test_a_whole_probe_stays_well_below_the_bound() -> None:
    verifier = SmallVerifier(nonces=True)
    send = sender(network(verifier))
    list(probe(send, Issued(Issuer(verifier), "openid", URL), TARGET))  # type: ignore[arg-type]
    assert MOST - send.left < MOST * 2 / 3


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (
            httpx.ConnectError("refused"),
            "No connection to https://notes.example (refused). Is it running?",
        ),
        (
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"),
            "presented a certificate that is not trusted",
        ),
        (httpx.ReadTimeout("slow"), "did not answer in time"),
        (httpx.RemoteProtocolError("gone"), "was cut off"),
    ],
)
def test_a_line_that_fails_is_one_sentence(problem: Exception, says: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise problem

    with pytest.raises(DialtoneError) as told:
        sender(fail)(call())
    assert says in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["http://notes.example/", "ftp://127.0.0.1/", "https://a:b@c.example/"]
)
def test_no_token_goes_where_it_could_be_read(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        Sender(url)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://api.example/x", None),
        ("https://api.example/x", "other.example"),
        ("https://api.example/x", "example"),
        ("https://api.example/x", ""),
        ("http://127.0.0.1:5000/", "api.example"),
        ("http://api.example/x", "api.example"),
        ("https://localhost.example/x", None),
    ],
)
def test_a_host_is_tested_only_if_it_is_this_machine_or_named_twice(
    url: str, named: str | None
) -> None:
    with pytest.raises(UnsafeUrl):
        must_be_allowed(url, named)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://api.example/x", "api.example"),
        ("https://API.example:8443/x", "Api.Example"),
        ("http://127.0.0.1:5000/", None),
        ("http://[::1]:5000/", "::1"),
        ("http://localhost/", "localhost"),
    ],
)
def test_these_may_be_tested(url: str, named: str | None) -> None:
    must_be_allowed(url, named)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(401), ""),
        (httpx.Response(401, text="<html>no</html>"), ""),
        (httpx.Response(401, json=["no"]), ""),
        (httpx.Response(401, json={"error": "mismatch"}), "mismatch"),
        (httpx.Response(401, json={"detail": {"a": 1}, "message": "no"}), "no"),
        (httpx.Response(400, json={"error": "x", "error_description": "why"}), "why"),
        (
            httpx.Response(
                401,
                headers={"WWW-Authenticate": 'Bearer, DPoP error="x", error_description="htu: no"'},
                content=json.dumps({"error": "x"}),
            ),
            "htu: no",
        ),
    ],
)
def test_the_reason_is_what_the_service_says(response: httpx.Response, reason: str) -> None:
    assert sender(lambda _: response)(call()).reason == reason


def test_there_is_no_service_at_a_port_where_nobody_listens() -> None:
    with Sender("http://127.0.0.1:9/") as send, pytest.raises(ServiceUnreachable, match="running"):
        send(Call("GET", "http://127.0.0.1:9/", ()))
