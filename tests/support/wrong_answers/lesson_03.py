"""Wrong answers to the exercises of lesson 03."""

from __future__ import annotations

import base64
from collections import ChainMap
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm
from jwt.utils import der_to_raw_signature

from dialtone_kit import ProofRefused, Request, b64url
from dialtone_kit.lesson.content.lesson_03.broken_proofs import rules_of
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.rules import RULES, Proof
from tests.support.wrong_answers import ChameleonText, Make, right, value, wrong


def _jwk(private_key, x, y, **more):
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **more}


def _numbers(private_key):
    numbers = private_key.public_key().public_numbers()
    return numbers.x, numbers.y


def _whole(number):
    return number.to_bytes(32, "big")


@wrong("03.coordinates", "M11", "you dropped (a|2) leading zero bytes?\\.")
def shortest_bytes(private_key):
    short = [b64url(n.to_bytes((n.bit_length() + 7) // 8, "big")) for n in _numbers(private_key)]
    return _jwk(private_key, *short)


@wrong("03.coordinates", "M14", "private member")
def private_half_included(private_key):
    x, y = map(_whole, _numbers(private_key))
    d = b64url(_whole(private_key.private_numbers().private_value))
    return _jwk(private_key, b64url(x), b64url(y), d=d)


@wrong("03.coordinates", "", "swapped")
def x_and_y_swapped(private_key):
    x, y = map(_whole, _numbers(private_key))
    return _jwk(private_key, b64url(y), b64url(x))


@wrong("03.coordinates", "", "padding|plain base64")
def with_padding(private_key):
    x, y = (base64.urlsafe_b64encode(_whole(n)).decode() for n in _numbers(private_key))
    return _jwk(private_key, x, y)


@wrong("03.coordinates", "", "bytes. JSON has no bytes")
def bytes_not_text(private_key):
    x, y = (base64.urlsafe_b64encode(_whole(n)).rstrip(b"=") for n in _numbers(private_key))
    return _jwk(private_key, x, y)


@wrong("03.coordinates", "", "back to front")
def little_end_first(private_key):
    x, y = (b64url(n.to_bytes(32, "little")) for n in _numbers(private_key))
    return _jwk(private_key, x, y)


@wrong("03.coordinates", "", "crv is 'P-256'")
def curve_by_its_other_name(private_key):
    x, y = map(_whole, _numbers(private_key))
    return {"kty": "EC", "crv": "secp256r1", "x": b64url(x), "y": b64url(y)}


@wrong("03.coordinates", "M11", "bytes instead of 32")
def decimal_digits(private_key):
    return _jwk(private_key, *(b64url(str(n).encode()) for n in _numbers(private_key)))


def _shortest(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


@wrong(
    "03.coordinates", "M11", "y has (31 bytes: you dropped a|30 bytes: you dropped 2) leading zero"
)
def pads_only_x(private_key):
    x, y = _numbers(private_key)
    return _jwk(private_key, b64url(_whole(x)), b64url(_shortest(y)))


@wrong(
    "03.coordinates", "M11", "x has (31 bytes: you dropped a|30 bytes: you dropped 2) leading zero"
)
def pads_only_y(private_key):
    x, y = _numbers(private_key)
    return _jwk(private_key, b64url(_shortest(x)), b64url(_whole(y)))


@wrong("03.coordinates", "M11", "has 31 bytes: you dropped a leading zero")
def pads_one_byte_at_most(private_key):
    short = map(_shortest, _numbers(private_key))
    return _jwk(private_key, *(b64url(n if len(n) == 32 else b"\0" + n) for n in short))


def _pem(private_key):
    pem = private_key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    return pem.decode()


@wrong("03.coordinates", "M14", "another member, 'pem'")
def private_pem_in_a_member_of_its_own(private_key):
    return _jwk(
        private_key, *map(b64url, map(_whole, _numbers(private_key))), pem=_pem(private_key)
    )


@wrong("03.coordinates", "", "another member, 'scalar'")
def private_number_in_a_member_of_its_own(private_key):
    number = private_key.private_numbers().private_value
    return _jwk(private_key, *map(b64url, map(_whole, _numbers(private_key))), scalar=number)


@wrong("03.coordinates", "", "raised AttributeError")
def asks_the_private_key_for_x(private_key):
    return _jwk(private_key, private_key.x, private_key.y)


value("03.coordinates", "the-result-of-a-call", "without calling it", lambda lesson: {"kty": "EC"})
value("03.coordinates", "a-class", "Return the JWK as a dict", lambda lesson: type)


def jwk_from_the_point(form, private_key):
    """x and y cut out of the uncompressed point: 04, then both in 32 bytes."""
    point = private_key.public_key().public_bytes(ser.Encoding.X962, form)
    return {"y": b64url(point[33:]), "x": b64url(point[1:33]), "crv": "P-256", "kty": "EC"}


class PublicJwk:
    def __call__(self, private_key):
        x, y = (b64url(bytes.fromhex(f"{n:064x}")) for n in _numbers(private_key))
        return _jwk(private_key, x, y)


right(
    "03.coordinates",
    "point-by-partial",
    partial(jwk_from_the_point, ser.PublicFormat.UncompressedPoint),
)
right("03.coordinates", "hex-in-a-callable-object", PublicJwk())
right("03.coordinates", "read-only-mapping", lambda key: MappingProxyType(PublicJwk()(key)))
right(
    "03.coordinates",
    "another-library",
    lambda key: ECAlgorithm.to_jwk(key.public_key(), as_dict=True),
)


@wrong("03.signature", "M13", "still DER")
def der_as_it_is(der):
    return der


@wrong("03.signature", "M11", "you dropped (a leading zero byte|\\d leading zero bytes)")
def shortest_numbers(der):
    return b"".join(n.to_bytes((n.bit_length() + 7) // 8, "big") for n in decode_dss_signature(der))


@wrong("03.signature", "M13", "r comes first")
def s_before_r(der):
    r, s = decode_dss_signature(der)
    return _whole(s) + _whole(r)


@wrong("03.signature", "M13", "32 bytes each")
def cut_out_of_the_der(der):
    return der[-64:]


@wrong("03.signature", "", "Return bytes")
def numbers_not_bytes(der):
    return decode_dss_signature(der)


def _parts(der):
    """The bytes of r and of s as DER has them."""
    r_end = 4 + der[3]
    return der[4:r_end], der[r_end + 2 :]


@wrong("03.signature", "M13", "65 bytes instead of 64: an extra zero byte")
def keeps_the_sign_byte(der):
    r, s = _parts(der)
    return r + s


@wrong("03.signature", "M13", "65 bytes instead of 64: an extra zero byte")
def fills_up_but_keeps_the_sign_byte(der):
    r, s = _parts(der)
    return r.rjust(32, b"\0") + s.rjust(32, b"\0")


@wrong("03.signature", "M11", "63 bytes instead of 64: you dropped a leading zero byte")
def pads_only_r(der):
    r, s = decode_dss_signature(der)
    return _whole(r) + _shortest(s)


@wrong("03.signature", "M11", "63 bytes instead of 64: you dropped a leading zero byte")
def pads_only_s(der):
    r, s = decode_dss_signature(der)
    return _shortest(r) + _whole(s)


@wrong("03.signature", "M11", "61 bytes instead of 64: you dropped 3 leading zero bytes")
def pads_one_byte_of_each(der):
    short = map(_shortest, decode_dss_signature(der))
    return b"".join(n if len(n) == 32 else b"\0" + n for n in short)


@wrong("03.signature", "M13", "got 64 other bytes")
def zeros_on_the_right(der):
    return b"".join(_shortest(n).ljust(32, b"\0") for n in decode_dss_signature(der))


@wrong("03.signature", "M13", "r and s are back to front")
def little_end_of_each_first(der):
    return b"".join(n.to_bytes(32, "little") for n in decode_dss_signature(der))


@wrong("03.signature", "", "Return bytes")
def base64url_already(der):
    return b64url(b"".join(map(_whole, decode_dss_signature(der))))


@wrong("03.signature", "", "raised OverflowError")
def thirty_one_bytes(der):
    return b"".join(n.to_bytes(31, "big") for n in decode_dss_signature(der))


value("03.signature", "bytes-themselves", "without calling it", lambda lesson: b"\1" * 64)


def signature_as_bytearray(der):
    whole = bytearray(64)
    for end, part in zip((32, 64), _parts(der), strict=True):
        digits = part.lstrip(b"\0")
        whole[end - len(digits) : end] = digits
    return whole


class RawSignature:
    def __call__(self, der):
        r, s = decode_dss_signature(der)
        return bytes.fromhex(f"{r:064x}{s:064x}")


def one_number_of_both(shift, der):
    r, s = decode_dss_signature(der)
    return (r << shift | s).to_bytes(64, "big")


right("03.signature", "bytearray-without-a-library", signature_as_bytearray)
right("03.signature", "hex-in-a-callable-object", RawSignature())
right("03.signature", "one-number-by-partial", partial(one_number_of_both, 256))
right("03.signature", "another-library", lambda der: der_to_raw_signature(der, SECP256R1()))


def _rules_of(lesson: Lesson) -> dict[str, str]:
    return rules_of(lesson.material("03.six-proofs"))


def _confused(rule: str, instead: str) -> Make:
    """The right answer, but for the proof that `rule` refuses."""
    return lambda lesson: {
        letter: instead if name == rule else name for letter, name in _rules_of(lesson).items()
    }


for _rule, _code in {
    "typ_is_dpop": "",
    "jwk_is_public": "M14",
    "signature_verifies": "",
    "htm_matches": "",
    "htu_matches": "M04",
    "iat_is_fresh": "M06",
}.items():
    _instead = "htm_matches" if _rule != "htm_matches" else "htu_matches"
    value(
        "03.six-proofs",
        f"not-seen-{_rule}",
        "lets this one pass",
        _confused(_rule, _instead),
        _code,
    )
value("03.six-proofs", "an-unknown-rule", "not the name of a rule", _confused("htm_matches", "htm"))
value(
    "03.six-proofs",
    "one-left-open",
    "has no answer yet",
    lambda lesson: {"A": _rules_of(lesson)["A"], "B": ...},
)
value("03.six-proofs", "a-list", "Answer with a dict", lambda lesson: ["typ_is_dpop"] * 6)
value("03.six-proofs", "a-function", "Answer with a dict", lambda lesson: _rules_of)
value(
    "03.six-proofs",
    "lists-of-rules",
    "not the name of a rule",
    lambda lesson: {letter: [rule] for letter, rule in _rules_of(lesson).items()},
)
value(
    "03.six-proofs",
    "rules-to-letters",
    "A has no answer yet",
    lambda lesson: {rule: letter for letter, rule in _rules_of(lesson).items()},
)
value(
    "03.six-proofs",
    "small-letters",
    "A has no answer yet",
    lambda lesson: {letter.lower(): rule for letter, rule in _rules_of(lesson).items()},
)
value(
    "03.six-proofs",
    "a-rule-that-needs-a-memory",
    "jti_is_new lets this one pass",
    _confused("typ_is_dpop", "jti_is_new"),
)


@dataclass(frozen=True)
class FromLesson:
    """An unusual right answer that is made from the lesson, as wrong ones are."""

    make: Make


def _refused_by_hand(lesson: Lesson) -> dict[str, str]:
    """What a learner finds who runs one rule after the other."""
    proofs = lesson.material("03.six-proofs")
    request = Request(proofs.method, proofs.url, now=proofs.now)
    found = {}
    for letter, text in proofs.items():
        proof = Proof([text])
        for rule in RULES[:-1]:  # the last one needs a memory
            try:
                rule(proof, request)
            except ProofRefused:
                found[letter] = rule.__name__
                break
    return found


right("03.six-proofs", "rule-by-rule", FromLesson(_refused_by_hand))
right(
    "03.six-proofs",
    "read-only-mapping",
    FromLesson(lambda lesson: MappingProxyType(_rules_of(lesson))),
)
right(
    "03.six-proofs",
    "backwards-with-one-too-many",
    FromLesson(lambda lesson: {"Z": "", **dict(reversed(_rules_of(lesson).items()))}),
)
right("03.six-proofs", "chain-map", FromLesson(lambda lesson: ChainMap({}, _rules_of(lesson))))


class ChameleonBytes(bytes):
    """Bytes that claim to equal whatever they are compared with."""

    __hash__ = bytes.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


@wrong("03.coordinates", "M11", "x has 3 bytes instead of 32")
def coordinates_that_equal_everything(private_key):
    return _jwk(private_key, ChameleonText("AAAA"), ChameleonText("AAAA"))


@wrong("03.signature", "M13", "got 64 other bytes")
def a_signature_that_equals_everything(der):
    return ChameleonBytes(64)


value(
    "03.six-proofs",
    "rules-that-equal-everything",
    "htu_matches lets this one pass",
    _confused("htm_matches", ChameleonText("htu_matches")),
)
