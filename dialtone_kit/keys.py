"""Keys for proofs and tokens: the ephemeral `ProofKey`, its public JWK, and its thumbprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dialtone_kit.base.algorithms import (
    ALGORITHMS,
    CURVES,
    BadKey,
    PublicKey,
    public_key_from_jwk,
    sign,
)
from dialtone_kit.base.jws import b64url, read_header, to_segment
from dialtone_kit.base.masking import PRIVATE_MEMBERS

THUMBPRINT_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}


class ProofKey:
    """An ephemeral key pair for DPoP: it signs, shows its public half, and is never stored.

    The private half can't be exported, printed or pickled: it ends with the process.
    """

    __slots__ = ("_private", "alg", "proof_header", "public_jwk", "thumbprint")

    def __init__(self, private: Any, alg: str) -> None:
        self._private = private
        self.alg = alg
        self.public_jwk: dict[str, str] = jwk_of(private.public_key())
        public_key_from_jwk(self.public_jwk, alg)  # raises BadKey unless the key fits `alg`
        self.thumbprint: str = thumbprint(self.public_jwk)
        # The first part of every proof by this key (RFC 9449 §4.2).
        self.proof_header = to_segment({"typ": "dpop+jwt", "alg": alg, "jwk": self.public_jwk})

    @classmethod
    def generate(cls, alg: str = "ES256") -> ProofKey:
        """A new key pair for `alg`, one of ALGORITHMS (the demo's step 3). RSA keys: 2048 bits."""
        known = ALGORITHMS.get(alg)
        if known is None:
            raise BadKey(f"{alg!r} is not one of {', '.join(ALGORITHMS)}.")
        if known.kty == "EC":
            return cls(ec.generate_private_key(CURVES[str(known.crv)]), alg)
        if known.kty == "OKP":
            return cls(ed25519.Ed25519PrivateKey.generate(), alg)
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048), alg)

    def sign(self, message: bytes) -> bytes:
        """The JWS signature over `message`: raw r‖s for EC keys, not DER (RFC 7518 §3.4)."""
        return sign(self._private, self.alg, message)

    def __repr__(self) -> str:
        return f"<ProofKey {self.alg}, thumbprint {self.thumbprint}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A ProofKey never leaves its process; generate a new one instead.")


def jwk_of(public: Any) -> dict[str, str]:
    """The public JWK of a `cryptography` public key (RFC 7518 §6, RFC 8037)."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url(raw)}
    numbers = public.public_numbers()
    if isinstance(public, rsa.RSAPublicKey):
        return {"kty": "RSA", "n": _b64url_uint(numbers.n), "e": _b64url_uint(numbers.e)}
    crv = {"secp256r1": "P-256", "secp384r1": "P-384"}[public.curve.name]
    size = (public.curve.key_size + 7) // 8  # every coordinate in full: leading zeros stay
    x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
    return {"kty": "EC", "crv": crv, "x": b64url(x), "y": b64url(y)}


def _b64url_uint(number: int) -> str:
    return b64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The name of a key: SHA-256 over its required members in one fixed form (RFC 7638 §3).

    Raises BadKey when a required member is missing or not a string.
    """
    names = THUMBPRINT_MEMBERS.get(str(jwk.get("kty")))
    if names is None:
        raise BadKey(f"no thumbprint is defined here for kty {jwk.get('kty')!r}")
    members = {name: jwk.get(name) for name in names}
    if not all(isinstance(value, str) for value in members.values()):
        raise BadKey(f"the thumbprint needs {', '.join(names)}, each a string", "M12")
    canonical = json.dumps(members, separators=(",", ":"))
    return b64url(hashlib.sha256(canonical.encode()).digest())


@lru_cache(maxsize=4096)
def key_in_header(segment: str) -> tuple[PublicKey, str]:
    """The public key in a proof's header, and its thumbprint. Raises BadKey, with the reason."""
    header = read_header(segment)
    alg, jwk = header["alg"], header.get("jwk")
    if not isinstance(jwk, dict) or not jwk:
        raise BadKey("jwk is missing or not an object")
    if leaked := sorted(PRIVATE_MEMBERS & jwk.keys()):
        names = ", ".join(leaked)
        raise BadKey(f"private member(s) {names}: that key is compromised, make a new one", "M14")
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", alg) != alg:
        raise BadKey("use or alg in the jwk forbids this")
    operations = jwk.get("key_ops", [])  # an empty list forbids nothing
    if not isinstance(operations, list) or (operations and "verify" not in operations):
        raise BadKey("key_ops in the jwk does not allow verifying")
    return public_key_from_jwk(jwk, alg), thumbprint(jwk)
