"""The judgement of a DPoP proof, as a table: thirteen rules in the order in which they run.

Each rule is a function with one reason to refuse (RFC 9449 §4.3 and §11.1). The table, `RULES`,
follows them, and `judge` runs it. The service, the lessons and the attack lab all share it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from dialtone_kit.base.algorithms import ALGORITHMS, BadKey, PublicKey
from dialtone_kit.base.errors import KeyMismatch, NonceRequired, ProofRefused, UnsafeUrl
from dialtone_kit.base.jws import Parts, b64url, json_object, read_header, split, wrong_signature
from dialtone_kit.base.times import CLOCK_SKEW, time_in_proof
from dialtone_kit.base.urls import is_loopback, normalize
from dialtone_kit.keys import key_in_header

WINDOW = 60  # seconds that a proof may be old
MAX_BYTES = 8192
MAX_JTI = 256  # characters
PROXY = "Sign the URL that you call. Behind a proxy, the service has to know its public one."


class Nonces(Protocol):
    """Whoever issued the nonces: "fresh", "expired" or "unknown"."""

    def judge(self, nonce: str) -> str: ...


FirstUse = Callable[[str, str, float], bool]


@dataclass(frozen=True)
class Request:
    """What a proof is judged against: the request that really came, and what is known of it.

    `now` is in Unix seconds. `access_token` and `bound_to` (its `cnf.jkt`) are set at a resource,
    `nonces` where a nonce is demanded. `first_use(thumbprint, jti, keep_until)` remembers a `jti`
    and returns whether it was new; without it the caller runs `jti_is_new` later.
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
        """When the proof was made, in whole Unix seconds."""
        return int(self.claims["iat"])


def one_header(proof: Proof, request: Request) -> None:
    """Exactly one `DPoP` header field came, of at most 8 KiB (RFC 9449 §4.3, check 1)."""
    if len(proof.headers) != 1:
        raise ProofRefused(
            expected="one DPoP header", got=len(proof.headers), hint="Send one proof per request."
        )
    value = proof.headers[0]
    if len(value) > MAX_BYTES:
        raise ProofRefused(expected=f"at most {MAX_BYTES} bytes", got=len(value))
    if not value.strip():
        raise ProofRefused(
            expected="one proof",
            got="an empty DPoP header",
            hint="Put the proof there: build_proof returns it.",
        )
    if "," in value:
        raise ProofRefused(
            expected="one proof", got="a list", hint="Two DPoP headers may have been joined."
        )


def well_formed(proof: Proof, request: Request) -> None:
    """A compact JWS of three canonical base64url parts, with strict JSON inside (check 2)."""
    try:
        proof.parts = split(proof.headers[0])
        proof.header = read_header(proof.parts.header)
        proof.claims = json_object(proof.parts.payload)
    except ValueError as problem:
        raise ProofRefused(
            expected="header.payload.signature, JSON in base64url",
            got=str(problem),
            hint="No padding, no spaces, no + or /, no member twice.",
        ) from None


def typ_is_dpop(proof: Proof, request: Request) -> None:
    """`typ` declares this JWT a DPoP proof and nothing else (check 4)."""
    if proof.header.get("typ") != "dpop+jwt":
        raise ProofRefused(expected="typ dpop+jwt", got=proof.header.get("typ"))


def alg_is_listed(proof: Proof, request: Request) -> None:
    """`alg` is an asymmetric algorithm on our list, and nothing unknown is critical (check 5)."""
    alg = proof.header.get("alg")
    if not isinstance(alg, str) or alg not in request.algorithms or alg not in ALGORITHMS:
        raise ProofRefused(expected=" or ".join(request.algorithms), got=alg)
    if "crit" in proof.header or proof.header.get("b64") is False:
        raise ProofRefused(expected="no critical extension", got=proof.header.get("crit"))


def jwk_is_public(proof: Proof, request: Request) -> None:
    """`jwk` is a public key that fits `alg`; `kid`, `jku`, `x5c` find no key here (checks 3, 7)."""
    try:
        proof.key, proof.thumbprint = key_in_header(proof.parts.header)
    except BadKey as problem:
        raise ProofRefused(
            expected="a public JWK that fits alg", got=str(problem), code=problem.code
        ) from None


def signature_verifies(proof: Proof, request: Request) -> None:
    """The signature is by the private half of `jwk`, over this header and payload (check 6)."""
    if not proof.key.verify(proof.parts.signature, proof.parts.signing_input):
        got, hint, code = wrong_signature(proof.parts.signature, str(proof.header["alg"]))
        raise ProofRefused(expected="a signature by the key in jwk", got=got, hint=hint, code=code)


def htm_matches(proof: Proof, request: Request) -> None:
    """The proof is for this method, in the same case (check 8)."""
    if proof.claims.get("htm") != request.method:
        raise ProofRefused(
            expected=request.method,
            got=proof.claims.get("htm"),
            hint="Build a new proof for the method that you use.",
        )


def htu_matches(proof: Proof, request: Request) -> None:
    """The proof is for this URL, without query and fragment, normalised on both sides (check 9)."""
    htu, expected = proof.claims.get("htu"), normalize(request.url)
    try:
        if isinstance(htu, str) and normalize(htu) == expected:
            return
    except UnsafeUrl as problem:
        raise ProofRefused(expected=expected, got=str(problem), code="M04") from None
    hint, code = _htu_hint(htu, expected)
    raise ProofRefused(expected=expected, got=htu, hint=hint, code=code)


