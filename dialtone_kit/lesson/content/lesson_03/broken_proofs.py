"""Six proofs for one request, each broken in its own way: what 03.six-proofs works on."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import check_proof
from dialtone_kit.rules import Request

LETTERS = "ABCDEF"
TARGET = "https://id.example/realms/main/token"
LOOK = {
    "typ_is_dpop": "its header says what kind of JWT it is",
    "jwk_is_public": "count the members of its jwk",
    "signature_verifies": "all that you can read in it is fine, so look at the part you can't",
    "htm_matches": "compare htm with the method, letter by letter",
    "htu_matches": "compare htu with the URL, character by character",
    "iat_is_fresh": "iat is a clock; compare it with the others",
}


class BrokenProofs(dict[str, str]):
    """Six proofs by letter, for one POST to one URL, each broken in one way."""

    url, method = TARGET, "POST"

    def __init__(self) -> None:
        makers = list(_BREAKS.values())
        random.shuffle(makers)
        self.now = time.time()
        super().__init__(
            {letter: make(self.now) for letter, make in zip(LETTERS, makers, strict=True)}
        )

    def __repr__(self) -> str:
        return f"<six broken proofs {', '.join(self)}, for {self.method} {self.url}>"


def rules_of(proofs: BrokenProofs) -> dict[str, str]:
    """The rule that refuses each proof: judged each time, so that no answer is kept with them."""
    request = Request(proofs.method, proofs.url, now=proofs.now)
    return {letter: _refusing(proof, request) for letter, proof in proofs.items()}


def _refusing(proof: str, request: Request) -> str:
    try:
        check_proof([proof], request)
    except ProofRefused as refused:
        return refused.rule
    return ""


def _proof(
    now: float,
    claims: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
    *,
    flip: bool = False,
) -> str:
    key = ProofKey.generate()
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk, **(header or {})}
    body = {"htm": "POST", "htu": TARGET, "iat": int(now), "jti": secrets.token_urlsafe(16)}
    text = ".".join(b64url(json.dumps(p).encode()) for p in (head, body | dict(claims or {})))
    signer = ProofKey.generate() if flip else key
    return f"{text}.{b64url(signer.sign(text.encode()))}"


def _leaking(now: float) -> str:
    """A proof whose jwk has a `d`: random bytes, so that no real private key is ever shown."""
    jwk = ProofKey.generate().public_jwk | {"d": b64url(secrets.token_bytes(32))}
    return _proof(now, header={"jwk": jwk})


_BREAKS: Mapping[str, Callable[[float], str]] = {
    "typ_is_dpop": lambda now: _proof(now, header={"typ": "JWT"}),
    "jwk_is_public": _leaking,
    "signature_verifies": lambda now: _proof(now, flip=True),
    "htm_matches": lambda now: _proof(now, {"htm": "post"}),
    "htu_matches": lambda now: _proof(now, {"htu": TARGET.replace("/token", "/token/")}),
    "iat_is_fresh": lambda now: _proof(now, {"iat": int(now) - 600}),
}
