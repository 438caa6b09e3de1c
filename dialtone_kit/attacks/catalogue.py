"""The attacks on a verifier, by the numbers of lesson 11: each is stopped by one rule, or by none.

An attack has one or more ways in. A sound verifier turns all of them away.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dialtone_kit.attacks.bag import EVIL, Bag, owner
from dialtone_kit.attacks.calls import Call, NotTried
from dialtone_kit.attacks.victim import PublishedKey
from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.keys import ProofKey

Way = Callable[[Bag], Call]
HOUR = 3600  # seconds
# OWASP's Top 10 for Agentic Applications (ASI, 2026) and MCP Top 10 (MCP, 2025).
RISKS = {
    "ASI03": "Identity and Privilege Abuse",
    "ASI07": "Insecure Inter-Agent Communication",
    "MCP01": "Token Mismanagement and Secret Exposure",
    "MCP07": "Insufficient Authentication and Authorization",
}


@dataclass(frozen=True)
class Attack:
    """Calls that must be turned away, the rule that does it, and what to tell whoever doesn't."""

    number: int
    name: str
    rule: str
    section: str
    owasp: tuple[str, ...]
    sentence: str
    code: str
    ways: tuple[Way, ...]


def by_my_own_key(bag: Bag) -> Call:
    """The token, with a proof by a key of the attacker's."""
    return _with(bag, owner(bag).proof(bag.target, key=ProofKey.generate()))


def used_again(bag: Bag) -> Call:
    """The token, with a proof that the agent has just used (P1)."""
    return _with(bag, bag.P1)


def any_signature(bag: Bag) -> Call:
    """The agent's header, the attacker's claims, and 64 random bytes."""
    return _with(bag, f"{_unsigned(bag)}.{b64url(secrets.token_bytes(64))}")


def no_signature(bag: Bag) -> Call:
    """The agent's header, the attacker's claims, and an empty signature."""
    return _with(bag, f"{_unsigned(bag)}.")


def other_method(bag: Bag) -> Call:
    """The token, with a proof for another method (P2)."""
    return _with(bag, bag.P2)


def other_url(bag: Bag) -> Call:
    """The token, with a proof that the agent made for another host (P3)."""
    return _with(bag, bag.P3)


def forged_host(bag: Bag) -> Call:
    """A proof for another host, and a Host header that fits it."""
    return _with(bag, bag.P3, ("Host", EVIL))


def forged_forwarding(bag: Bag) -> Call:
    """A proof for another host, and a proxy's headers that fit it."""
    return _with(bag, bag.P3, ("X-Forwarded-Host", EVIL), ("Forwarded", f"host={EVIL}"))


def moved_proof(bag: Bag) -> Call:
    """The token, with a proof that was made for another one (P4)."""
    return _with(bag, bag.P4)


def proof_for_no_token(bag: Bag) -> Call:
    """The token, with a proof that names none, as it goes to a token endpoint."""
    return _with(bag, owner(bag).proof(bag.target, ath=None))


def old_proof(bag: Bag) -> Call:
    """The token, with a proof that is half an hour old (P5)."""
    return _with(bag, bag.P5)


def proof_of_tomorrow(bag: Bag) -> Call:
    """The token, with a proof that is dated a day ahead."""
    return _with(bag, owner(bag).proof(bag.target, iat=int(owner(bag).now()) + 24 * HOUR))


def minted_ahead(bag: Bag) -> Call:
    """The token, with a proof signed in advance: no nonce is in it."""
    if not owner(bag).nonce:
        raise NotTried("this verifier hands out no nonce")
    return _with(bag, owner(bag).proof(bag.target, nonce=None))


def another_typ(bag: Bag) -> Call:
    """The token, with a JWT of another type (P6)."""
    return _with(bag, bag.P6)


def no_typ(bag: Bag) -> Call:
    """The token, with a JWT that has no type."""
    return _with(bag, owner(bag).proof(bag.target, header={"typ": None}))


def second_proof_behind(bag: Bag) -> Call:
    """A good proof, and one by the attacker's key behind it."""
    return _with(bag, owner(bag).proof(bag.target), ("DPoP", _mine(bag)))


def second_proof_before(bag: Bag) -> Call:
    """A good proof, and one by the attacker's key before it."""
    return _with(bag, _mine(bag), ("DPoP", owner(bag).proof(bag.target)))


def two_in_one_field(bag: Bag) -> Call:
    """A good proof and one by the attacker's key, joined by a comma as some proxies do."""
    return _with(bag, f"{owner(bag).proof(bag.target)},{_mine(bag)}")


def alg_none(bag: Bag) -> Call:
    """`alg` none, and nothing behind the last dot."""
    return _with(bag, f"{_unsigned(bag, alg='none')}.")


def hmac_by_public_key(bag: Bag) -> Call:
    """`alg` HS256, keyed with the agent's public key as PEM."""
    text = _unsigned(bag, alg="HS256")
    mac = hmac.digest(_pem(owner(bag).key), text.encode(), "sha256")
    return _with(bag, f"{text}.{b64url(mac)}")


def private_jwk(bag: Bag) -> Call:
    """A proof by a key whose private half is in its `jwk`."""
    victim, key = owner(bag), PublishedKey()
    token = victim.token("token", key)
    header = {"jwk": key.private_jwk}
    return victim.call(
        bag.target, victim.proof(bag.target, key=key, token=token, header=header), token
    )


def as_bearer(bag: Bag) -> Call:
    """The token under Bearer, and no proof."""
    return _bare(bag, "Bearer")


