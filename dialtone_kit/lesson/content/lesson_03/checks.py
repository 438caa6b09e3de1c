"""Lesson 03: x and y in 32 bytes, raw r‖s instead of DER, and six broken proofs."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import jwt as pyjwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import jwk_of
from dialtone_kit.lesson.content.lesson_03.broken_proofs import LOOK, BrokenProofs, rules_of
from dialtone_kit.lesson.content.lesson_03.judging import COORDINATE, judge_jwk, judge_raw
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, function_of, same, show
from dialtone_kit.rules import RULES

# Private numbers whose x, or y, begins with two zero bytes: one key in 32,768, found beforehand.
SHORT_X, SHORT_Y = (40393, 116173, 209780), (2376, 61552, 77299)


def key_with_leading_zero() -> ec.EllipticCurvePrivateKey:
    """A P-256 key whose x or y begins with a zero byte, as one key in 128 does."""
    while True:
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        if min(numbers.x, numbers.y) < 1 << 8 * (COORDINATE - 1):
            return key


def _keys() -> Iterator[ec.EllipticCurvePrivateKey]:
    """An ordinary key, one with a short x, one with a short y, and a fresh one with either."""
    yield ec.generate_private_key(ec.SECP256R1())
    for numbers in (SHORT_X, SHORT_Y):
        yield ec.derive_private_key(secrets.choice(numbers), ec.SECP256R1())
    yield key_with_leading_zero()


@exercise(
    "03.coordinates",
    "x and y in 32 bytes",
    hints=[
        "`private_key.public_key().public_numbers()` has x and y as whole numbers.",
        "How many bytes should `.to_bytes(…, 'big')` make? Always as many as the curve has, "
        "not as few as this number needs.",
        "`b64url(numbers.x.to_bytes(32, 'big'))`, the same for y, with kty 'EC' and crv 'P-256'.",
    ],
    praise="Even the keys with a leading zero came out whole, and the service accepted a proof "
    "with your JWK in it. Code that drops the zeros fails for one key in 128.",
)
def coordinates(answer: object, lesson: LiveLesson) -> None:
    public_jwk = function_of(answer, "public_jwk")
    for key in _keys():
        jwk = ask(public_jwk, key)
        judge_jwk(jwk, jwk_of(key.public_key()))
    header = {"typ": "dpop+jwt", "jwk": dict(jwk)}
    response = _send(
        lesson, lambda claims: pyjwt.encode(claims, key, algorithm="ES256", headers=header)
    )
    if response.status_code != 200:
        raise Wrong(f"The service refused a proof with your JWK: {_reason(response)}")


# Lengths of r and s in bits. DER puts a zero byte before a number that fills its first byte.
LENGTHS = ((255, 255), (256, 255), (255, 256), (256, 256), (248, 255), (255, 248), (240, 232))


@exercise(
    "03.signature",
    "Raw r‖s instead of DER",
    hints=[
        "`cryptography` signs in DER: a length, r, a length, s. `decode_dss_signature(der)` "
        "returns the two numbers.",
        "JWS wants only the two numbers, each in 32 bytes, r first (RFC 7518 §3.4).",
        "r.to_bytes(32, 'big') + s.to_bytes(32, 'big'): 64 bytes, whatever the numbers are.",
    ],
    praise="64 bytes for every signature, and the service verified one that you converted.",
)
def signature(answer: object, lesson: LiveLesson) -> None:
    raw_signature = function_of(answer, "raw_signature")
    for r_bits, s_bits in LENGTHS:
        r, s = _number_of(r_bits), _number_of(s_bits)
        judge_raw(ask(raw_signature, encode_dss_signature(r, s)), r, s)
    key = ec.generate_private_key(ec.SECP256R1())
    response = _send(lesson, lambda claims: _by_hand(key, claims, raw_signature))
    if response.status_code != 200:
        raise Wrong(f"The service refused a proof with your signature: {_reason(response)}", "M13")


def _number_of(bits: int) -> int:
    """A fresh number whose highest bit is the one at `bits`."""
    return 1 << bits - 1 | secrets.randbits(bits - 1)


def _by_hand(
    key: ec.EllipticCurvePrivateKey, claims: Mapping[str, Any], raw: Callable[[bytes], Any]
) -> str:
    """A proof signed without a JOSE library, so that the learner's conversion is what counts."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk_of(key.public_key())}
    text = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    der = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{text}.{b64url(bytes(ask(raw, der)))}"


def _send(lesson: LiveLesson, sign: Callable[[dict[str, Any]], str]) -> httpx.Response:
    """Ask the running service for a token, with the proof that `sign` makes from these claims."""
    credentials, url = lesson.credentials, str(lesson.client.metadata["token_endpoint"])
    if credentials is None or credentials.client_secret is None:
        raise Wrong("There are no stored credentials to ask with: run the cell with `start()`.")
    claims: dict[str, Any] = {"htm": "POST", "htu": url, "iat": int(time.time())}
    nonce: dict[str, str] = {}
    while True:
        proof = sign(claims | {"jti": secrets.token_urlsafe(16)} | nonce)
        response = lesson.http.post(
            url,
            data={"grant_type": "client_credentials", "scope": "openid"},
            auth=(credentials.client_id, credentials.client_secret.reveal()),
            headers={"DPoP": proof},
        )
        if nonce or "DPoP-Nonce" not in response.headers or response.status_code == 200:
            return response
        nonce = {"nonce": response.headers["DPoP-Nonce"]}  # realm strict asks for one, once


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["error_description"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"


CODES = {"jwk_is_public": "M14", "htu_matches": "M04", "iat_is_fresh": "M06"}


@exercise(
    "03.six-proofs",
    "Six broken proofs",
    hints=[
        "`read_unverified(proofs['A'])` shows header and claims. Compare the six side by side.",
        "You can find five of them by reading. The sixth looks perfect: what can't you see?",
        "`check_proof([proof], Request(proofs.method, proofs.url, now=proofs.now))` raises "
        "ProofRefused, and its `.rule` is the name of the rule.",
    ],
    praise="Six refusals, six rules, each with one reason. Log lines should read like that.",
    make=lambda _lesson: BrokenProofs(),
)
def six_proofs(answer: object, lesson: LiveLesson) -> None:
    proofs: BrokenProofs = lesson.material("03.six-proofs")
    if not isinstance(answer, Mapping):
        raise Wrong(f"Answer with a dict, {{'A': 'rule', …}}; got {show(answer)}.")
    names = {rule.__name__ for rule in RULES}
    rules = rules_of(proofs)
    if sorted(rules.values()) != sorted(LOOK):
        raise Wrong("The proofs were changed. Start the lesson again for six new ones.")
    for letter, rule in rules.items():
        given = answer.get(letter)
        if given is None or given is ...:
            raise Wrong(f"{letter} has no answer yet.")
        if not isinstance(given, str) or given not in names:
            raise Wrong(
                f"{letter}: {show(given)} is not the name of a rule. They are: "
                f"{', '.join(sorted(LOOK))}."
            )
        if not same(given, rule):
            raise Wrong(f"{letter}: {given} lets this one pass; {LOOK[rule]}.", CODES.get(rule, ""))
