"""The JWS algorithms (RFC 7518, 8037, 9864): the key each needs, how it signs and verifies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from dialtone_kit.base.jws import b64url_decode


@dataclass(frozen=True)
class Algorithm:
    """One JWS algorithm, and the key it needs."""

    name: str
    kty: str
    crv: str | None = None


ALGORITHMS: Mapping[str, Algorithm] = {
    a.name: a
    for a in (
        Algorithm("ES256", "EC", "P-256"),
        Algorithm("ES384", "EC", "P-384"),
        Algorithm("EdDSA", "OKP", "Ed25519"),
        Algorithm("Ed25519", "OKP", "Ed25519"),  # RFC 9864
        Algorithm("RS256", "RSA"),
        Algorithm("PS256", "RSA"),
    )
}
CURVES: Mapping[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
_ORDERS = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-384": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
}
_RSA_BITS = range(2048, 8192 + 1)
_ECDSA = {"P-256": ec.ECDSA(hashes.SHA256()), "P-384": ec.ECDSA(hashes.SHA384())}
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
# The y coordinates of Ed25519's eight small-order points: anyone can make a signature under such a
# "key", for any message. (Each y but 1 and p-1 belongs to two of the points.)
_P25519 = 2**255 - 19
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)


def sign(private: Any, alg: str, message: bytes) -> bytes:
    """The JWS signature of `message` by a `cryptography` private key (RFC 7518 §3)."""
    if alg == "ES256":
        return _raw_signature(private.sign(message, _ECDSA["P-256"]), 32)
    if alg == "ES384":
        return _raw_signature(private.sign(message, _ECDSA["P-384"]), 48)
    if alg == "RS256":
        return bytes(private.sign(message, padding.PKCS1v15(), hashes.SHA256()))
    if alg == "PS256":
        return bytes(private.sign(message, _PSS, hashes.SHA256()))
    return bytes(private.sign(message))


def _raw_signature(der: bytes, size: int) -> bytes:
    """r‖s of `size` bytes each, out of DER: 30 len, 02 len r, 02 len s (all lengths under 128).

    Lesson 03 lets `decode_dss_signature` do this; read by hand, a proof is built 4 % faster.
    """
    s_at = 6 + der[3]
    r, s = der[4 : s_at - 2], der[s_at:]
    return r[-size:].rjust(size, b"\0") + s[-size:].rjust(size, b"\0")


class BadKey(ValueError):
    """A JWK that can't be used: the message says which member and why; `code` names the mistake."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class PublicKey(Protocol):
    """A public key, ready to verify signatures of one algorithm."""

    def verify(self, signature: bytes, message: bytes) -> bool: ...


def public_key_from_jwk(jwk: Mapping[str, Any], alg: str) -> PublicKey:
    """The key in `jwk`, ready to verify `alg`. Raises BadKey, saying why, when it can't be used.

    Checked: `kty` and `crv` fit `alg`, every member in its canonical length, the point on the
    curve (RFC 7518 §6.2), no small-order Ed25519 point, RSA of 2048 to 8192 bits.
    """
    known = ALGORITHMS.get(alg)
    if known is None:
        raise BadKey(f"{alg!r} is not one of {', '.join(ALGORITHMS)}")
    if jwk.get("kty") != known.kty or jwk.get("crv") != known.crv:
        wanted = known.kty if known.crv is None else f"{known.kty} {known.crv}"
        raise BadKey(f"{alg} needs a key of kty {wanted}")
    if known.kty == "EC":
        return _ec_key(jwk, str(known.crv))
    return _ed25519_key(jwk) if known.kty == "OKP" else _rsa_key(jwk, alg)


@dataclass(frozen=True)
class _EcKey:
    key: ec.EllipticCurvePublicKey
    size: int
    order: int
    ecdsa: ec.ECDSA

    def verify(self, signature: bytes, message: bytes) -> bool:
        r = int.from_bytes(signature[: self.size], "big")
        s = int.from_bytes(signature[self.size :], "big")
        if len(signature) != 2 * self.size or not (0 < r < self.order and 0 < s < self.order):
            return False
        return _verifies(self.key.verify, encode_dss_signature(r, s), message, self.ecdsa)


@dataclass(frozen=True)
class _Ed25519Key:
    key: ed25519.Ed25519PublicKey

    def verify(self, signature: bytes, message: bytes) -> bool:
        return len(signature) == 64 and _verifies(self.key.verify, signature, message)


@dataclass(frozen=True)
class _RsaKey:
    key: rsa.RSAPublicKey
    padding: padding.PKCS1v15 | padding.PSS

    def verify(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != (self.key.key_size + 7) // 8:
            return False
        return _verifies(self.key.verify, signature, message, self.padding, hashes.SHA256())


def _verifies(verify: Any, *arguments: object) -> bool:
    try:
        verify(*arguments)
    except InvalidSignature:
        return False
    return True


def _ec_key(jwk: Mapping[str, Any], crv: str) -> _EcKey:
    curve = CURVES[crv]
    size = (curve.key_size + 7) // 8
    point = b"\x04" + _member(jwk, "x", size) + _member(jwk, "y", size)
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except ValueError:
        raise BadKey(f"x and y are not a point on {crv}") from None
    return _EcKey(key, size, _ORDERS[crv], _ECDSA[crv])


def _ed25519_key(jwk: Mapping[str, Any]) -> _Ed25519Key:
    raw = _member(jwk, "x", 32)
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P25519 or y in _SMALL_ORDER_Y:
        raise BadKey("x is a small-order or non-canonical Ed25519 point: anyone can sign for it")
    return _Ed25519Key(ed25519.Ed25519PublicKey.from_public_bytes(raw))


def _rsa_key(jwk: Mapping[str, Any], alg: str) -> _RsaKey:
    n, e = _uint(jwk, "n"), _uint(jwk, "e")
    if n.bit_length() not in _RSA_BITS or n % 2 == 0:
        raise BadKey(f"an RSA key has 2048 to 8192 bits here, this one has {n.bit_length()}")
    if e % 2 == 0 or not 3 <= e < 2**32:
        raise BadKey("e is not a usable public exponent (odd, 3 to 2^32)")
    try:
        key = rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError as problem:
        raise BadKey(f"n and e are not an RSA key: {problem}") from None
    return _RsaKey(key, padding.PKCS1v15() if alg == "RS256" else _PSS)


def _member(jwk: Mapping[str, Any], name: str, size: int | None = None) -> bytes:
    """The bytes of a base64url member, exactly `size` of them where a size is fixed."""
    value = jwk.get(name)
    if not isinstance(value, str) or not value:
        raise BadKey(f"{name} is missing or not a string")
    try:
        data = b64url_decode(value)
    except ValueError as problem:
        raise BadKey(f"{name} is {problem}") from None
    if size is not None and len(data) != size:
        raise BadKey(f"{name} has {len(data)} bytes instead of {size}: leading zeros count", "M11")
    return data


def _uint(jwk: Mapping[str, Any], name: str) -> int:
    data = _member(jwk, name)
    if len(data) > 1024:
        raise BadKey(f"{name} has {8 * len(data)} bits: at most 8192 are accepted here")
    if data[0] == 0:
        raise BadKey(f"{name} starts with a zero byte (RFC 7518 §2: no leading zeros)")
    return int.from_bytes(data, "big")