def without_proof(bag: Bag) -> Call:
    """The token under DPoP, and no proof."""
    return _bare(bag, "DPoP")


def foreign_audience(bag: Bag) -> Call:
    """A token for another API, with a good proof."""
    victim = owner(bag)
    token = victim.token("foreign")
    return victim.call(bag.target, victim.proof(bag.target, token=token), token)


def _with(bag: Bag, proof: str, *more: tuple[str, str]) -> Call:
    call = owner(bag).call(bag.target, proof)
    return Call(call.method, call.url, (*call.fields, *more))


def _bare(bag: Bag, scheme: str) -> Call:
    authorization = ("Authorization", f"{scheme} {bag.T}")
    return Call(bag.target.method, bag.target.url, (authorization,))


def _mine(bag: Bag) -> str:
    return owner(bag).proof(bag.target, key=ProofKey.generate())


def _unsigned(bag: Bag, **header: str) -> str:
    return owner(bag).unsigned(bag.target, header=header)


def _pem(key: ProofKey) -> bytes:
    x, y = (b64url_decode(key.public_jwk[name]) for name in ("x", "y"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


ATTACKS = (
    Attack(
        1,
        "A proof by another key",
        "key_is_bound",
        "RFC 9449 §4.3, check 12",
        ("ASI03", "MCP07"),
        "A thief's own key made the proof, and it served: compare the thumbprint of the proof's "
        "`jwk` with `cnf.jkt` in the token.",
        "",
        (by_my_own_key,),
    ),
    Attack(
        2,
        "A used proof again",
        "jti_is_new",
        "RFC 9449 §11.1",
        ("ASI07", "MCP07"),
        "A copy of a request was let in after the original: remember each `jti` until its proof is "
        "too old anyway.",
        "M01",
        (used_again,),
    ),
    Attack(
        3,
        "A proof that nobody signed",
        "signature_verifies",
        "RFC 9449 §4.3, check 6",
        ("ASI03", "MCP07"),
        "Anyone can write a proof's header and claims: verify the signature with the key in `jwk`.",
        "M20",
        (any_signature, no_signature),
    ),
    Attack(
        4,
        "A proof for another method",
        "htm_matches",
        "RFC 9449 §4.3, check 8",
        ("ASI07", "MCP07"),
        "A proof for another method was let in: compare `htm` with the method of the request.",
        "",
        (other_method,),
    ),
    Attack(
        5,
        "A proof for another host",
        "htu_matches",
        "RFC 9449 §4.3, check 9",
        ("ASI07", "MCP07"),
        "A proof made for another host was let in, so whoever gets one there can pass it on: "
        "compare `htu` with your own public URL, never with a header of the request.",
        "M03",
        (other_url, forged_host, forged_forwarding),
    ),
    Attack(
        6,
        "A proof for another token",
        "ath_matches",
        "RFC 9449 §4.3, check 12",
        ("ASI03", "MCP01"),
        "A proof that was made for another token, or for none, was let in: `ath` has to be there, "
        "and to be the hash of the token that came.",
        "M05",
        (moved_proof, proof_for_no_token),
    ),
    Attack(
        7,
        "A proof of another day",
        "iat_is_fresh",
        "RFC 9449 §4.3, check 11",
        ("ASI07", "MCP07"),
        "A proof from half an hour ago, or from tomorrow, was let in: take `iat` within a minute "
        "or so of now.",
        "M06",
        (old_proof, proof_of_tomorrow),
    ),
    Attack(
        8,
        "A proof made in advance",
        "nonce_is_ours",
        "RFC 9449 §11.2",
        ("ASI07", "MCP07"),
        "A proof without the nonce was let in, although you hand nonces out: demand it.",
        "M02",
        (minted_ahead,),
    ),
    Attack(
        9,
        "A JWT that is no proof",
        "typ_is_dpop",
        "RFC 9449 §11.5",
        ("ASI03", "MCP07"),
        "A JWT that the key signed for something else was let in: `typ` has to be dpop+jwt.",
        "",
        (another_typ, no_typ),
    ),
    Attack(
        10,
        "Two proofs at once",
        "one_header",
        "RFC 9449 §4.3, check 1",
        ("ASI07", "MCP07"),
        "Two proofs came, and one of them was never looked at. A gateway in front of you may read "
        "the other: count them first.",
        "",
        (second_proof_behind, second_proof_before, two_in_one_field),
    ),
    Attack(
        11,
        "An algorithm that proves nothing",
        "alg_is_listed",
        "RFC 9449 §11.6",
        ("ASI03", "MCP07"),
        "The proof chose its algorithm: take asymmetric ones from a list of your own, never none "
        "or HMAC.",
        "",
        (alg_none, hmac_by_public_key),
    ),
    Attack(
        12,
        "A key that everybody has",
        "jwk_is_public",
        "RFC 9449 §4.3, check 7",
        ("ASI03", "MCP01"),
        "The private key was in the proof's `jwk`, and it served all the same: refuse a `jwk` with "
        "private members.",
        "M14",
        (private_jwk,),
    ),
    Attack(
        13,
        "The token without a proof",
        "scheme",
        "RFC 9449 §7.2",
        ("ASI03", "MCP01"),
        "The token alone was enough, so whoever finds it can use it: a token with `cnf` needs the "
        "scheme DPoP and a proof.",
        "M08",
        (as_bearer, without_proof),
    ),
    Attack(
        14,
        "A token for another API",
        "aud",
        "RFC 9068 §4",
        ("ASI03", "MCP07"),
        "A token for another API was let in: your own name has to be in its `aud`.",
        "M29",
        (foreign_audience,),
    ),
)
