"""The judgement of a DPoP proof, as a table: thirteen rules in the order in which they run.

Each rule is a function with one reason to refuse (RFC 9449 §4.3 and §11.1). `check_proof` in
proofs.py runs them; the service, the lessons and the attack lab all use this one table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol

from dialtone_kit.base.algorithms import (
    ALGORITHMS,
    PRIVATE_MEMBERS,
    BadKey,
    PublicKey,
    public_key_from_jwk,
)
from dialtone_kit.base.errors import KeyMismatch, NonceRequired, ProofRefused, UnsafeUrl
from dialtone_kit.base.jws import Parts, b64url, json_object, split
from dialtone_kit.base.urls import is_loopback, normalize
from dialtone_kit.keys import thumbprint

WINDOW = 60  # seconds that a proof may be old
AHEAD = 5  # seconds that its clock may be ahead of ours
MAX_BYTES = 8192
MAX_JTI = 256  # characters


class Nonces(Protocol):
    """Whoever issued the nonces: "fresh", "expired" or "unknown"."""

    def judge(self, nonce: str) -> str: ...


FirstUse = Callable[[str, str, float], bool]


@dataclass(frozen=True)
class Request:
    """What a proof is judged against: the request that really came, and what is known of it.

    `now` is in Unix seconds. `access_token` and `bound_to` (its `cnf.jkt`) are there at a resource.
    `nonces` is there where a nonce is demanded. `first_use(thumbprint, jti, keep_until)` remembers
    a `jti` and says whether it was new; without it the caller runs `jti_is_new` by itself later.
    """

    method: str
    url: str
    now: float
    access_token: str | None = field(default=None, repr=False)
    bound_to: str | None = None
    nonces: Nonces | None = None
    first_use: FirstUse | None = None
    algorithms: Sequence[str] = tuple(ALGORITHMS)


class Proof:
    """A proof under examination: the header fields that came, and what the rules read from them."""

    __slots__ = ("claims", "header", "headers", "keep_until", "key", "parts", "thumbprint")

    headers: Sequence[str]
    parts: Parts
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    key: PublicKey
    thumbprint: str
    keep_until: float  # Unix seconds: until then the `jti` must be remembered

    def __init__(self, headers: Sequence[str]) -> None:
        self.headers = headers

    @property
    def jti(self) -> str:
        return str(self.claims["jti"])

    @property
    def iat(self) -> int:
        return int(self.claims["iat"])


def one_header(proof: Proof, request: Request) -> None:
    """Exactly one `DPoP` header field came, of at most 8 KiB (RFC 9449 §4.3, check 1)."""
    if len(proof.headers) != 1:
        raise ProofRefused(
            "one_header", "one DPoP header", len(proof.headers), hint="Send one proof per request."
        )
    value = proof.headers[0]
    if len(value) > MAX_BYTES:
        raise ProofRefused("one_header", f"at most {MAX_BYTES} bytes", len(value))
    if not value or "," in value:
        raise ProofRefused(
            "one_header",
            "one proof",
            "a list" if value else "nothing",
            hint="Two DPoP headers may have been joined.",
        )


def well_formed(proof: Proof, request: Request) -> None:
    """A compact JWS of three canonical base64url parts, with strict JSON inside (check 2)."""
    try:
        proof.parts = split(proof.headers[0])
        proof.header = _header_in(proof.parts.header)
        proof.claims = json_object(proof.parts.payload)
    except ValueError as problem:
        raise ProofRefused(
            "well_formed",
            "header.payload.signature, JSON in base64url",
            str(problem),
            "No padding, no spaces, no + or /, no member twice.",
        ) from None


def typ_is_dpop(proof: Proof, request: Request) -> None:
    """`typ` says that this JWT is a DPoP proof and nothing else (check 4)."""
    if proof.header.get("typ") != "dpop+jwt":
        raise ProofRefused("typ_is_dpop", "typ dpop+jwt", proof.header.get("typ"))


def alg_is_listed(proof: Proof, request: Request) -> None:
    """`alg` is an asymmetric algorithm on our list, and nothing unknown is critical (check 5)."""
    alg = proof.header.get("alg")
    if not isinstance(alg, str) or alg not in request.algorithms or alg not in ALGORITHMS:
        raise ProofRefused("alg_is_listed", " or ".join(request.algorithms), alg)
    if "crit" in proof.header or proof.header.get("b64") is False:
        raise ProofRefused("alg_is_listed", "no critical extension", proof.header.get("crit"))


def jwk_is_public(proof: Proof, request: Request) -> None:
    """`jwk` is a public key that fits `alg`; `kid`, `jku`, `x5c` find no key here (checks 3, 7)."""
    try:
        proof.key, proof.thumbprint = _key_in(proof.parts.header)
    except BadKey as problem:
        raise ProofRefused(
            "jwk_is_public", "a public JWK that fits alg", str(problem), code=problem.code
        ) from None


def signature_verifies(proof: Proof, request: Request) -> None:
    """The signature is by the private half of `jwk`, over this header and payload (check 6)."""
    if not proof.key.verify(proof.parts.signature, proof.parts.signing_input):
        der = proof.parts.signature[:1] == b"\x30" and str(proof.header.get("alg")).startswith("ES")
        raise ProofRefused(
            "signature_verifies",
            "a signature by the key in jwk",
            "DER, not raw r‖s" if der else "one that does not verify",
            hint="JWS wants r and s in full length, one after the other."
            if der
            else "Sign exactly header.payload, with the key in jwk.",
            code="M13" if der else "",
        )


def htm_matches(proof: Proof, request: Request) -> None:
    """The proof is for this method, in the same case (check 8)."""
    if proof.claims.get("htm") != request.method:
        raise ProofRefused(
            "htm_matches",
            request.method,
            proof.claims.get("htm"),
            hint="Build a new proof for the method that you use.",
        )


def htu_matches(proof: Proof, request: Request) -> None:
    """The proof is for this URL, without query and fragment, normalised on both sides (check 9)."""
    htu, expected = proof.claims.get("htu"), normalize(request.url)
    try:
        if isinstance(htu, str) and normalize(htu) == expected:
            return
    except UnsafeUrl as problem:
        raise ProofRefused("htu_matches", expected, str(problem), code="M04") from None
    raise ProofRefused("htu_matches", expected, htu, code="M04", hint=_htu_hint(htu, expected))


def iat_is_fresh(proof: Proof, request: Request) -> None:
    """The proof was made just now: at most 60 s ago, at most 5 s ahead (check 11)."""
    iat, now = proof.claims.get("iat"), int(request.now)
    if not isinstance(iat, int) or isinstance(iat, bool) or not 0 <= iat < 2**53:
        raise ProofRefused("iat_is_fresh", "iat in whole Unix seconds", iat)
    if not -AHEAD <= now - iat <= WINDOW:
        behind = f"{now - iat} s behind" if iat < now else f"{iat - now} s ahead of"
        raise ProofRefused(
            "iat_is_fresh",
            f"iat at most {WINDOW} s old, {AHEAD} s ahead",
            f"iat {behind} the service's clock",
            code="M06",
            hint="Set the clock, or build the proof right before sending.",
        )
    for name, ends in (("exp", True), ("nbf", False)):  # optional, but binding when they are there
        limit = proof.claims.get(name)
        if limit is not None and not _holds(limit, now, ends=ends):
            raise ProofRefused("iat_is_fresh", f"{name} that allows now", limit)
    proof.keep_until = max(request.now, iat) + WINDOW + AHEAD


def nonce_is_ours(proof: Proof, request: Request) -> None:
    """Where a nonce is demanded: one that this service issued, and still fresh (check 10)."""
    if request.nonces is None:
        return
    nonce = proof.claims.get("nonce")
    if nonce is not None and not isinstance(nonce, str):
        raise ProofRefused("nonce_is_ours", "a nonce that is a string", nonce)
    verdict = "missing" if nonce is None else request.nonces.judge(nonce)
    if verdict != "fresh":
        raise NonceRequired(
            "nonce_is_ours",
            "the nonce in DPoP-Nonce",
            f"a nonce that is {verdict}",
            code="M02",
            hint="Build a new proof with that nonce and send again.",
        )


def ath_matches(proof: Proof, request: Request) -> None:
    """At a resource: the proof is for exactly the access token that came along (check 12a)."""
    if request.access_token is None:
        return
    ath = proof.claims.get("ath")
    if ath != access_token_hash(request.access_token):
        raise ProofRefused(
            "ath_matches",
            "ath, the SHA-256 of the access token sent",
            "nothing" if ath is None else "another hash",
            code="M05",
            hint="Hash the whole token, base64url without padding.",
        )


def key_is_bound(proof: Proof, request: Request) -> None:
    """At a resource: the token is bound to the key that signed this proof (check 12b)."""
    if request.bound_to is not None and request.bound_to != proof.thumbprint:
        raise KeyMismatch(
            "key_is_bound",
            f"a proof by the key {request.bound_to}",
            f"one by {proof.thumbprint}",
            code="M07",
            hint="Use the key that the token was issued to.",
        )


def jti_is_new(proof: Proof, request: Request) -> None:
    """The proof was never used before (RFC 9449 §11.1). Last: only a good proof uses up its jti."""
    jti = proof.claims.get("jti")
    if not isinstance(jti, str) or not jti.strip() or len(jti) > MAX_JTI:
        raise ProofRefused("jti_is_new", f"a jti of 1 to {MAX_JTI} characters", jti)
    if request.first_use is None:
        raise RuntimeError("jti_is_new needs a Request with first_use")
    if not request.first_use(proof.thumbprint, jti, proof.keep_until):
        raise ProofRefused(
            "jti_is_new",
            "a jti never used before",
            "a used one",
            code="M01",
            hint="Build a new proof for every request and every retry.",
        )


Rule = Callable[[Proof, Request], None]

RULES: tuple[Rule, ...] = (
    one_header,
    well_formed,
    typ_is_dpop,
    alg_is_listed,
    jwk_is_public,
    signature_verifies,
    htm_matches,
    htu_matches,
    iat_is_fresh,
    nonce_is_ours,
    ath_matches,
    key_is_bound,
    jti_is_new,
)


@lru_cache(maxsize=512)
def access_token_hash(token: str) -> str:
    """The `ath` of a proof: SHA-256 over the token's ASCII characters (RFC 9449 §4.2).

    Remembered, as one token is used for many calls.
    """
    return b64url(hashlib.sha256(token.encode()).digest())


@lru_cache(maxsize=512)  # anybody can fill it, and 6 KiB of JSON can weigh twenty times that
def _header_in(segment: str) -> Mapping[str, Any]:
    """The header in `segment`; remembered, as every proof by one key starts with the same one."""
    return MappingProxyType(json_object(segment))


@lru_cache(maxsize=4096)
def _key_in(segment: str) -> tuple[PublicKey, str]:
    """The public key in a header and its thumbprint. Raises BadKey (and then remembers nothing)."""
    header = _header_in(segment)
    alg, jwk = header["alg"], header.get("jwk")
    if not isinstance(jwk, dict) or not jwk:
        raise BadKey("jwk is missing or not an object")
    if leaked := sorted(PRIVATE_MEMBERS & jwk.keys()):
        raise BadKey(
            f"private member(s) {', '.join(leaked)}: that key is burnt, make a new one", "M14"
        )
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", alg) != alg:
        raise BadKey("use or alg in the jwk forbids this")
    if "key_ops" in jwk and (
        not isinstance(jwk["key_ops"], list) or "verify" not in jwk["key_ops"]
    ):
        raise BadKey("key_ops in the jwk does not allow to verify")
    return public_key_from_jwk(jwk, alg), thumbprint(jwk)


def _holds(limit: object, now: int, *, ends: bool) -> bool:
    if not isinstance(limit, int | float) or isinstance(limit, bool):
        return False
    return limit > now if ends else limit <= now + AHEAD


def _htu_hint(htu: object, expected: str) -> str:
    """What the learner most likely did, told from the two URLs."""
    if not isinstance(htu, str):
        return "htu is the URL of the request, as a string."
    seen = normalize(htu)
    if seen.rstrip("/") == expected.rstrip("/"):
        return "Only the slash at the end differs: it belongs to the path."
    if seen.partition(":")[2] == expected.partition(":")[2]:
        return "Only the scheme differs: sign the URL that the service is reached at."
    if is_loopback(seen) and is_loopback(expected) and seen.split("/")[2] != expected.split("/")[2]:
        return "localhost and 127.0.0.1 are two origins: use the URL that discovery returned."
    return "Build a new proof for the URL that you call."
