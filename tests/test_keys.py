"""Keys: the ephemeral pair never leaves its process, and only sound public keys are accepted."""

import copy
import json
import pickle
import traceback
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import get_default_algorithms

from dialtone_kit.base.algorithms import ALGORITHMS, BadKey, public_key_from_jwk
from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.keys import ProofKey, jwk_of, thumbprint
from tests.support.refusals.forge import key_of
from tests.support.refusals.jwks import SMALL_ORDER

SIGNATURE_BYTES = {"ES256": 64, "ES384": 96, "EdDSA": 64, "Ed25519": 64, "RS256": 256, "PS256": 256}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_signature_verifies_with_the_public_half_alone(alg: str) -> None:
    key = key_of(alg)
    signature = key.sign(b"message")
    assert len(signature) == SIGNATURE_BYTES[alg]
    public = public_key_from_jwk(key.public_jwk, alg)
    assert public.verify(signature, b"message")
    assert not public.verify(signature, b"massage")


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg != "Ed25519"])
def test_pyjwt_verifies_our_signatures(alg: str) -> None:
    reader = get_default_algorithms()[alg]
    key = key_of(alg)
    public = reader.from_jwk(json.dumps(key.public_jwk))
    assert reader.verify(b"message", public, key.sign(b"message"))


@pytest.mark.parametrize("alg", ["ES256", "ES384"])
def test_small_r_and_s_keep_their_leading_zeros(alg: str) -> None:
    """One signature in 128 has a zero byte in front of r or s; cut off, it is refused (M13)."""
    key, size = key_of(alg), SIGNATURE_BYTES[alg]
    public = public_key_from_jwk(key.public_jwk, alg)
    for number in range(1500):
        message = str(number).encode()
        signature = key.sign(message)
        assert len(signature) == size
        if signature[0] == 0 or signature[size // 2] == 0:
            assert public.verify(signature, message)
        if signature[size // 2] == 0:
            cut = signature[: size // 2] + signature[size // 2 + 1 :]
            assert not public.verify(cut, message)


def test_small_coordinates_keep_their_leading_zeros() -> None:
    """x has 32 bytes even when its number is small (M11); the private key is chosen for that."""
    for secret in range(1, 2000):
        private = ec.derive_private_key(secret, ec.SECP256R1())
        if private.public_key().public_numbers().x >> 248 == 0:
            jwk = jwk_of(private.public_key())
            assert jwk["x"].startswith("A")
            assert len(b64url_decode(jwk["x"])) == 32
            assert public_key_from_jwk(jwk, "ES256")
            return
    pytest.fail("one x in 256 begins with a zero byte")


def test_an_unknown_algorithm_makes_no_key() -> None:
    with pytest.raises(BadKey, match="HS256"):
        ProofKey.generate("HS256")
    with pytest.raises(BadKey, match="none"):
        public_key_from_jwk({"kty": "EC"}, "none")


def test_a_key_that_does_not_fit_its_algorithm_is_refused_at_once() -> None:
    with pytest.raises(BadKey, match="P-256"):
        ProofKey(ec.generate_private_key(ec.SECP384R1()), "ES256")
    with pytest.raises(BadKey, match="1024"):
        ProofKey(rsa.generate_private_key(65537, 1024), "RS256")


@pytest.mark.row("C1")
@pytest.mark.parametrize(
    "leave",
    [pickle.dumps, copy.copy, copy.deepcopy, lambda key: key.__reduce__(), json.dumps],
    ids=["pickle", "copy", "deepcopy", "reduce", "json"],
)
def test_the_private_key_does_not_leave(leave: object) -> None:
    with pytest.raises(TypeError):
        leave(key_of("ES256"))  # type: ignore[operator]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_shows_its_thumbprint_and_nothing_private(alg: str) -> None:
    key = key_of(alg)
    assert repr(key) == str(key) == f"<ProofKey {alg}, thumbprint {key.thumbprint}>"
    assert not {"d", "p", "q"} & key.public_jwk.keys()
    assert not hasattr(key, "__dict__")


@pytest.mark.row("C4")
def test_a_traceback_with_all_its_locals_shows_no_private_number() -> None:
    """C4: what a verbose traceback prints of a frame is the repr of its values."""
    private = ec.generate_private_key(ec.SECP256R1())
    key = ProofKey(private, "ES256")
    try:
        key.sign("not bytes")  # type: ignore[arg-type]
    except TypeError as problem:
        shown = traceback.TracebackException.from_exception(problem, capture_locals=True)
    text = "".join(shown.format())
    number = private.private_numbers().private_value
    assert str(number) not in text
    assert f"{number:x}" not in text


# Thumbprints


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": []},
        {"kty": "EC", "crv": "P-256", "x": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": 1},
        {"kty": "RSA", "n": None, "e": "AQAB"},
    ],
    ids=str,
)
def test_no_thumbprint_without_the_required_members(jwk: dict[str, object]) -> None:
    with pytest.raises(BadKey):
        thumbprint(jwk)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_thumbprint_is_made_of_the_required_members_only(alg: str) -> None:
    jwk = key_of(alg).public_jwk
    decorated = {"use": "sig", **dict(reversed(jwk.items())), "kid": "x", "alg": alg}
    assert thumbprint(decorated) == thumbprint(jwk) == key_of(alg).thumbprint


# Public keys that prove nothing


@pytest.mark.parametrize("point", SMALL_ORDER, ids=bytes.hex)
@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_a_small_order_point_is_not_a_key(point: bytes, alg: str) -> None:
    with pytest.raises(BadKey, match="anyone"):
        public_key_from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64url(point)}, alg)


def test_why_small_order_points_matter() -> None:
    """The library alone lets one signature, made without any private key, pass for all messages."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    identity = (1).to_bytes(32, "little")
    key = Ed25519PublicKey.from_public_bytes(identity)
    key.verify(identity + bytes(32), b"any message")


# base64url


@given(st.binary(max_size=200))
def test_base64url_there_and_back(data: bytes) -> None:
    text = b64url(data)
    assert b64url_decode(text) == data
    assert text == urlsafe_b64encode(data).decode().rstrip("=")


@given(st.text(alphabet=st.sampled_from("AZaz09-_+/= \n.é\x00"), max_size=12))
def test_there_is_one_way_to_write_any_bytes(text: str) -> None:
    try:
        data = b64url_decode(text)
    except ValueError:
        return
    assert b64url(data) == text


@pytest.mark.parametrize("text", ["A", "AA=", "AA==", "AB", "A+A/", "A A", "AA\n", "é", "AAAAA"])
def test_not_the_one_way(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        b64url_decode(text)
