"""Lesson 05: a request with its proof, `ath`, `htu` behind a query, and the nonce on demand."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx

from dialtone_kit.base.errors import KeyMismatch, ProofRefused
from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_text, function_of, show, word
from dialtone_kit.proofs import SeenProofs, build_proof, check_proof
from dialtone_kit.rules import Request, access_token_hash

CODES = {
    "ath_matches": "M05",
    "htu_matches": "M04",
    "jti_is_new": "M01",
    "key_is_bound": "M07",
    "iat_is_fresh": "M06",
}
WAYS = {
    "ath_matches": "The service can't see that the proof belongs to this token: ath is missing or "
    "the hash of something else.",
    "htu_matches": "The proof names another URL than the request goes to. htu is the URL that you "
    "call, without query and fragment.",
    "htm_matches": "The proof names another method than the request uses.",
    "jti_is_new": "The second request carried the proof of the first. Build a new one each time.",
    "key_is_bound": "The proof is signed by another key than the token is bound to.",
    "iat_is_fresh": "iat is not now: build the proof when you send.",
    "one_header": "The request carries no single DPoP header.",
}


@exercise(
    "05.make-request",
    "Write make_dpop_request",
    hints=[
        "Two headers: Authorization with the scheme DPoP and the token, and DPoP with the proof.",
        "build_proof(key, method, url, access_token=access_token) makes the proof, with ath.",
        "return httpx.Request(method, url, headers={…}): made here, sent by the caller.",
    ],
    praise="Fresh proof, right hash, right URL, the token's own key; the service let it in twice.",
)
def make_request(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "make_dpop_request")
    key, token = ProofKey.generate(), secrets.token_urlsafe(48)
    seen = SeenProofs()
    url = f"https://api-{word()}.example/{word()}?page={word()}"
    for method in ("GET", "POST", "GET"):
        _judge_request(ask(function, method, url, token, key), (method, url, token), key, seen)
    _live_request(function, lesson)


def _judge_request(
    got: object, sent: tuple[str, str, str], key: ProofKey, seen: SeenProofs
) -> None:
    method, url, token = sent
    if not isinstance(got, httpx.Request):
        raise Wrong(f"Return an httpx.Request, ready to be sent; got {show(got)}.")
    if (got.method, str(got.url)) != (method, url):
        raise Wrong(f"The request goes to {got.method} {got.url} instead of {method} {url}.")
    _judge_authorization(got.headers.get("Authorization", ""), token)
    request = Request(method, url, time.time(), token, key.thumbprint, first_use=seen.first_use)
    try:
        proof = check_proof(got.headers.get_list("DPoP"), request)
    except (ProofRefused, KeyMismatch) as refused:
        sentence = WAYS.get(refused.rule, str(refused))
        raise Wrong(sentence, CODES.get(refused.rule, refused.code)) from None
    if "?" in proof.claims["htu"]:
        raise Wrong(
            "htu carries the query string. Services should ignore it, and some do not: "
            "leave out everything from the ? on.",
            "M04",
        )


def _judge_authorization(value: str, token: str) -> None:
    scheme, _, credentials = value.partition(" ")
    if not value:
        raise Wrong("There is no Authorization header: the token itself must come along.")
    if scheme.lower() == "bearer":
        raise Wrong(
            "A bound token goes under the scheme DPoP. Under Bearer it is refused: else a "
            "thief would only have to leave out the proof.",
            "M08",
        )
    if scheme.lower() != "dpop":
        raise Wrong(
            f"The scheme is {show(scheme)}. Basic was for the token request; here it is DPoP.",
            "M08",
        )
    if credentials != token:
        raise Wrong("After `DPoP ` comes the access token, and nothing else.")


def _live_request(function: Callable[..., httpx.Request], lesson: LiveLesson) -> None:
    """Two calls to the running service; the second shows that nothing was kept."""
    url = protected_url(lesson)
    if url is None:
        return  # a service without any protected page of its own: the proofs above must do
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key).access_token.reveal()
    for _ in range(2):
        response = lesson.http.send(function("GET", url, token, key))
        demanded = response.headers.get("DPoP-Nonce") and "use_dpop_nonce" in response.text
        if response.status_code != 200 and not demanded:
            raise Wrong(f"The service said {response.status_code}: {response.text[:200]}")


def protected_url(lesson: LiveLesson) -> str | None:
    """A page that wants a token: the mock's whoami, elsewhere what discovery names, or None."""
    if lesson.is_mock:
        return f"{lesson.issuer}/api/whoami"
    userinfo = lesson.client.metadata.get("userinfo_endpoint")
    return str(userinfo) if userinfo else None


RFC_9449 = (  # the example of §7.1: an access token and its ath
    "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
    "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
)


