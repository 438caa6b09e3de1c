"""Judges a request that a learner's function made, proof and all: for exercise 05.make-request."""

from __future__ import annotations

import re
import time

import httpx

from dialtone_kit.base.errors import KeyMismatch, ProofRefused
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.exercises import Wrong
from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.proofs import SeenProofs, check_proof
from dialtone_kit.rules import Request

CODES = {
    "ath_matches": "M05",
    "htu_matches": "M04",
    "jti_is_new": "M01",
    "key_is_bound": "M07",
    "iat_is_fresh": "M06",
}
WAYS = {
    "ath_matches": "The service can't see that the proof belongs to this token: ath is missing, or "
    "is the hash of something else.",
    "htu_matches": "The proof names a different URL from the one the request goes to. htu is the "
    "URL you call, without query and fragment.",
    "htm_matches": "The proof names a different method from the request's.",
    "jti_is_new": "The second request carried the proof of the first. Build a new one each time.",
    "key_is_bound": "The proof is signed by a key that the token is not bound to.",
    "iat_is_fresh": "iat is not now: build the proof when you send.",
    "one_header": "The request needs exactly one DPoP header.",
}


LEAST = (  # characters for the 96 random bits of RFC 9449 §4.2; numbers hide leading zeros
    ("[0-9]+", 24),
    ("[0-9A-Fa-f-]+", 21),
    ("(?s:.+)", 16),
)
GUESSABLE = (
    "The next jti can be guessed: {jti}. Use at least 96 random bits, as build_proof does, "
    "or a version 4 UUID."
)


class Seen:
    """The proofs seen so far: whether a `jti` was used, and how it looked."""

    def __init__(self) -> None:
        self.proofs = SeenProofs()
        self.jtis: list[str] = []

    def judge_jti(self, jti: str) -> None:
        """Refuse a `jti` that is too short, or mostly a copy of an earlier one."""
        if _is_short(jti) or any(_alike(jti, before) for before in self.jtis):
            raise Wrong(GUESSABLE.format(jti=show(jti)))
        self.jtis.append(jti)


def _is_short(jti: str) -> bool:
    """Whether characters of its kind are too few for 96 random bits."""
    return len(jti) < next(least for kind, least in LEAST if re.fullmatch(kind, jti))


def _alike(one: str, other: str) -> bool:
    """Whether more than half of the characters stand in the same places."""
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return 2 * same > max(len(one), len(other))


def judge_request(got: object, sent: tuple[str, str, str], key: ProofKey, seen: Seen) -> None:
    method, url, token = sent
    if not isinstance(got, httpx.Request):
        raise Wrong(f"Return an httpx.Request, ready to be sent; got {show(got)}.")
    if (got.method, str(got.url)) != (method, url):
        raise Wrong(f"The request goes to {got.method} {got.url} instead of {method} {url}.")
    _judge_authorization(got.headers.get("Authorization", ""), token)
    _judge_elsewhere(got, token)
    request = Request(
        method, url, time.time(), token, key.thumbprint, first_use=seen.proofs.first_use
    )
    try:
        proof = check_proof(got.headers.get_list("DPoP"), request)
    except (ProofRefused, KeyMismatch) as refused:
        sentence = WAYS.get(refused.rule, str(refused))
        raise Wrong(sentence, CODES.get(refused.rule, refused.code)) from None
    if "?" in proof.claims["htu"]:
        raise Wrong(
            "htu carries the query string. Services should ignore it, and some don't: "
            "leave out everything from the ? on.",
            "M04",
        )
    seen.judge_jti(proof.jti)


def _judge_elsewhere(got: httpx.Request, token: str) -> None:
    """The token is in the Authorization header and nowhere else (RFC 9449 §7.1)."""
    for name, content in got.headers.multi_items():
        if name.lower() != "authorization" and token in content:
            raise Wrong(
                f"The token is in the header {name}, too. One place is enough: each further one is "
                "another way to leak it."
            )
    if isinstance(got.stream, httpx.ByteStream) and token.encode() in got.read():
        raise Wrong("The token is in the body, too. It belongs in the Authorization header only.")


def _judge_authorization(value: str, token: str) -> None:
    scheme, _, credentials = value.partition(" ")
    if not value:
        raise Wrong("There is no Authorization header: the token has to travel with the proof.")
    if scheme.lower() == "bearer":
        raise Wrong(
            "A bound token goes under the scheme DPoP. Under Bearer it is refused: otherwise "
            "a thief would only have to leave the proof out.",
            "M08",
        )
    if scheme.lower() != "dpop":
        raise Wrong(
            f"The scheme is {show(scheme)}. Basic was for the token request; here it is DPoP.",
            "M08",
        )
    if credentials != token:
        raise Wrong("After `DPoP ` comes the access token, and nothing else.")
