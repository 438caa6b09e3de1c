"""Rows 29 to 39: the public key inside a proof."""

from collections.abc import Mapping
from typing import Any

from dialtone_kit.base.masking import PRIVATE_MEMBERS
from tests.support.refusals.curves import SMALL_ORDER_POINTS
from tests.support.refusals.forge import ABSENT, Case, Scene, b64, key_of

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P25519 = 2**255 - 19

# Every 32-byte text that reads as a small-order point of Ed25519: the y of the eight points, the
# same y plus p where that still fits, each with and without the sign of x.
SMALL_ORDER = [
    (y | sign << 255).to_bytes(32, "little")
    for y in sorted({y for _, y in SMALL_ORDER_POINTS} | {P25519, P25519 + 1})
    for sign in (0, 1)
]
NON_CANONICAL = [
    (y | sign << 255).to_bytes(32, "little") for y in range(P25519, 2**255) for sign in (0, 1)
]


def uint(number: int) -> str:
    return b64(number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))


def point_with_small_x() -> tuple[int, int]:
    """A point on P-256 with x so small that x + p still fits into 32 bytes."""
    for x in range(1, 100):
        square = (x**3 - 3 * x + P256_B) % P256
        y = pow(square, (P256 + 1) // 4, P256)
        if y * y % P256 == square:
            return x, y
    raise AssertionError("half of all x have a point")


def ec_coordinates(x: int, y: int) -> dict[str, str]:
    return {"x": b64(x.to_bytes(32, "big")), "y": b64(y.to_bytes(32, "big"))}


def anybody_signs(point: bytes) -> Any:
    """Signs without a key: R = the point itself or the identity, S = 0."""
    return lambda message: (1).to_bytes(32, "little") + bytes(32)


def ed25519_point(scene: Scene, point: bytes) -> str:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(point)}
    return scene.proof({"alg": "EdDSA", "jwk": jwk}, sign=anybody_signs(point))


def rsa(scene: Scene, **members: object) -> str:
    return scene.with_key(key_of("RS256")).jwk(**members)


def okp(scene: Scene, **members: object) -> str:
    return scene.with_key(key_of("EdDSA")).jwk(**members)


def reversed_jwk(scene: Scene) -> Mapping[str, Any]:
    return {"jwk": dict(reversed(scene.key.public_jwk.items()))}


def coordinate(scene: Scene, change: Any) -> str:
    """A proof whose x is `change` of the right bytes, as a text."""
    import base64

    raw = base64.urlsafe_b64decode(scene.key.public_jwk["x"] + "=")
    return scene.jwk(x=change(raw))


SHAPE = [
    *[
        Case(
            "29",
            f"jwk {jwk}",
            lambda s, jwk=jwk: s.proof({"jwk": jwk}),
            "jwk_is_public",
            "not an object",
        )
        for jwk in (ABSENT, "jwk", 1, None, True, [], {}, [{}])
    ],
    *[
        Case(
            "30",
            f"private {name}",
            lambda s, name=name: s.jwk(**{name: "AAAA"}),
            "jwk_is_public",
            "private",
        )
        for name in sorted(PRIVATE_MEMBERS)
    ],
    Case("30", "private d, empty", lambda s: s.jwk(d=""), "jwk_is_public", "private"),
    Case("30", "private d, null", lambda s: s.jwk(d=None), "jwk_is_public", "private"),
    Case("30", "private d of RSA", lambda s: rsa(s, d="AAAA"), "jwk_is_public", "M14"),
    Case(
        "31", "oct with k", lambda s: s.proof({"jwk": {"kty": "oct", "k": "AAAA"}}), "jwk_is_public"
    ),
    Case("31", "oct", lambda s: s.proof({"jwk": {"kty": "oct"}}), "jwk_is_public"),
    *[
        Case("32", f"{name} {value}", lambda s, n=name, v=value: s.jwk(**{n: v}), "jwk_is_public")
        for name in ("kty", "crv", "x", "y")
        for value in (ABSENT, 1, None, "", ["x"], {}, True)
    ],
    *[
        Case(
            "32",
            f"RSA {name} {value}",
            lambda s, n=name, v=value: rsa(s, **{n: v}),
            "jwk_is_public",
        )
        for name in ("n", "e")
        for value in (ABSENT, 65537, None, "", ["AQAB"], "A+==")
    ],
    *[
        Case("32", f"Ed25519 x {value}", lambda s, v=value: okp(s, x=v), "jwk_is_public")
        for value in (ABSENT, 1, None, "")
    ],
    Case("32", "kty in lower case", lambda s: s.jwk(kty="ec"), "jwk_is_public"),
    Case("32", "crv secp256k1", lambda s: s.jwk(crv="secp256k1"), "jwk_is_public"),
]

