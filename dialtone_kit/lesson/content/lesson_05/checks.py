"""Lesson 05: `ath`, a request with its proof, `htu` behind a query, and the nonce on demand."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import httpx

from dialtone_kit.base.errors import NotThisService, ServiceUnreachable
from dialtone_kit.base.jws import b64url
from dialtone_kit.base.masking import mask_text
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_05.door import Door, judge_call, judge_endless
from dialtone_kit.lesson.content.lesson_05.judging import Seen, judge_request
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_text, function_of, same, show, word
from dialtone_kit.lesson.exercises.patience import sealed
from dialtone_kit.proofs import build_proof
from dialtone_kit.rules import access_token_hash

RFC_9449 = (  # the example of §7.1: an access token and its ath
    "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
    "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
)


@exercise(
    "05.ath",
    "The missing ath",
    hints=[
        "Hash the token exactly as the Authorization header has it: the whole string.",
        "SHA-256, `.digest()`, then b64url: 43 characters, without =.",
        "b64url(hashlib.sha256(access_token.encode()).digest())",
    ],
    praise="RFC 9449's own example comes out, and the service accepted a proof with your ath.",
)
def ath(answer: object, lesson: LiveLesson) -> None:
    ath_of = function_of(answer, "ath_of")
    tokens = [f"ey{word(12)}.{secrets.token_urlsafe(40)}.{secrets.token_urlsafe(64)}", word(30)]
    for token in tokens:
        _judge_ath(expect_text(ask(ath_of, token), "ath"), token)
    if not same(ask(ath_of, RFC_9449[0]), RFC_9449[1]):
        raise Wrong("The example of RFC 9449 §7.1 comes out differently.", "M05")
    url = protected_url(lesson)
    if url is not None:
        _live_ath(ath_of, url, lesson)


def _judge_ath(got: str, token: str) -> None:
    if got == access_token_hash(token):
        return
    digest = hashlib.sha256(token.encode())
    if got == digest.hexdigest():
        raise Wrong("That is the hash in hex; ath is base64url of the 32 bytes.", "M05")
    if got == b64url(digest.hexdigest().encode()):
        raise Wrong("You encoded the hex digits. Use .digest(), the bytes themselves.", "M05")
    if got.rstrip("=").replace("+", "-").replace("/", "_") == access_token_hash(token):
        raise Wrong("The hash is right, its spelling is not: base64url, no padding.", "M05")
    for part in (
        token.split(".")[-1],
        token.split(".")[0],
        token.rpartition(".")[0],
        f"DPoP {token}",
    ):
        if got == access_token_hash(part):
            raise Wrong(
                "You hashed a part of the token, or the scheme along with it. ath covers "
                "the whole token string, dots and signature too.",
                "M05",
            )
    raise Wrong(f"This is not the SHA-256 of the token: you returned {show(got)}.", "M05")


def _live_ath(ath_of: Callable[[str], str], url: str, lesson: LiveLesson) -> None:
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key).access_token.reveal()
    if not same(ask(ath_of, token), access_token_hash(token)):
        raise Wrong("For a token fresh from the service, your ath is a different one.", "M05")
    proof = build_proof(key, "GET", url, access_token=token)
    response = lesson.http.get(url, headers={"Authorization": f"DPoP {token}", "DPoP": proof})
    if response.status_code != 200 and "use_dpop_nonce" not in response.text:
        raise Wrong(f"The service answered {response.status_code} to a proof with this ath.", "M05")


@exercise(
    "05.make-request",
    "Write make_dpop_request",
    hints=[
        "Two headers: Authorization with the scheme DPoP and the token, and DPoP with the proof.",
        "build_proof(key, method, url, access_token=access_token) makes the proof, with ath.",
        "return httpx.Request(method, url, headers={…}): made here, sent by the caller.",
    ],
    praise="Fresh proof, right hash, right URL, the token's own key: the service let you in twice.",
)
def make_request(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "make_dpop_request")
    key, token = ProofKey.generate(), secrets.token_urlsafe(48)
    seen = Seen()
    url = f"https://api-{word()}.example/{word()}?page={word()}"
    for method in ("GET", "POST", "GET"):
        judge_request(_made_by(function, method, url, token, key), (method, url, token), key, seen)
    _live_request(function, lesson)


def _made_by(function: Callable[..., Any], *arguments: object) -> Any:
    """What the function made for a host that doesn't exist: a function that sends is refused."""
    try:
        return ask(function, *arguments)
    except (httpx.TransportError, ServiceUnreachable, NotThisService):
        raise Wrong(
            "Your function sent the request itself. Make it and return it: the caller sends it."
        ) from None


