"""lesson.said(): each refusal with its rule and reason, and the story so far, once each."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import httpx
import pytest

from dialtone_kit import ProofKey, build_proof, start
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson.answers import read_answer, steady
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.lesson.said import DRAWN, Story

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjbGlfeCJ9.c2lnbmF0dXJlc2lnbmF0dXJl"
HOSTILE = "<script>alert(1)</script> \x1b[2J \u202eevil <img src=x onerror=alert(1)>"


def refused(status: int = 401, text: str = "", error: str = "invalid_dpop_proof", **more: object):  # type: ignore[no-untyped-def]
    asked = httpx.Request("GET", "https://id.example/api", headers={"Authorization": "DPoP t"})
    body = {"error": error, "error_description": text}
    return httpx.Response(status, json=body, request=asked, **more)  # type: ignore[arg-type]


REPLAY = refused(text="jti_is_new: expected a jti never used before, got a used one. Do. [M01]")
WELCOME = httpx.Response(
    200, json={"sub": "x"}, request=httpx.Request("GET", "https://h.example/api")
)


def said(*responses: httpx.Response) -> tuple[str, str]:
    shown = Story().add([read_answer(one) for one in responses])
    return shown.text, shown.html


@pytest.fixture
def lesson(shared_home: Path) -> Lesson:
    return start(5)


def test_the_five_refusals_of_lesson_05_are_told_apart(lesson: Lesson) -> None:
    key, target = ProofKey.generate(), f"{lesson.issuer}/api/whoami"
    token = lesson.client.get_token(key=key).access_token.reveal()

    def send(proof: str, scheme: str = "DPoP") -> httpx.Response:
        headers = {"Authorization": f"{scheme} {token}", "DPoP": proof}
        return lesson.http.get(target, headers=headers)

    def prove(signer: ProofKey = key, url: str = target) -> str:
        return build_proof(signer, "GET", url, access_token=token)

    proof = prove()
    responses = [
        send(proof),
        send(proof),
        send(prove(url=f"{target}/me")),
        send(build_proof(key, "GET", target)),
        send(prove(ProofKey.generate())),
        send(prove(), "Bearer"),
        lesson.http.get(target),
    ]
    answers = [read_answer(one) for one in responses]
    assert [(one.short, one.reason.code) for one in answers] == [
        ("200 accepted", ""),
        ("401 jti_is_new", "M01"),
        ("401 htu_matches", "M04"),
        ("401 ath_matches", "M05"),
        ("401 key_is_bound", "M07"),
        ("401 scheme", "M08"),
        ("401 unauthorized", ""),
    ]
    assert len({one.odd for one in answers}) == 7
    assert answers[-1].schemes == ("DPoP", "Bearer")
    shown = lesson.said(*responses)
    assert token not in shown.html + shown.text
    assert not re.search(r"127\.0\.0\.1:\d", shown.text)
    assert shown.text == lesson.said(*responses).text


def test_a_card_has_the_rule_the_reason_what_to_do_and_the_link() -> None:
    text, html = said(REPLAY)
    assert text == (
        "401 invalid_dpop_proof\n"
        "    rule           jti_is_new\n"
        "    expected       a jti never used before\n"
        "    got            a used one\n"
        "    what to do     Do.\n"
        "    misconception  M01 “A retry can send the same proof”"
    )
    for part in ("401", "jti_is_new", "a jti never used before", "a used one", "what to do"):
        assert part in html
    assert 'href="misconceptions.md#m01"' in html


def test_a_refused_attestation_is_about_evidence_and_no_token() -> None:
    asked = httpx.Request("POST", "https://id.example/v1/svid/x509")
    attest = {"WWW-Authenticate": 'Attestation challenge="/v1/attest/challenge"'}
    body = {"error": "unauthorized", "error_description": "evidence aud: another challenge."}
    answer = read_answer(httpx.Response(401, headers=attest, json=body, request=asked))
    assert answer.odd == "evidence that was refused"
    shown = Story().add([answer])
    assert "evidence that was refused" in shown.html
    assert "no token" not in shown.text + shown.html


def test_a_wrong_code_is_about_the_code_and_no_token() -> None:
    asked = httpx.Request("POST", "https://id.example/register/confirm")
    ask = {"WWW-Authenticate": 'VerificationCode realm="dialtone"'}
    body = {"error": "unauthorized", "error_description": "This is not the code. 4 tries left."}
    answer = read_answer(httpx.Response(401, headers=ask, json=body, request=asked))
    assert answer.odd == "a code or poll token that was refused"
    assert read_answer(httpx.Response(401, json=body, request=asked)).odd == "no token"


def test_a_success_is_welcome() -> None:
    assert said(WELCOME)[0] == "200 accepted"


# -- any response ------------------------------------------------------------------------------

ANY = {
    "header alone": (
        httpx.Response(401, headers={"WWW-Authenticate": 'DPoP error=invalid_token, algs="ES256"'}),
        ["401 invalid_token", "schemes        DPoP"],
    ),
    "two schemes": (
        httpx.Response(401, headers=[("WWW-Authenticate", "DPoP"), ("WWW-Authenticate", "Bearer")]),
        ["401 Unauthorized", "The body is empty.", "DPoP or Bearer"],
    ),
    "problem": (
        httpx.Response(403, json={"title": "No", "detail": "Not on a Sunday."}),
        ["403 Forbidden", "it says        Not on a Sunday."],
    ),
    "page": (
        httpx.Response(502, html="<html><title>Bad Gateway</title>"),
        ["502 Bad Gateway", "A web page: Bad Gateway"],
    ),
    "page without a title": (httpx.Response(404, html="<p>no"), ["A web page."]),
    "text": (httpx.Response(503, text="come\nback  later"), ["it says        come back later"]),
    "empty": (httpx.Response(500), ["500 Internal Server Error", "The body is empty."]),
    "redirect": (httpx.Response(302, headers={"Location": "/x"}), ["302 Found"]),
    "list": (httpx.Response(400, json=["no"]), ["400 Bad Request"]),
    "numbers": (httpx.Response(400, json={"error": 1, "error_description": 2}), ["400"]),
    "deep": (httpx.Response(400, content=b"[" * 5000), ["400"]),
    "junk": (httpx.Response(400, content=b"\xff\xfe\x00"), ["400"]),
    "unknown status": (httpx.Response(499), ["499"]),
    "validation": (
        refused(400, "grant_type: is missing", "invalid_request"),
        ["400 invalid_request", "it says        grant_type: is missing"],
    ),
}


@pytest.mark.parametrize(("response", "parts"), ANY.values(), ids=ANY)
def test_any_response_can_be_shown(response: httpx.Response, parts: list[str]) -> None:
    text, html = said(response)
    assert [part for part in parts if part not in text] == []
    assert str(response.status_code) in html


def test_a_stream_that_is_gone_is_shown_by_its_status() -> None:
    response = httpx.Response(401, stream=httpx.ByteStream(b"x"))
    response.stream.close()
    response.is_stream_consumed = True
    assert said(response)[0].startswith("401 Unauthorized")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", f'{{"client_secret": "sec_{"a" * 37}'),
        ("application/json", '{"verification_code": "aaaa-aaaa", "poll'),
        ("text/html", f"<title>{'x' * 170} sec_{'a' * 43}</title>"),
    ],
)
def test_a_body_that_breaks_off_shows_no_part_of_a_secret(kind: str, body: str) -> None:
    shown = "".join(said(httpx.Response(502, headers={"Content-Type": kind}, text=body)))
    assert "••••••" in shown
    assert "aaaa" not in shown


@pytest.mark.parametrize("thing", ["401", None, {"status": 401}, httpx.Request("GET", "http://h/")])
def test_what_is_not_a_response_is_one_line(thing: object) -> None:
    with pytest.raises(DialtoneError, match=r"takes responses"):
        read_answer(thing)  # type: ignore[arg-type]


def test_nothing_secret_no_address_and_nothing_that_acts_is_shown() -> None:
    told = f"htu_matches: expected {HOSTILE}, got {JWT} by ada@example.com. sec_{'s' * 43}"
    text, html = said(refused(text=told), httpx.Response(400, text=f"{told} {HOSTILE}"))
    for hidden in (JWT, "ada@", "sec_ssss", "\x1b", "\u202e"):
        assert hidden not in text + html
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:8787/a", "http://127.0.0.1:40001/a"),
        ("iat 70 s behind", "iat 71 s behind"),
        ("realms/lab-00cc73879c20/api", "realms/lab-11dd73879c21/api"),
        (f"key {'a1-_' * 10}b2c", f"key {'B_3c' * 10}d4E"),
        ("exp 1795759156", "exp 1795759157.5"),
    ],
)
def test_what_differs_from_run_to_run_is_not_in_the_text(one: str, other: str) -> None:
    assert steady(one) == steady(other) != one


def test_what_is_the_same_in_every_run_stays() -> None:
    told = "expected iat at most 60 s old, 5 s ahead; https://id.strongdm.ai/realms/default/token"
    assert steady(told) == told


# -- the story ---------------------------------------------------------------------------------


def lines(shown: str) -> list[str]:
    """The diagram in words, without its title: two lines for each answer."""
    words = re.search(r"<pre>(.*?)</pre>", shown, re.S)
    assert words
    return words[1].splitlines()[1:]


def test_the_diagram_grows_and_a_cell_run_again_adds_nothing() -> None:
    story, cells = (
        Story(),
        ([WELCOME, REPLAY], [refused(text="ath_matches: expected a, got nothing.")]),
    )
    grown = [story.add([read_answer(one) for one in cell]).html for cell in cells]
    assert [len(lines(html)) for html in grown] == [4, 6]
    first, second, third = lines(grown[1])[::2]
    assert not first.endswith("new")
    assert "a proof that was used before" in second
    assert "a proof without ath" in third
    assert third.endswith("new")
    again = story.add([read_answer(one) for one in cells[0]]).html
    assert len(lines(again)) == 6
    assert [line.endswith("new") for line in lines(again)[::2]] == [True, True, False]


def test_equal_answers_of_one_cell_have_a_line_each() -> None:
    story, answers = Story(), [read_answer(REPLAY)] * 3
    assert [len(lines(story.add(answers).html)) for _ in range(2)] == [6, 6]


def test_an_answer_that_came_before_is_a_line_of_its_own_in_another_cell() -> None:
    story = Story()
    story.add([read_answer(WELCOME)])
    grown = story.add([read_answer(REPLAY), read_answer(WELCOME)]).html
    assert [line.endswith("new") for line in lines(grown)[::2]] == [False, True, True]


def test_the_diagram_has_the_last_lines_under_their_numbers() -> None:
    story = Story()
    for n in range(1, 20):
        shown = story.add([read_answer(refused(text="", error=f"error_{n}"))])
    assert len(lines(shown.html)) == 2 * DRAWN
    assert ("error_19" in shown.html, "error_15" in shown.html) == (True, False)
    assert (">16<" in shown.html, ">15<" in shown.html) == (True, False)


def test_all_answers_of_a_cell_are_in_the_diagram() -> None:
    answers = [read_answer(refused(text="", error=f"error_{n}")) for n in range(DRAWN + 3)]
    assert len(lines(Story().add(answers).html)) == 2 * len(answers)


def test_what_a_thief_sends_is_the_thiefs_and_not_in_order() -> None:
    """With a stolen bearer token, the service can't tell; the diagram can."""
    stolen = httpx.Response(200, json={}, request=WELCOME.request, extensions={"by": "thief"})
    drawn = lines(Story().add([read_answer(stolen), read_answer(WELCOME)]).html)
    assert drawn[0] == "thief ──▶ service  stolen, and it looks in order  new"
    assert drawn[2] == "caller ──▶ service  all in order  new"


@pytest.mark.parametrize(
    ("offered", "odd"),
    [("DPoP", "the token under another scheme"), ("Bearer", "something else")],
)
def test_a_scheme_that_is_not_offered_is_what_was_odd(offered: str, odd: str) -> None:
    asked = httpx.Request("POST", "https://h.example/mcp", headers={"Authorization": "Bearer t"})
    response = httpx.Response(401, headers={"WWW-Authenticate": offered}, request=asked)
    assert read_answer(response).odd == odd


@pytest.mark.parametrize(
    ("error", "odd"),
    [("access_denied", "may not do"), ("insufficient_scope", "scope"), ("conflict", "refused")],
)
def test_a_refusal_without_a_rule_is_named_by_its_error(error: str, odd: str) -> None:
    assert odd in read_answer(refused(403, "No.", error)).odd


def test_an_endless_body_takes_no_time() -> None:
    started = time.process_time()
    for content in (b"expected " * 400_000, json.dumps({"error": "a" * 10**6}).encode()):
        said(httpx.Response(400, content=content))
    assert time.process_time() - started < 2
