"""Rows 1 to 28: the header field, the form of a JWS, `typ` and `alg`."""

import hashlib
import hmac
import json
from typing import Any

from tests.support.refusals.forge import ABSENT, Case, Scene, b64, key_of

BOM = b"\xef\xbb\xbf"


def of_length(scene: Scene, length: int) -> str:
    """A good proof of exactly `length` characters."""
    for pad in range(3):  # base64url has no text of 4n + 1 characters
        fixed = len(scene.proof({"a": "x" * pad}, {"b": ""}))
        for more in range((length - fixed) * 3 // 4 - 3, (length - fixed) * 3 // 4 + 3):
            proof = scene.proof({"a": "x" * pad}, {"b": "x" * more})
            if len(proof) == length:
                return proof
    raise AssertionError(length)


def replaced(proof: str, part: int, change: Any) -> str:
    parts = proof.split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


def stray_bit(segment: str) -> str:
    """The same bytes, written with a bit set that no byte needs."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]


def flattened(scene: Scene) -> str:
    header, payload, signature = scene.proof().split(".")
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


def twice(scene: Scene, member: str, again: str) -> bytes:
    """The claims as JSON, with `member` a second time under the name `again`."""
    claims = scene.claims()
    return f'{json.dumps(claims)[:-1]}, "{again}": {json.dumps(claims[member])}}}'.encode()


def jwk_twice(scene: Scene) -> bytes:
    x = f'"x": "{scene.key.public_jwk["x"]}"'
    return json.dumps(scene.header()).replace(x, f"{x}, {x}").encode()


def hmac_with_public_key(scene: Scene, alg: str, secret: str) -> str:
    """Row 21: the verifier's own public key taken for an HMAC secret."""
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    return scene.proof({"alg": alg}, sign=lambda text: hmac.digest(secret.encode(), text, digest))


def alg_removed(scene: Scene) -> str:
    header = {name: value for name, value in scene.header().items() if name != "alg"}
    return replaced(scene.proof(), 0, lambda _: b64(json.dumps(header)))


HEADER_FIELD = [
    Case("1", "no header field", lambda s: [], "one_header"),
    Case("2", "empty", lambda s: "", "one_header", "an empty DPoP header"),
    Case("3", "two header fields", lambda s: [s.proof(), s.proof()], "one_header", "got 2"),
    Case("3", "one field twice", lambda s: [s.proof()] * 2, "one_header", "got 2"),
    Case("4", "comma and space", lambda s: f"{s.proof()}, {s.proof()}", "one_header", "joined"),
    Case("4", "comma", lambda s: f"{s.proof()},{s.proof()}", "one_header", "joined"),
    Case("6", "8193 bytes", lambda s: of_length(s, 8193), "one_header", "8192"),
    Case("6", "8193 bytes of nothing", lambda s: "x" * 8193, "one_header", "8192"),
    Case("6", "8192 bytes", lambda s: of_length(s, 8192)),
    Case("7", "space inside", lambda s: s.proof().replace(".", ". ", 1), "well_formed"),
    Case("7", "tab inside", lambda s: s.proof().replace(".", "\t.", 1), "well_formed"),
    Case("7", "non-ASCII", lambda s: s.proof() + "é", "well_formed"),
    Case("7", "space before", lambda s: " " + s.proof(), "well_formed", over_http=False),
    Case("7", "line break after", lambda s: s.proof() + "\n", "well_formed", over_http=False),
    Case("7", "NUL after", lambda s: s.proof() + "\0", "well_formed", over_http=False),
]

FORM = [
    Case("12", "one part", lambda s: s.proof().split(".")[1], "well_formed", "1 part"),
    Case("12", "two parts", lambda s: s.proof().rpartition(".")[0], "well_formed", "2 part"),
    Case("12", "four parts", lambda s: s.proof() + ".AAAA", "well_formed", "4 part"),
    Case("12", "five parts", lambda s: s.proof() + ".AAAA.AAAA", "well_formed", "5 part"),
    Case("12", "empty parts", lambda s: "..", "well_formed"),
    Case("12", "no header part", lambda s: replaced(s.proof(), 0, lambda _: ""), "well_formed"),
    Case("12", "no payload part", lambda s: replaced(s.proof(), 1, lambda _: ""), "well_formed"),
    Case("13", "JSON serialisation", flattened, "one_header"),
    Case("13", "nested JWT", lambda s: s.proof({"cty": "JWT"}, s.proof().encode()), "well_formed"),
    Case("14", "padding", lambda s: s.proof() + "==", "well_formed"),
    Case("14", "padded header", lambda s: s.proof().replace(".", "=.", 1), "well_formed"),
    Case("14", "plus", lambda s: replaced(s.proof(), 2, lambda t: "+" + t[1:]), "well_formed"),
    Case("14", "slash", lambda s: replaced(s.proof(), 1, lambda t: "/" + t[1:]), "well_formed"),
    Case(
        "14", "junk", lambda s: replaced(s.proof(), 1, lambda t: t[:9] + "!" + t[9:]), "well_formed"
    ),
    Case(
        "14",
        "stray bits in the signature",
        lambda s: replaced(s.proof(), 2, stray_bit),
        "well_formed",
        "canonical",
    ),
    Case(
        "14",
        "one character too many",
        lambda s: replaced(s.proof(), 2, lambda t: t + "AAA"),
        "well_formed",
    ),
    *[
        Case(
            "15",
            f"payload {text}",
            lambda s, text=text: s.proof(claims=text),
            "well_formed",
            "not an object",
        )
        for text in (b"[]", b'"text"', b"1", b"null", b"true")
    ],
    Case("15", "header is a list", lambda s: s.proof(b'["dpop+jwt"]'), "well_formed"),
    Case("15", "empty payload object", lambda s: s.proof(claims=b"{}"), "htm_matches"),
    Case("15", "BOM", lambda s: s.proof(claims=BOM + b"{}"), "well_formed"),
    Case("15", "bad UTF-8", lambda s: s.proof(claims=b'{"htm": "\xff"}'), "well_formed", "UTF-8"),
    Case("15", "UTF-16", lambda s: s.proof(claims='{"a": 1}'.encode("utf-16")), "well_formed"),
    Case(
        "15",
        "half a character",
        lambda s: s.proof(claims=b'{"jti": "\\ud800"}'),
        "well_formed",
        "UTF-8",
    ),
    Case("15", "two objects", lambda s: s.proof(claims=b"{} {}"), "well_formed"),
    Case("15", "a comment", lambda s: s.proof(claims=b'{"a": 1 /* one */}'), "well_formed"),
    Case(
        "16",
        "claim twice",
        lambda s: s.proof(claims=twice(s, "jti", "jti")),
        "well_formed",
        "twice",
    ),
    Case(
        "16",
        "claim twice, once escaped",
        lambda s: s.proof(claims=twice(s, "htm", "h\\u0074m")),
        "well_formed",
        "twice",
    ),
    Case("16", "jwk member twice", lambda s: s.proof(jwk_twice(s)), "well_formed", "twice"),
    Case(
        "17", "deep array", lambda s: s.proof(claims=b'{"a":' + b"[" * 5000 + b"}"), "well_formed"
    ),
    Case("17", "deep object", lambda s: s.proof(claims=b'{"":' * 1200), "well_formed"),
    Case(
        "17",
        "5000 digits",
        lambda s: s.proof(claims=b'{"iat": ' + b"1" * 5000 + b"}"),
        "well_formed",
    ),
    Case(
        "18",
        "unknown crit",
        lambda s: s.proof({"crit": ["x"], "x": 1}),
        "alg_is_listed",
        "critical",
    ),
    Case("18", "empty crit", lambda s: s.proof({"crit": []}), "alg_is_listed"),
    Case("18", "crit b64", lambda s: s.proof({"crit": ["b64"], "b64": False}), "alg_is_listed"),
    Case("18", "b64 false", lambda s: s.proof({"b64": False}), "alg_is_listed"),
]

TYP = [
    Case("19", "typ missing", lambda s: s.proof({"typ": ABSENT}), "typ_is_dpop", "got nothing"),
    *[
        Case("19", f"typ {typ}", lambda s, typ=typ: s.proof({"typ": typ}), "typ_is_dpop")
        for typ in (
            "JWT",
            "at+jwt",
            "DPoP+JWT",
            "application/dpop+jwt",
            "dpop+jwt ",
            "",
            1,
            None,
            True,
            ["dpop+jwt"],
            {"typ": "dpop+jwt"},
        )
    ],
]

ALG = [
    *[
        Case(
            "20",
            f"alg {alg}",
            lambda s, alg=alg: s.proof({"alg": alg}, sign=lambda _: b""),
            "alg_is_listed",
        )
        for alg in ("none", "None", "NONE", "nOnE", "", ABSENT, 1, True, None, ["ES256"], {})
    ],
    Case("20", "alg none, signed", lambda s: s.proof({"alg": "none"}), "alg_is_listed"),
    *[
        Case(
            "21",
            f"{alg} keyed with x",
            lambda s, alg=alg: hmac_with_public_key(s, alg, s.key.public_jwk["x"]),
            "alg_is_listed",
        )
        for alg in ("HS256", "HS384", "HS512")
    ],
    Case(
        "21",
        "HS256 keyed with the jwk",
        lambda s: hmac_with_public_key(s, "HS256", json.dumps(s.key.public_jwk)),
        "alg_is_listed",
    ),
    *[
        Case("22", f"alg {alg}", lambda s, alg=alg: s.proof({"alg": alg}), "alg_is_listed")
        for alg in ("ES512", "ES256K", "RS1", "RS384", "PS512", "Ed448", "ECDH-ES", "dir")
    ],
    *[
        Case(
            "23",
            f"{alg} with a key for {of}",
            lambda s, alg=alg, of=of: s.with_key(key_of(of)).proof({"alg": alg}),
            "jwk_is_public",
        )
        for alg, of in (
            ("ES256", "ES384"),
            ("ES384", "ES256"),
            ("ES256", "EdDSA"),
            ("EdDSA", "ES256"),
            ("RS256", "ES256"),
            ("ES256", "RS256"),
            ("PS256", "EdDSA"),
        )
    ],
    Case("23", "ES256 with kty OKP", lambda s: s.jwk(kty="OKP"), "jwk_is_public", "kty EC P-256"),
    Case(
        "23",
        "ES256 with kty RSA",
        lambda s: s.proof(
            {"jwk": {**key_of("RS256").public_jwk, **s.key.public_jwk, "kty": "RSA"}}
        ),
        "jwk_is_public",
        "kty EC P-256",
    ),
    Case(
        "23",
        "EdDSA with kty EC",
        lambda s: s.with_key(key_of("EdDSA")).jwk(kty="EC", y="AAAA"),
        "jwk_is_public",
        "kty OKP Ed25519",
    ),
    Case("24", "alg removed after signing", alg_removed, "alg_is_listed", "got nothing"),
    Case(
        "25",
        "RS256 called PS256",
        lambda s: s.with_key(key_of("RS256")).proof({"alg": "PS256"}),
        "signature_verifies",
    ),
    Case(
        "25",
        "PS256 called RS256",
        lambda s: s.with_key(key_of("PS256")).proof({"alg": "RS256"}),
        "signature_verifies",
    ),
    *[
        Case("26", alg, lambda s, alg=alg: s.with_key(key_of(alg)).proof())
        for alg in ("ES256", "ES384", "EdDSA", "RS256", "PS256")
    ],
    Case("27", "Ed25519", lambda s: s.with_key(key_of("Ed25519")).proof()),
    Case(
        "27",
        "Ed25519 key as EdDSA",
        lambda s: s.with_key(key_of("Ed25519")).proof({"alg": "EdDSA"}),
    ),
    Case("28", "es256", lambda s: s.proof({"alg": "es256"}), "alg_is_listed"),
]

CASES = [*HEADER_FIELD, *FORM, *TYP, *ALG]