def _live_request(function: Callable[..., httpx.Request], lesson: LiveLesson) -> None:
    """Two calls to the running service; the second shows that nothing was kept."""
    url = protected_url(lesson)
    if url is None:
        return  # the service has no protected page of its own: the checks above have to do
    key, seen = ProofKey.generate(), Seen()
    token = lesson.client.get_token(key=key).access_token.reveal()
    for _ in range(2):
        request = ask(function, "GET", url, token, key)
        judge_request(request, ("GET", url, token), key, seen)
        response = lesson.http.send(request)
        demanded = response.headers.get("DPoP-Nonce") and "use_dpop_nonce" in response.text
        if response.status_code != 200 and not demanded:
            text = mask_text(response.text)[:200]
            raise Wrong(f"The service answered {response.status_code}: {text}")


def protected_url(lesson: LiveLesson) -> str | None:
    """A page that wants a token: the mock's whoami, elsewhere what discovery names, or None."""
    if lesson.is_mock:
        return f"{lesson.issuer}/api/whoami"
    userinfo = lesson.client.metadata.get("userinfo_endpoint")
    return str(userinfo) if userinfo else None


@exercise(
    "05.htu",
    "The right htu behind a query string",
    hints=[
        "Keep everything before the first ? and the first #. Nothing else changes.",
        "The port, a slash at the end and upper case in the path all stay.",
        "url.partition('#')[0].partition('?')[0]",
    ],
    praise="Query and fragment are gone, and nothing else was touched.",
)
def htu(answer: object, lesson: LiveLesson) -> None:
    htu_of = function_of(answer, "htu_of")
    bases = [
        f"https://api-{word()}.example:8443/{word()}/Notes",
        f"{lesson.issuer}/api/notes",
        f"https://api.example/{word()}/",
        f"https://api.example/a%2F{word()}",
        f"https://api.example/{word()};v=1/notes;lang={word()}",
    ]
    for base in bases:
        for tail in (
            "",
            f"?q={word()}",
            "?a=1&b=https://x.example/?c#d",
            f"#{word()}",
            "?#",
            "#top?x=1",
        ):
            _judge_htu(expect_text(ask(htu_of, base + tail, shown=True), "htu"), base, base + tail)


def _judge_htu(got: str, expected: str, url: str) -> None:
    if got == expected:
        return
    if "?" in got or "#" in got:
        raise Wrong(f"For {url} you left query or fragment in htu: {got}.", "M04")
    if got.rstrip("/") == expected.rstrip("/"):
        raise Wrong(f"The slash at the end is part of the path: htu of {url} is {expected}.", "M04")
    if got.lower() == expected.lower():
        raise Wrong("Upper and lower case in a path are different paths: leave them.", "M04")
    if got == expected.replace(":8443", ""):
        raise Wrong("The port is part of the URL: keep it.", "M04")
    if got and got == expected.rpartition(";")[0]:
        raise Wrong(
            "What follows the ; is part of the path: keep it. Drop only query and fragment.",
            "M04",
        )
    if expected.startswith(got):
        raise Wrong(f"Too much is gone: htu of {url} is {expected}, with its path.", "M04")
    raise Wrong(f"htu of {url} is {expected}; you returned {got}.", "M04")


@exercise(
    "05.nonce",
    "The nonce on demand",
    level="stretch",
    hints=[
        "Call send(None) first. Only one refusal is a demand: 401 with the error use_dpop_nonce.",
        "The nonce is in the DPoP-Nonce header of that very response.",
        "Call send(nonce) once and return what comes, whatever it is. `send` builds a new "
        "proof at every call.",
    ],
    praise="You took the demand for a question, not a failure: you answered it once, with a new "
    "proof, and stopped.",
)
def nonce(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "call_with_nonce")
    for demands, refusal in ((0, None), (1, None), (0, "invalid_token"), (0, "invalid_dpop_proof")):
        door = Door(demands, refusal)
        judge_call(ask(function, sealed(door.send)), door)
    endless = Door(99, None)
    judge_endless(ask(function, sealed(endless.send)), endless)
    if lesson.is_mock:
        _live_nonce(function, lesson)


def _live_nonce(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same against a private realm like `strict`."""
    with lesson.lab_realm("strict") as lab:
        key = ProofKey.generate()
        token = lab.client.get_token(key=key).access_token.reveal()
        url = f"{lab.client.issuer}/api/whoami"
        answers: list[httpx.Response] = []

        def send(nonce: str | None = None) -> httpx.Response:
            proof = build_proof(key, "GET", url, access_token=token, nonce=nonce)
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
            answers.append(lesson.http.get(url, headers=headers))
            return answers[-1]

        got = ask(function, send)
        if not answers or got is not answers[-1] or answers[-1].status_code != 200:
            raise Wrong("Against a realm like strict, your function did not get through.", "M02")