@exercise(
    "05.ath",
    "The missing ath",
    hints=[
        "What is hashed is the token as it stands in the Authorization header: the whole string.",
        "SHA-256, `.digest()`, then b64url: 43 characters without =.",
        "b64url(hashlib.sha256(access_token.encode()).digest())",
    ],
    praise="RFC 9449's own example comes out, and the service accepted a proof with your ath.",
)
def ath(answer: object, lesson: LiveLesson) -> None:
    ath_of = function_of(answer, "ath_of")
    tokens = [f"ey{word(12)}.{secrets.token_urlsafe(40)}.{secrets.token_urlsafe(64)}", word(30)]
    for token in tokens:
        _judge_ath(expect_text(ask(ath_of, token), "ath"), token)
    if ask(ath_of, RFC_9449[0]) != RFC_9449[1]:
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
    if ask(ath_of, token) != access_token_hash(token):
        raise Wrong("For a token fresh from the service your ath is another.", "M05")
    proof = build_proof(key, "GET", url, access_token=token)
    answer = lesson.http.get(url, headers={"Authorization": f"DPoP {token}", "DPoP": proof})
    if answer.status_code != 200 and "use_dpop_nonce" not in answer.text:
        raise Wrong(f"The service said {answer.status_code} to a proof with this ath.", "M05")


@exercise(
    "05.htu",
    "The right htu behind a query string",
    hints=[
        "Everything before the first ? and the first #: nothing else changes.",
        "The port stays, the slash at the end stays, upper case in the path stays.",
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
    ]
    for base in bases:
        for tail in ("", f"?q={word()}", "?a=1&b=https://x.example/?c#d", f"#{word()}", "?#"):
            _judge_htu(expect_text(ask(htu_of, base + tail), "htu"), base, base + tail)


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
    if expected.startswith(got):
        raise Wrong(f"Too much is gone: htu of {url} is {expected}, with its path.", "M04")
    raise Wrong(f"htu of {url} is {expected}; you returned {got}.", "M04")


@exercise(
    "05.nonce",
    "The nonce on demand",
    level="stretch",
    hints=[
        "Call send(None) first. Only one kind of refusal is a demand: 401 with the error "
        "use_dpop_nonce.",
        "The nonce stands in the header DPoP-Nonce of that very answer.",
        "Send once more, send(nonce), and return what comes, whatever it is. `send` builds a new "
        "proof at every call.",
    ],
    praise="A demand is a question, not a failure: you answered it once, with a new proof, and "
    "stopped.",
)
def nonce(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "call_with_nonce")
    for demands, refusal in ((0, None), (1, None), (0, "invalid_token"), (0, "invalid_dpop_proof")):
        door = Door(demands, refusal)
        _judge_call(ask(function, door.send), door)
    endless = Door(99, None)
    ask(function, endless.send)
    if len(endless.got) > 2:
        raise Wrong(
            f"The service kept on demanding, and you sent {len(endless.got)} requests. "
            "After one answered demand stop: it would never end.",
            "M02",
        )
    if lesson.is_mock:
        _live_nonce(function, lesson)


class Door:
    """A resource that demands `demands` nonces and then answers, or refuses with `refusal`."""

    def __init__(self, demands: int, refusal: str | None) -> None:
        self.demands, self.refusal = demands, refusal
        self.nonce = ""
        self.got: list[str | None] = []

    def send(self, nonce: str | None = None) -> httpx.Response:
        last, self.nonce = self.nonce, secrets.token_urlsafe(12)
        self.got.append(nonce)
        if self.refusal:
            return self._refuse(self.refusal)
        if len(self.got) <= self.demands or (last and nonce != last):
            return self._refuse("use_dpop_nonce")
        return httpx.Response(200, json={"ok": True}, headers={"DPoP-Nonce": self.nonce})

    def _refuse(self, error: str) -> httpx.Response:
        headers = {"DPoP-Nonce": self.nonce, "WWW-Authenticate": f'DPoP error="{error}"'}
        return httpx.Response(401, json={"error": error}, headers=headers)


def _judge_call(got: object, door: Door) -> None:
    if not isinstance(got, httpx.Response):
        raise Wrong(f"Return the response that came last; got {show(got)}.")
    if door.refusal and len(door.got) > 1:
        raise Wrong(
            f"You tried again after {door.refusal}. That is a real refusal: only "
            "use_dpop_nonce asks for another try.",
            "M02",
        )
    if door.got[:1] != [None]:
        raise Wrong("Begin with send(None): nobody has given you a nonce yet.", "M02")
    if door.demands and len(door.got) == 1:
        raise Wrong(
            "The service demanded a nonce, and you took it for a failure. Send once more, "
            "with the nonce of its answer.",
            "M02",
        )
    if not door.refusal and got.status_code != 200:
        raise Wrong(
            "The second request did not carry the nonce of the answer before: take it from "
            "the DPoP-Nonce header.",
            "M02",
        )
    if not door.demands and len(door.got) > 1:
        raise Wrong("The first answer was good already; you sent again.", "M02")


def _live_nonce(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same against a private realm like `strict`."""
    with lesson.lab_realm("strict") as lab:
        key = ProofKey.generate()
        token = lab.client.get_token(key=key).access_token.reveal()
        url = f"{lab.client.issuer}/api/whoami"

        def send(nonce: str | None = None) -> httpx.Response:
            proof = build_proof(key, "GET", url, access_token=token, nonce=nonce)
            return lesson.http.get(url, headers={"Authorization": f"DPoP {token}", "DPoP": proof})

        got = ask(function, send)
        if not isinstance(got, httpx.Response) or got.status_code != 200:
            raise Wrong("Against a realm like strict your function did not get through.", "M02")
