"""Rows 40 to 43: signatures, with the edge values of the Wycheproof test vectors."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.support.refusals.forge import Case, Scene, b64, key_of

ORDER = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,  # noqa: E501
}
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
RULE = "signature_verifies"

Change = Callable[[int, int, int], tuple[int, int]]


def rewritten(scene: Scene, write: Callable[[bytes], bytes], alg: str = "ES256") -> str:
    """A proof whose right signature is rewritten."""
    right = scene.with_key(key_of(alg))
    return right.proof(sign=lambda text: write(right.key.sign(text)))


def with_numbers(scene: Scene, change: Change, alg: str = "ES256") -> str:
    """A proof whose r and s are changed: `change(r, s, n)`."""
    size, order = (32, ORDER["ES256"]) if alg == "ES256" else (48, ORDER["ES384"])

    def write(raw: bytes) -> bytes:
        r, s = int.from_bytes(raw[:size], "big"), int.from_bytes(raw[size:], "big")
        return b"".join(number.to_bytes(size, "big") for number in change(r, s, order))

    return rewritten(scene, write, alg)


def der(raw: bytes) -> bytes:
    half = len(raw) // 2
    return encode_dss_signature(
        int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    )


def flip(index: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]


def other_claims(scene: Scene) -> str:
    """The signature of one proof under the claims of another."""
    one, other = scene.proof(), scene.proof()
    return f"{other.rpartition('.')[0]}.{one.rpartition('.')[2]}"


def ed25519_s(raw: bytes) -> bytes:
    """S + L: the same signature, if no one checks that S is below the order."""
    s = int.from_bytes(raw[32:], "little") + ED25519_ORDER
    return raw[:32] + s.to_bytes(32, "little")


def twin(proof: str) -> str:
    """The other signature that anyone can make of an ECDSA signature: (r, n - s)."""
    import base64

    text, _, signature = proof.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    s = ORDER["ES256"] - int.from_bytes(raw[32:], "big")
    return f"{text}.{b64(raw[:32] + s.to_bytes(32, 'big'))}"


EDGES: list[tuple[str, Change]] = [
    ("r zero", lambda r, s, n: (0, s)),
    ("s zero", lambda r, s, n: (r, 0)),
    ("both zero", lambda r, s, n: (0, 0)),
    ("both one", lambda r, s, n: (1, 1)),
    ("r is n", lambda r, s, n: (n, s)),
    ("s is n", lambda r, s, n: (r, n)),
    ("both n", lambda r, s, n: (n, n)),
    ("r over n", lambda r, s, n: (n + 1, s)),
    ("s over n", lambda r, s, n: (r, n + 1)),
    ("all ones", lambda r, s, n: (2 ** (n.bit_length()) - 1,) * 2),
    ("swapped", lambda r, s, n: (s, r)),
    ("r negated", lambda r, s, n: (n - r, s)),
]

CASES = [
    *[
        Case(
            "40",
            f"{alg} bit of byte {index} flipped",
            lambda s, a=alg, i=index: rewritten(s, flip(i), a),
            RULE,
        )
        for alg in ("ES256", "ES384", "EdDSA", "RS256", "PS256")
        for index in (0, 31, 32, 63)
    ],
    Case("40", "other claims", other_claims, RULE),
    Case("41", "other key", lambda s: s.proof(sign=key_of("ES256", "other").sign), RULE),
    Case("41", "empty", lambda s: s.proof(sign=lambda _: b""), RULE),
    *[
        Case("42", f"{alg} {what}", lambda s, a=alg, c=change: with_numbers(s, c, a), RULE)
        for alg in ("ES256", "ES384")
        for what, change in EDGES
    ],
    Case("42", "DER", lambda s: rewritten(s, der), RULE, "M13"),
    Case("42", "DER of ES384", lambda s: rewritten(s, der, "ES384"), RULE, "M13"),
    *[
        Case("42", f"{alg} {what}", lambda s, a=alg, w=write: rewritten(s, w, a), RULE)
        for alg in ("ES256", "ES384", "EdDSA", "RS256", "PS256")
        for what, write in (
            ("one byte short", lambda raw: raw[:-1]),
            ("first byte away", lambda raw: raw[1:]),
            ("zero byte before", lambda raw: b"\0" + raw),
            ("zero byte behind", lambda raw: raw + b"\0"),
            ("half", lambda raw: raw[: len(raw) // 2]),
            ("twice", lambda raw: raw + raw),
            ("zeros", lambda raw: bytes(len(raw))),
            ("ones", lambda raw: b"\xff" * len(raw)),
        )
    ],
    Case(
        "42",
        "r and s each with a zero byte before",
        lambda s: rewritten(s, lambda raw: b"\0" + raw[:32] + b"\0" + raw[32:]),
        RULE,
    ),
    Case(
        "42",
        "s with a zero byte before",
        lambda s: rewritten(s, lambda raw: raw[:32] + b"\0" + raw[32:]),
        RULE,
    ),
    Case("42", "EdDSA S plus L", lambda s: rewritten(s, ed25519_s, "EdDSA"), RULE),
    Case(
        "42",
        "EdDSA S zero",
        lambda s: rewritten(s, lambda raw: raw[:32] + bytes(32), "EdDSA"),
        RULE,
    ),
]
