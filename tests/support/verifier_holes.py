"""The holes of a small verifier: rules that are left out, or that look at less than they should."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dialtone_kit.base.algorithms import ALGORITHMS, public_key_from_jwk
from dialtone_kit.base.errors import ProofRefused, UnsafeUrl
from dialtone_kit.base.masking import PRIVATE_MEMBERS
from dialtone_kit.base.urls import normalize
from dialtone_kit.keys import thumbprint
from dialtone_kit.rules import (
    RULES,
    Proof,
    Request,
    Rule,
    access_token_hash,
    ath_matches,
    htm_matches,
    htu_matches,
    iat_is_fresh,
    jti_is_new,
    jwk_is_public,
    one_header,
    signature_verifies,
)


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
    if proof.claims.get("iat", 0) <= request.now:
        iat_is_fresh(proof, request)


def nothing(proof: Proof, request: Request) -> None:
    """A rule that was left out."""


def old(seconds: int) -> Rule:
    """Takes proofs for so long, and remembers them for less."""

    def iat_is_fresh_enough(proof: Proof, request: Request) -> None:
        if abs(request.now - proof.claims.get("iat", 0)) > seconds:
            raise ProofRefused(expected="a fresh proof", got="another")

    return iat_is_fresh_enough


def htu_by(matches: Callable[[str, str], bool]) -> Rule:
    """Compares `htu` and the URL in its own way."""

    def htu_compared(proof: Proof, request: Request) -> None:
        spelled = str(proof.claims.get("htu"))
        with suppress(UnsafeUrl):
            spelled = normalize(spelled)
        if not matches(spelled, request.url):
            raise ProofRefused(expected=request.url, got=spelled)

    return htu_compared


def if_there(name: str, rule: Rule) -> Rule:
    """Judges a claim only if it came."""

    def judged(proof: Proof, request: Request) -> None:
        if proof.claims.get(name) is not None:
            rule(proof, request)

    return judged


def typ_by(matches: Callable[[str], bool]) -> Rule:
    """Looks at `typ` in its own way."""

    def typ_looked_at(proof: Proof, request: Request) -> None:
        if not matches(proof.header.get("typ", "")):
            raise ProofRefused(expected="another typ", got=proof.header.get("typ"))

    return typ_looked_at


def ath_begins(proof: Proof, request: Request) -> None:
    right = access_token_hash(str(request.access_token))
    if not str(proof.claims.get("ath")).startswith(right[:8]):
        raise ProofRefused(expected=right, got="another")


def new_by(what: Callable[[Proof, Request], str]) -> Rule:
    """Remembers something else than the `jti`."""

    def new_as_it_sees_it(proof: Proof, request: Request) -> None:
        if not request.first_use(proof.thumbprint, what(proof, request), proof.keep_until):  # type: ignore[misc]
            raise ProofRefused(expected="a new one", got="a used one")

    return new_as_it_sees_it


def netloc(url: str) -> str:
    return urlsplit(url).netloc


STAND_INS: Mapping[str, Mapping[str, Rule]] = {
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
    "htm if there": {"htm_matches": if_there("htm", htm_matches)},
    "htu if there": {"htu_matches": if_there("htu", htu_matches)},
    "iat if there": {"iat_is_fresh": if_there("iat", iat_is_fresh)},
    "jti if there": {"jti_is_new": if_there("jti", jti_is_new)},
    "the text of the proof": {"jti_is_new": new_by(lambda proof, request: proof.headers[0])},
    "the host alone": {"htu_matches": htu_by(lambda htu, url: netloc(htu) == netloc(url))},
    "htu that begins so": {"htu_matches": htu_by(lambda htu, url: htu.startswith(url))},
    "htu as a beginning": {"htu_matches": htu_by(lambda htu, url: url.startswith(htu))},
    "htu with it inside": {"htu_matches": htu_by(lambda htu, url: htu.endswith(url))},
    "the origin first": {
        "htu_matches": htu_by(
            lambda htu, url: htu.startswith(f"https://{netloc(url)}@") or htu == url
        )
    },
    "any final slash": {"htu_matches": htu_by(lambda htu, url: htu.rstrip("/") == url.rstrip("/"))},
    "any case": {"htu_matches": htu_by(lambda htu, url: htu.lower() == url.lower())},
    "any scheme": {
        "htu_matches": htu_by(lambda htu, url: htu.partition(":")[2] == url.partition(":")[2])
    },
    "any port": {
        "htu_matches": htu_by(
            lambda htu, url: (
                urlsplit(htu)._replace(netloc=str(urlsplit(htu).hostname)) == urlsplit(url)
            )
        )
    },
    "half an hour": {"iat_is_fresh": old(1700)},
    "any typ but JWT": {"typ_is_dpop": typ_by(lambda typ: typ != "JWT" and typ != "")},
    "any +jwt": {"typ_is_dpop": typ_by(lambda typ: typ.endswith("+jwt"))},
    "half of ath": {"ath_matches": ath_begins},
}