POINTS = [
    Case(
        "33",
        "off the curve",
        lambda s: s.jwk(y=s.key.public_jwk["x"]),
        "jwk_is_public",
        "not a point",
    ),
    Case("33", "(0, 0)", lambda s: s.jwk(**ec_coordinates(0, 0)), "jwk_is_public", "not a point"),
    Case(
        "33",
        "x and y all ones",
        lambda s: s.jwk(**ec_coordinates(2**256 - 1, 2**256 - 1)),
        "jwk_is_public",
        "not a point",
    ),
    Case(
        "34",
        "31 bytes",
        lambda s: coordinate(s, lambda x: b64(x[1:])),
        "jwk_is_public",
        "31 bytes instead of 32",
    ),
    Case(
        "34",
        "33 bytes",
        lambda s: coordinate(s, lambda x: b64(b"\0" + x)),
        "jwk_is_public",
        "33 bytes instead of 32",
    ),
    Case(
        "34",
        "zero byte behind",
        lambda s: coordinate(s, lambda x: b64(x + b"\0")),
        "jwk_is_public",
        "33 bytes",
    ),
    Case(
        "34",
        "padded",
        lambda s: coordinate(s, lambda x: b64(x) + "="),
        "jwk_is_public",
        "canonical",
    ),
    Case("34", "in hex", lambda s: coordinate(s, lambda x: x.hex()), "jwk_is_public"),
    Case(
        "34",
        "x plus p",
        lambda s: s.jwk(**ec_coordinates(point_with_small_x()[0] + P256, point_with_small_x()[1])),
        "jwk_is_public",
        "not a point",
    ),
    Case(
        "34",
        "the same x, a point: another key",
        lambda s: s.jwk(**ec_coordinates(*point_with_small_x())),
        "signature_verifies",
    ),
]

RSA = [
    Case("35", "1024 bits", lambda s: rsa(s, n=uint(2**1023 + 1)), "jwk_is_public", "1024"),
    Case("35", "2047 bits", lambda s: rsa(s, n=uint(2**2046 + 1)), "jwk_is_public", "2047"),
    Case("35", "8193 bits", lambda s: rsa(s, n=uint(2**8192 + 1)), "jwk_is_public", "8192"),
    Case(
        "35",
        "16384 bits",
        lambda s: rsa(s, n=uint(2**16383 + 1)),
        "jwk_is_public",
        "at most 8192",
    ),
    Case("35", "even n", lambda s: rsa(s, n=uint(2**2047)), "jwk_is_public"),
    Case(
        "35",
        "n with a zero byte before",
        lambda s: rsa(s, n=b64(b"\0" + (2**2047 + 1).to_bytes(256, "big"))),
        "jwk_is_public",
        "zero byte",
    ),
    *[
        Case("35", f"e {e}", lambda s, e=e: rsa(s, e=uint(e)), "jwk_is_public", "public exponent")
        for e in (1, 2, 4, 65536, 2**32 + 1)
    ],
    Case("35", "e 0", lambda s: rsa(s, e=uint(0)), "jwk_is_public", "zero byte"),
    Case("35", "e of 2051 bits", lambda s: rsa(s, e=uint(2**2050 + 1)), "jwk_is_public"),
    Case(
        "35",
        "another key of 2048 bits",
        lambda s: rsa(s, n=uint(2**2047 + 1)),
        "signature_verifies",
    ),
]

ED25519 = [
    *[
        Case(
            "36",
            f"small order {point.hex()}",
            lambda s, p=point: ed25519_point(s, p),
            "jwk_is_public",
            "anyone",
        )
        for point in SMALL_ORDER
    ],
    *[
        Case(
            "36",
            f"non-canonical {point.hex()}",
            lambda s, p=point: ed25519_point(s, p),
            "jwk_is_public",
            "anyone",
        )
        for point in NON_CANONICAL
        if point not in SMALL_ORDER
    ],
    Case("36", "31 bytes", lambda s: okp(s, x=b64(b"\x07" * 31)), "jwk_is_public", "31 bytes"),
    Case(
        "36",
        "not on the curve",
        lambda s: okp(s, x=b64((2).to_bytes(32, "little"))),
        "signature_verifies",
    ),
]

IGNORED = [
    Case("37", "kid with a path", lambda s: s.proof({"kid": "../../../../etc/passwd"})),
    Case("37", "kid with SQL", lambda s: s.proof({"kid": "' OR 1=1; DROP TABLE clients --"})),
    Case("37", "jku", lambda s: s.proof({"jku": "http://127.0.0.1:1/jwks"})),
    Case("37", "x5u", lambda s: s.proof({"x5u": "http://127.0.0.1:1/chain"})),
    Case("37", "x5c", lambda s: s.proof({"x5c": ["AAAA"], "x5t#S256": "AAAA"})),
    Case("37", "x5c in the jwk", lambda s: s.jwk(x5c=["AAAA"], x5u="http://127.0.0.1:1/")),
    Case("38", "extra members", lambda s: s.jwk(kid="mine", ext=True, nested={"a": [1]})),
    Case("38", "another order", lambda s: s.proof(reversed_jwk(s))),
    Case(
        "39", "use sig, alg, key_ops", lambda s: s.jwk(use="sig", alg="ES256", key_ops=["verify"])
    ),
    Case("39", "key_ops sign and verify", lambda s: s.jwk(key_ops=["sign", "verify"])),
    Case("39", "key_ops empty, no use", lambda s: s.jwk(key_ops=[])),
    Case("39", "key_ops empty, use sig", lambda s: s.jwk(use="sig", key_ops=[])),
    *[
        Case("39", f"{name} {value}", lambda s, n=name, v=value: s.jwk(**{n: v}), "jwk_is_public")
        for name, value in (
            ("use", "enc"),
            ("use", None),
            ("use", ["sig"]),
            ("alg", "ES384"),
            ("alg", "RS256"),
            ("alg", None),
            ("key_ops", ["sign"]),
            ("key_ops", {}),
            ("key_ops", ""),
            ("key_ops", "verify"),
            ("key_ops", None),
            ("key_ops", [["verify"]]),
        )
    ],
]

CASES = [*SHAPE, *POINTS, *RSA, *ED25519, *IGNORED]