def _htu_hint(htu: object, expected: str) -> tuple[str, str]:
    """What to do about an `htu` that is not the `expected` URL, and the code of the misconception.

    M03 where the two differ as on the two sides of a proxy.
    """
    if not isinstance(htu, str):
        return "htu is the URL of the request, as a string.", "M04"
    seen = normalize(htu)
    if seen.rstrip("/") == expected.rstrip("/"):
        return "Only the slash at the end differs: it belongs to the path.", "M04"
    ours, theirs = urlsplit(expected), urlsplit(seen)
    if is_loopback(seen) and is_loopback(expected) and theirs.hostname != ours.hostname:
        return "localhost and 127.0.0.1 are two origins. Sign the URL that you call.", "M04"
    if theirs.path == ours.path:
        other_port = "The port" if theirs.port != ours.port else "Only the scheme"
        what = "The host" if theirs.hostname != ours.hostname else other_port
        return f"{what} differs. {PROXY}", "M03"
    return "Build a new proof for the URL that you call.", "M04"


def iat_is_fresh(proof: Proof, request: Request) -> None:
    """The proof was made just now: at most 60 s ago, at most 5 s ahead (check 11)."""
    iat = time_in_proof(proof.claims, "iat", request.now)
    now = request.now if iat % 1 else int(request.now)  # whole seconds against whole seconds
    if not -CLOCK_SKEW <= now - iat <= WINDOW:
        distance = f"{math.ceil(abs(now - iat))} s {'behind' if iat < now else 'ahead of'}"
        raise ProofRefused(
            expected=f"iat at most {WINDOW} s old, {CLOCK_SKEW} s ahead",
            got=f"iat {distance} the service's clock",
            hint="Set the clock, or build the proof right before sending.",
            code="M06",
        )
    for name, ends in (("exp", True), ("nbf", False)):  # optional, but binding when they are there
        if proof.claims.get(name) is None:
            continue
        limit = time_in_proof(proof.claims, name, request.now)
        if not (limit > request.now if ends else limit <= request.now + CLOCK_SKEW):
            raise ProofRefused(expected=f"{name} that allows now", got=limit)
    proof.keep_until = max(request.now, iat) + WINDOW + CLOCK_SKEW


def nonce_is_ours(proof: Proof, request: Request) -> None:
    """Where a nonce is demanded: one that this service issued, and still fresh (check 10)."""
    if request.nonces is None:
        return
    nonce = proof.claims.get("nonce")
    if nonce is not None and not isinstance(nonce, str):
        raise ProofRefused(expected="a nonce that is a string", got=nonce)
    verdict = "missing" if nonce is None else request.nonces.judge(nonce)
    if verdict != "fresh":
        raise NonceRequired(
            expected="the nonce in DPoP-Nonce",
            got=f"a nonce that is {verdict}",
            hint="Build a new proof with that nonce and send again.",
            code="M02",
        )


def ath_matches(proof: Proof, request: Request) -> None:
    """At a resource: the proof is for exactly the access token that came with it (check 12a)."""
    if request.access_token is None:
        return
    ath = proof.claims.get("ath")
    if ath != access_token_hash(request.access_token):
        raise ProofRefused(
            expected="ath, the SHA-256 of the access token sent",
            got="nothing" if ath is None else "another hash",
            hint="Hash the token that you send, all of it, in base64url without padding.",
            code="M05",
        )


def key_is_bound(proof: Proof, request: Request) -> None:
    """At a resource: the token is bound to the key that signed this proof (check 12b)."""
    if request.bound_to is not None and request.bound_to != proof.thumbprint:
        raise KeyMismatch(
            expected=f"a proof by the key {request.bound_to}",
            got=f"one by {proof.thumbprint}",
            hint="Use the key that the token was issued to.",
            code="M07",
        )


def jti_is_new(proof: Proof, request: Request) -> None:
    """The proof was never used before (RFC 9449 §11.1). Last: only a good proof uses up its jti."""
    jti = proof.claims.get("jti")
    if not isinstance(jti, str) or not jti.strip() or len(jti) > MAX_JTI:
        raise ProofRefused(expected=f"a jti of 1 to {MAX_JTI} characters", got=jti)
    if request.first_use is None:
        raise RuntimeError("jti_is_new needs a Request with first_use")
    if not request.first_use(proof.thumbprint, jti, proof.keep_until):
        raise ProofRefused(
            expected="a jti never used before",
            got="a used one",
            hint="Build a new proof for every request and every retry.",
            code="M01",
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


def judge(proof: Proof, request: Request, rules: Iterable[Rule]) -> None:
    """Run `rules` in order, up to the first that refuses: ProofRefused gets that rule's name."""
    for rule in rules:
        try:
            rule(proof, request)
        except ProofRefused as refusal:
            refusal.rule = refusal.rule or rule.__name__
            raise


@lru_cache(maxsize=512)  # one token is used for many calls
def access_token_hash(token: str) -> str:
    """The `ath` of a proof: SHA-256 over the token's ASCII characters (RFC 9449 §4.2)."""
    return b64url(hashlib.sha256(token.encode()).digest())
