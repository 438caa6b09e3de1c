"""Edge values of ECDSA, Ed25519 and RSA, in keys and in signatures, all computed here.

The ideas are those of public test vectors for verifiers; the values are our own. What is accepted
is between what is refused: the nearest right one.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256, sha384, sha512
from itertools import product
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from dialtone_kit.base.jws import b64url_decode
from dialtone_kit.keys import ProofKey
from tests.support.refusals.curves import (
    BASE,
    P256,
    P384,
    SMALL_ORDER_POINTS,
    TORSION,
    Edwards,
    Weierstrass,
)
from tests.support.refusals.forge import Case, Scene, b64, key_of

SIGNATURE, KEY = "signature_verifies", "jwk_is_public"
CURVES = {"ES256": (P256, sha256, ec.SECP256R1()), "ES384": (P384, sha384, ec.SECP384R1())}
D = 0x1234567890ABCDEF  # the private key that this file signs with by hand


def private(alg: str, d: int) -> ProofKey:
    return ProofKey(ec.derive_private_key(d, CURVES[alg][2]), alg)


def ecdsa(alg: str, message: bytes, nonce: int, d: int = D) -> tuple[int, int]:
    """A signature with a chosen nonce."""
    curve, digest, _ = CURVES[alg]
    point = curve.times(nonce)
    assert point is not None
    r = point[0] % curve.n
    z = int.from_bytes(digest(message).digest(), "big")
    return r, pow(nonce, -1, curve.n) * (z + r * d) % curve.n


def raw(alg: str, r: int, s: int) -> bytes:
    size = CURVES[alg][0].size
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


# --- ECDSA signatures -----------------------------------------------------------------------------


def edges(curve: Weierstrass) -> dict[str, int]:
    n, top = curve.n, 256**curve.size - 1
    return {
        "0": 0,
        "1": 1,
        "2": 2,
        "n/2": n // 2,
        "n-1": n - 1,
        "n": n,
        "n+1": n + 1,
        "p-1": curve.p - 1,
        "p": curve.p,
        "p+1": curve.p + 1,
        "ones": top,
    }


def signed(alg: str, what: str, change: Any, rule: str = SIGNATURE) -> Case:
    """A proof whose right numbers r and s are written as `change(r, s, n)` says."""

    def make(scene: Scene) -> str:
        def sign(message: bytes) -> bytes:
            written = change(*ecdsa(alg, message, 0xC0FFEE), CURVES[alg][0].n)
            return written if isinstance(written, bytes) else raw(alg, *written)

        return scene.with_key(private(alg, D)).proof(sign=sign)

    return Case("42", f"{alg} {what}", make, rule)


def with_nonce(alg: str, what: str, good: Any) -> Case:
    """A right signature, of the first nonce that makes (r, s) look as `good` wants it."""

    def make(scene: Scene) -> str:
        def sign(message: bytes) -> bytes:
            tries = (ecdsa(alg, message, nonce) for nonce in range(1, 5000))
            return raw(alg, *next(found for found in tries if good(*found, CURVES[alg][0].n)))

        return scene.with_key(private(alg, D)).proof(sign=sign)

    return Case("42", f"{alg} {what}", make)


def integer(number: int, more: bytes = b"") -> bytes:
    content = more + number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content


def der(r: int, s: int, more: bytes = b"") -> bytes:
    content = integer(r, more) + integer(s)
    return bytes([0x30, *([0x81] if len(content) > 127 else []), len(content)]) + content


def short(curve: Weierstrass, r: int, s: int) -> bytes:
    """Without leading zeros: right lengths only by luck, so one byte is taken from each."""
    return r.to_bytes(curve.size, "big")[1:] + s.to_bytes(curve.size, "big")[1:]


def ecdsa_signatures(alg: str) -> list[Case]:
    curve = CURVES[alg][0]
    top = 256**curve.size
    values = edges(curve).items()
    return [
        *[
            signed(alg, f"r {r}, s {s}", lambda *_, rs=(x, y): rs)
            for (r, x), (s, y) in product(values, values)
        ],
        *[signed(alg, f"r {name}", lambda r, s, n, v=value: (v, s)) for name, value in values],
        *[signed(alg, f"s {name}", lambda r, s, n, v=value: (r, v)) for name, value in values],
        signed(alg, "swapped", lambda r, s, n: (s, r)),
        signed(alg, "r negated", lambda r, s, n: (n - r, s)),
        signed(alg, "both negated", lambda r, s, n: (n - r, n - s)),
        signed(alg, "s negated modulo 2 to the size", lambda r, s, n: (r, top - s)),
        signed(alg, "s inverted", lambda r, s, n: (r, pow(s, -1, n))),
        signed(alg, "the twin, sent first", lambda r, s, n: (r, n - s), ""),
        signed(alg, "by hand", lambda r, s, n: (r, s), ""),
        signed(alg, "DER", lambda r, s, n: der(r, s)),
        signed(alg, "DER with a zero byte more", lambda r, s, n: der(r, s, b"\0")),
        signed(alg, "DER of zeros", lambda r, s, n: der(0, 0)),
        signed(
            alg, "DER filled up to the size", lambda r, s, n: der(1, 1).ljust(2 * curve.size, b"\0")
        ),
        signed(alg, "each cut", lambda r, s, n: short(curve, r, s)),
        signed(
            alg,
            "each with a zero byte before",
            lambda r, s, n: (
                b"\0" + raw(alg, r, 0)[: curve.size] + b"\0" + raw(alg, s, 0)[: curve.size]
            ),
        ),
        signed(alg, "r alone", lambda r, s, n: raw(alg, r, 0)[: curve.size]),
        signed(alg, "in hex", lambda r, s, n: raw(alg, r, s).hex().encode()),
        signed(
            alg,
            "in the other order of bytes",
            lambda r, s, n: r.to_bytes(curve.size, "little") + s.to_bytes(curve.size, "little"),
        ),
        signed(
            alg,
            "in the size of the other curve",
            lambda r, s, n: b"".join(
                v.to_bytes(80 - curve.size, "big") for v in (r % 2**256, s % 2**256)
            ),
        ),
        with_nonce(alg, "r with a leading zero byte", lambda r, s, n: r < top >> 8),
        with_nonce(alg, "s with a leading zero byte", lambda r, s, n: s < top >> 8),
        with_nonce(alg, "s with the highest bit", lambda r, s, n: s >= top >> 1),
        with_nonce(alg, "s in the lower half", lambda r, s, n: s <= n // 2),
    ]


# --- keys on a curve ------------------------------------------------------------------------------


def at(alg: str, row: str, what: str, x: int, y: int, rule: str = KEY) -> Case:
    """A proof that shows the key (x, y) and is signed by another one."""
    size = CURVES[alg][0].size
    members = {"x": b64(x.to_bytes(size, "big")), "y": b64(y.to_bytes(size, "big"))}
    return shown(alg, row, what, members, rule)


def shown(alg: str, row: str, what: str, members: dict[str, Any], rule: str = KEY) -> Case:
    says = "" if rule != KEY else "M" if "byte" in what else ""
    return Case(
        row, f"{alg} key {what}", lambda s: s.with_key(key_of(alg)).jwk(**members), rule, says
    )


def own(alg: str, row: str, what: str, d: int) -> Case:
    """A key with the private half `d`, and a right signature by it."""
    return Case(row, f"{alg} key {what}", lambda s: s.with_key(private(alg, d)).proof())


def short_coordinate(alg: str, axis: int) -> int:
    """The first private key whose public x (0) or y (1) begins with a zero byte."""
    curve = CURVES[alg][0]
    d, point = 1, curve.g
    while point[axis] >= 256 ** (curve.size - 1):
        d, following = d + 1, curve.add(point, curve.g)
        assert following is not None
        point = following
    return d


def without_zeros(alg: str, axis: int) -> Case:
    """Such a coordinate written without its zero byte: another text for the same key."""

    def make(scene: Scene) -> str:
        scene = scene.with_key(private(alg, short_coordinate(alg, axis)))
        name = "xy"[axis]
        return scene.jwk(**{name: b64(b64url_decode(scene.key.public_jwk[name])[1:])})

    return Case("34", f"{alg} key {'xy'[axis]} without its zero byte", make, KEY, "leading zeros")


def curve_keys(alg: str) -> list[Case]:
    curve = CURVES[alg][0]
    (gx, gy), p, size = curve.g, curve.p, curve.size
    at_zero = curve.root(curve.b)
    (near_x, its_y), (its_x, near_y) = curve.small_x(), curve.small_y()
    compressed = b64(bytes([2 + gy % 2]) + gx.to_bytes(size, "big"))
    whole = b64(b"\4" + gx.to_bytes(size, "big") + gy.to_bytes(size, "big"))
    return [
        at(alg, "33", "(0, 0)", 0, 0),
        *([at(alg, "33", "with x 0", 0, at_zero, SIGNATURE)] if at_zero else []),
        at(alg, "33", "with x 0 and y off the curve", 0, 1),
        at(alg, "33", "with y 0", 1, 0),
        at(alg, "33", "on the twist", *curve.on_twist()),
        *[
            at(alg, "33", f"of order {n} on another curve", *point)
            for n, point in zip((2, 3), curve.low_order(), strict=True)
        ],
        at(alg, "33", "mirrored in x", p - gx, gy),
        at(alg, "33", "mirrored: a point, another key", gx, p - gy, SIGNATURE),
        at(alg, "33", "x and y swapped", gy, gx),
        at(alg, "33", "one beside", gx, gy + 1),
        at(alg, "34", "x plus p", near_x + p, its_y),
        at(alg, "34", "a small x: a point, another key", near_x, its_y, SIGNATURE),
        at(alg, "34", "y plus p", its_x, near_y + p),
        at(alg, "34", "a small y: a point, another key", its_x, near_y, SIGNATURE),
        at(alg, "34", "all ones", 256**size - 1, 256**size - 1),
        at(alg, "34", "x is p", p, at_zero or 1),
        shown(alg, "33", "infinity: a zero", {"x": "AA", "y": "AA"}),
        shown(alg, "33", "infinity: nothing", {"x": "", "y": ""}),
        shown(alg, "34", "compressed", {"x": compressed, "y": ""}),
        shown(alg, "34", "whole point in x", {"x": whole, "y": whole}),
        shown(alg, "34", "x in a byte more", {"x": b64(b"\0" + gx.to_bytes(size, "big"))}),
        shown(alg, "34", "y in a byte less", {"y": b64(gy.to_bytes(size, "big")[1:])}),
        without_zeros(alg, 0),
        without_zeros(alg, 1),
        own(alg, "34", "with x from a zero byte on", short_coordinate(alg, 0)),
        own(alg, "34", "with y from a zero byte on", short_coordinate(alg, 1)),
        *[
            own(alg, "34", f"with the private half {name}", d)
            for name, d in (("1", 1), ("2", 2), ("n-1", curve.n - 1), ("n/2", curve.n // 2))
        ],
    ]


# --- Ed25519 --------------------------------------------------------------------------------------

SCALAR = Edwards.hash(b"the private scalar of this file")
PUBLIC = Edwards.times(SCALAR, BASE)


def edwards(
    row: str,
    what: str,
    rule: str = SIGNATURE,
    *,
    key: tuple[int, int] = PUBLIC,
    r: int = 0xC0FFEE,
    shift: tuple[int, int] = (0, 1),
    write: Any = None,
) -> Case:
    """A proof by `key` = SCALAR·B, perhaps with a torsion part, signed with R = r·B + shift.

    `write(R, S)` says how the two are put down.
    """

    def make(scene: Scene) -> str:
        name = Edwards.encode(key)

        def sign(message: bytes) -> bytes:
            commitment = Edwards.encode(Edwards.add(Edwards.times(r, BASE), shift))
            s = (r + Edwards.hash(commitment, name, message) * SCALAR) % Edwards.order
            return write(commitment, s) if write else commitment + s.to_bytes(32, "little")

        jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(name)}
        return scene.proof({"alg": "EdDSA", "jwk": jwk}, sign=sign)

    return Case(row, f"Ed25519 {what}", make, rule)


def mixed_key() -> Case:
    """A key with a torsion part. Whether S·B = R + h·A holds then depends on h modulo 8: here not,
    though 8·S·B = 8·R + 8·h·A always does. Verifiers that multiply by 8 would accept it."""
    key = Edwards.add(PUBLIC, TORSION)

    def make(scene: Scene) -> str:
        while True:
            proof = edwards("36", "", key=key).make(scene)
            assert isinstance(proof, str)
            text, _, signature = proof.rpartition(".")
            parts = b64url_decode(signature)[:32], Edwards.encode(key), text.encode()
            if int.from_bytes(sha512(b"".join(parts)).digest(), "little") % Edwards.order % 8:
                return proof

    return Case("36", "Ed25519 key of mixed order", make, SIGNATURE)


def signed_by_nobody(point: tuple[int, int]) -> Case:
    """A proof for a small-order key A that any verifier's equation accepts, S·B = R + h·A with S
    zero, though no one has a private key: R is -h·A, which is met by trying, one time in eight."""
    name = Edwards.encode(point)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(name)}

    def make(scene: Scene) -> str:
        while True:
            proof = scene.proof({"alg": "EdDSA", "jwk": jwk}, sign=lambda _: b"")
            for guess in SMALL_ORDER_POINTS:
                h = Edwards.hash(Edwards.encode(guess), name, proof[:-1].encode())
                if Edwards.add(guess, Edwards.times(h % 8, point)) == (0, 1):
                    return proof + b64(Edwards.encode(guess) + bytes(32))

    return Case("36", f"Ed25519 {name.hex()}: signed by nobody", make, KEY, "anyone")


def put(change: Any) -> Any:
    """How R and S are put down, if S is first changed: `change(s)`."""
    return lambda commitment, s: commitment + change(s).to_bytes(32, "little")


def edwards_cases() -> list[Case]:
    order, p = Edwards.order, Edwards.p
    fit = [n for n in range(1, 16) if (n + 1) * order < 2**256]
    identity = {"the identity": 1, "the identity plus p": 1 + p, "0": 0, "p": p, "-1": p - 1}
    return [
        edwards("42", "by hand", ""),
        *[edwards("42", f"S plus {n} L", write=put(lambda s, n=n: s + n * order)) for n in fit],
        *[
            edwards("42", f"S is {name}", write=put(lambda s, v=value: v))
            for name, value in (
                ("0", 0),
                ("1", 1),
                ("L-1", order - 1),
                ("L", order),
                ("L+1", order + 1),
                ("2^252", 2**252),
                ("2^255", 2**255),
                ("ones", 2**256 - 1),
            )
        ],
        edwards("42", "S negated", write=put(lambda s: order - s)),
        *[
            edwards("42", f"S with bit {bit}", write=put(lambda s, b=bit: s | 1 << b))
            for bit in (253, 254, 255)
        ],
        edwards("42", "R with a torsion part", shift=TORSION),
        *[
            edwards("42", f"R of order {8 // n}", r=0, shift=Edwards.times(n, TORSION))
            for n in (1, 2, 4)
        ],
        edwards("42", "R the identity, by who has the key", "", r=0),
        *[
            edwards(
                "42",
                f"R is {name}",
                write=lambda _, s, y=y: y.to_bytes(32, "little") + s.to_bytes(32, "little"),
            )
            for name, y in identity.items()
        ],
        edwards(
            "42",
            "R with the other sign",
            write=lambda c, s: (
                (int.from_bytes(c, "little") ^ 1 << 255).to_bytes(32, "little")
                + s.to_bytes(32, "little")
            ),
        ),
        edwards("42", "R and S swapped", write=lambda c, s: s.to_bytes(32, "little") + c),
        edwards("42", "all zero", write=lambda c, s: bytes(64)),
        edwards(
            "42", "S in the other order of bytes", write=lambda c, s: c + s.to_bytes(32, "big")
        ),
        *[
            edwards("42", f"{size} bytes", write=lambda c, s, z=size: (c + bytes(64))[:z])
            for size in (0, 32, 63, 65, 128 - 32)
        ],
        mixed_key(),
        *[signed_by_nobody(point) for point in SMALL_ORDER_POINTS],
        edwards("36", "key, negated", key=(Edwards.p - PUBLIC[0], PUBLIC[1])),
        edwards("36", "the base point as the key", key=BASE),
        edwards("36", "key in the large subgroup", ""),
    ]


# --- RSA ------------------------------------------------------------------------------------------

SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
INFOS = {
    "SHA-1's name": bytes.fromhex("3021300906052b0e03021a05000414"),
    "SHA-512's name": bytes.fromhex("3051300d060960864801650304020305000440"),
    "no NULL": bytes.fromhex("302f300b06096086480165030402010420"),
    "a long length": bytes.fromhex("308131300d060960864801650304020105000420"),
    "no name": b"",
}


def rsa_raw(what: str, block: Any, rule: str = SIGNATURE) -> Case:
    """RS256 with a padded block made by hand: `block(digest, size)`."""

    def make(scene: Scene) -> str:
        scene = scene.with_key(key_of("RS256"))
        numbers = scene.key._private.private_numbers()
        n = numbers.public_numbers.n

        def sign(message: bytes) -> bytes:
            padded = int.from_bytes(block(sha256(message).digest(), 256), "big")
            return pow(padded, numbers.d, n).to_bytes(256, "big")

        return scene.proof(sign=sign)

    return Case("42", f"RS256 {what}", make, rule)


def pkcs1(info: bytes, digest: bytes, size: int, *, kind: int = 1, fill: int = 255) -> bytes:
    tail = b"\0" + info + digest
    return bytes([0, kind]) + bytes([fill]) * (size - 2 - len(tail)) + tail


def loose(digest: bytes, size: int, filler: int = 8) -> bytes:
    """A short padding, and junk after the digest: what e = 3 would let anyone forge."""
    return (bytes([0, 1]) + b"\xff" * filler + b"\0" + SHA256_INFO + digest).ljust(size, b"\x55")


def rsa_number(alg: str, what: str, change: Any) -> Case:
    """A right signature s, written as the number `change(s, n)`."""

    def make(scene: Scene) -> str:
        scene = scene.with_key(key_of(alg))
        n = int.from_bytes(b64url_decode(scene.key.public_jwk["n"]), "big")

        def sign(message: bytes) -> bytes:
            number = change(int.from_bytes(scene.key.sign(message), "big"), n)
            return number.to_bytes(max(256, (number.bit_length() + 7) // 8), "big")

        return scene.proof(sign=sign)

    return Case("42", f"{alg} {what}", make, SIGNATURE)


def pss(
    what: str, salt: int, digest: Any = hashes.SHA256, mask: Any = None, rule: str = SIGNATURE
) -> Case:
    """PS256 with another salt length, hash or mask."""

    def make(scene: Scene) -> str:
        scene = scene.with_key(key_of("PS256"))
        how = padding.PSS(mgf=padding.MGF1((mask or digest)()), salt_length=salt)
        return scene.proof(sign=lambda text: scene.key._private.sign(text, how, digest()))

    return Case("42", f"PS256 {what}", make, rule)


@cache
def rsa_key(bits: int, exponent: int) -> ProofKey:
    return ProofKey(rsa.generate_private_key(exponent, bits), "RS256")


def rsa_cases() -> list[Case]:
    return [
        *[
            Case(
                "35",
                f"RSA of {bits} bits with e {e}",
                lambda s, b=bits, e=e: s.with_key(rsa_key(b, e)).proof(),
            )
            for bits, e in ((2048, 3), (2049, 65537), (3072, 65537))
        ],
        rsa_raw("by hand", lambda h, size: pkcs1(SHA256_INFO, h, size), ""),
        *[rsa_raw(name, lambda h, size, i=info: pkcs1(i, h, size)) for name, info in INFOS.items()],
        rsa_raw("block type 0", lambda h, size: pkcs1(SHA256_INFO, h, size, kind=0)),
        rsa_raw("block type 2", lambda h, size: pkcs1(SHA256_INFO, h, size, kind=2)),
        rsa_raw("filled with zeros", lambda h, size: pkcs1(SHA256_INFO, h, size, fill=0)),
        rsa_raw("filled with 254", lambda h, size: pkcs1(SHA256_INFO, h, size, fill=254)),
        rsa_raw("junk behind", loose),
        rsa_raw("junk behind and no filler", lambda h, size: loose(h, size, 0)),
        rsa_raw(
            "junk inside the padding",
            lambda h, size: (
                pkcs1(SHA256_INFO, h, size)[:9] + b"\0" + pkcs1(SHA256_INFO, h, size)[10:]
            ),
        ),
        rsa_raw("the digest cut", lambda h, size: pkcs1(SHA256_INFO, h[:-1], size)),
        rsa_raw(
            "the digest's last byte zero and more",
            lambda h, size: pkcs1(SHA256_INFO, h + b"\0", size),
        ),
        *[
            rsa_number(alg, name, change)
            for alg in ("RS256", "PS256")
            for name, change in (
                ("s plus n", lambda s, n: s + n),
                ("s is 0", lambda s, n: 0),
                ("s is 1", lambda s, n: 1),
                ("s is n-1", lambda s, n: n - 1),
                ("s is n", lambda s, n: n),
                ("s negated", lambda s, n: n - s),
                ("s squared", lambda s, n: s * s % n),
            )
        ],
        pss("salt of 32", 32, rule=""),
        *[pss(f"salt of {size}", size) for size in (0, 1, 20, 31, 33, 64, 222)],
        pss("SHA-384", 48, hashes.SHA384),
        pss("SHA-384 with a salt of 32", 32, hashes.SHA384),
        pss("a mask by SHA-1", 32, mask=hashes.SHA1),
        pss("a mask by SHA-512", 32, mask=hashes.SHA512),
    ]


CASES = [
    *ecdsa_signatures("ES256"),
    *ecdsa_signatures("ES384"),
    *curve_keys("ES256"),
    *curve_keys("ES384"),
    *edwards_cases(),
    *rsa_cases(),
]
