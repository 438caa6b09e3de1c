"""A small verifier of DPoP calls with an issuer of its own, sound or with any one hole in it."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dialtone_kit.attacks.calls import Answer, Call
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.base.algorithms import ALGORITHMS, public_key_from_jwk
from dialtone_kit.base.errors import DialtoneError, ProofRefused, TokenRefused
from dialtone_kit.base.masking import PRIVATE_MEMBERS
from dialtone_kit.base.nonces import TimedNonces
from dialtone_kit.keys import ProofKey, jwk_of, thumbprint
from dialtone_kit.proofs import SeenProofs, check_proof
from dialtone_kit.rules import (
    RULES,
    Proof,
    Request,
    ath_matches,
    iat_is_fresh,
    jwk_is_public,
    one_header,
    signature_verifies,
)
from dialtone_kit.tokens import bound_thumbprint, read_unverified, sign_token, verify_token

URL = "https://notes.example/api/notes"
ELSEWHERE = "https://mail.example/api"
ISSUER = "https://id.example/realms/main"
ADVERTISED = ("ES256", "ES384", "EdDSA")


def first_of_several(proof: Proof, request: Request) -> None:
    proof.headers = [one.partition(",")[0] for one in proof.headers[:1]]
    one_header(proof, request)


def last_of_several(proof: Proof, request: Request) -> None:
    proof.headers = [one.rpartition(",")[2] for one in proof.headers[-1:]]
    one_header(proof, request)


def first_field(proof: Proof, request: Request) -> None:
    proof.headers = proof.headers[:1]
    one_header(proof, request)


def any_jwk(proof: Proof, request: Request) -> None:
    """Reads the key from a `jwk` with private members as well."""
    jwk = {n: v for n, v in proof.header["jwk"].items() if n not in PRIVATE_MEMBERS}
    alg = proof.header["alg"] if proof.header["alg"] in ALGORITHMS else "ES256"
    proof.key, proof.thumbprint = public_key_from_jwk(jwk, alg), thumbprint(jwk)


def jwk_for_any_alg(proof: Proof, request: Request) -> None:
    """Reads a public key, whatever `alg` says."""
    judge_it = jwk_is_public if proof.header["alg"] in ALGORITHMS else any_jwk
    judge_it(proof, request)


def signature_or_none(proof: Proof, request: Request) -> None:
    if proof.header["alg"] != "none":
        signature_verifies(proof, request)


def signature_or_hmac(proof: Proof, request: Request) -> None:
    """The header chooses the algorithm: with HS256 the public key becomes the secret."""
    if proof.header["alg"] != "HS256":
        return signature_verifies(proof, request)
    public = proof.key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    if proof.parts.signature != hmac.digest(public, proof.parts.signing_input, "sha256"):
        raise ProofRefused(expected="a good HMAC", got="another")
    return None


def ath_if_there(proof: Proof, request: Request) -> None:
    if "ath" in proof.claims:
        ath_matches(proof, request)


def iat_not_too_old(proof: Proof, request: Request) -> None:
    if proof.claims["iat"] <= request.now:
        iat_is_fresh(proof, request)


def nothing(proof: Proof, request: Request) -> None:
    """A rule that was left out."""


STAND_INS: Mapping[str, Mapping[str, Callable[[Proof, Request], None]]] = {
    **{rule.__name__: {rule.__name__: nothing} for rule in RULES},
    "the first of several": {"one_header": first_of_several},
    "the first field": {"one_header": first_field},
    "the last of several": {"one_header": last_of_several},
    "alg none": {
        "alg_is_listed": nothing,
        "jwk_is_public": jwk_for_any_alg,
        "signature_verifies": signature_or_none,
    },
    "HMAC": {
        "alg_is_listed": nothing,
        "jwk_is_public": jwk_for_any_alg,
        "signature_verifies": signature_or_hmac,
    },
    "ath if there": {"ath_matches": ath_if_there},
    "iat not too old": {"iat_is_fresh": iat_not_too_old},
    "private jwk": {"jwk_is_public": any_jwk},
}


@dataclass
class SmallVerifier:
    """`send(call)` answers as an API would. `hole` is a name of STAND_INS, or one of its own."""

    hole: str = ""
    url: str = URL
    nonces: bool = False
    issuer_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    calls: int = 0

    def __post_init__(self) -> None:
        self.seen = SeenProofs()
        self.jwks = {"keys": [{**jwk_of(self.issuer_key.public_key()), "kid": "1", "alg": "ES256"}]}
        stand_ins = STAND_INS.get(self.hole, {})
        self.rules = [stand_ins.get(rule.__name__, rule) for rule in RULES]
        self.own_nonces = TimedNonces(b"k" * 32, "small", 120, time.time) if self.nonces else None

    def token(self, key: ProofKey, audience: str = "", scope: str = "notes:read") -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": ISSUER, "sub": "cli_a", "client_id": "cli_a"}
        claims |= {"iat": now, "exp": now + 3600, "jti": f"{now}-{id(object())}-{scope}"}
        claims |= {"scope": scope, "aud": audience or self.url, "token_type": "access_token"}
        claims["cnf"] = {"jkt": key.thumbprint}
        return sign_token(self.issuer_key, claims, kid="1")

    def victim(self, **more: Any) -> Victim:
        return Victim(
            self.token,
            smaller=lambda key: self.token(key, scope=""),
            foreign=lambda key: self.token(key, ELSEWHERE),
            algs=ADVERTISED,
            **more,
        )

    def __call__(self, call: Call) -> Answer:
        self.calls += 1
        more = (("DPoP-Nonce", self.own_nonces.current()),) if self.own_nonces else ()
        try:
            self.judge(call)
        except DialtoneError as refusal:
            error = refusal.error if isinstance(refusal, ProofRefused) else "invalid_token"
            fields = (("WWW-Authenticate", f'DPoP error="{error}", algs="ES256"'), *more)
            return Answer(401, fields, str(refusal))
        return Answer(200, more)

    def judge(self, call: Call) -> None:
        scheme, _, token = call.values("Authorization")[0].partition(" ")
        audience = read_unverified(token).claims["aud"] if self.hole == "aud" else self.url
        claims = verify_token(token, self.jwks, ISSUER, now=time.time(), audience=audience)
        proofs = call.values("DPoP")
        if scheme.lower() != "dpop":
            if self.hole != "as bearer":
                raise TokenRefused("scheme", "Bearer is the wrong scheme here. [M08]")
        elif proofs or self.hole != "without proof":
            check_proof(proofs, self._request(call, token, claims), self.rules)

    def _request(self, call: Call, token: str, claims: Mapping[str, Any]) -> Request:
        believed = call.values(self.hole) if self.hole in ("Host", "X-Forwarded-Host") else []
        parts = urlsplit(self.url)
        return Request(
            call.method,
            f"{parts.scheme}://{(believed or [parts.netloc])[0]}{parts.path}",
            time.time(),
            access_token=token,
            bound_to=bound_thumbprint(claims),
            nonces=self.own_nonces,
            first_use=self.seen.first_use,
        )
