"""Access tokens: each check of verify_token refuses its own cases, and their neighbours pass."""

import json
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.tokens import (
    bound_thumbprint,
    is_bound_to,
    issuer_allows,
    read_unverified,
    sign_token,
    verify_token,
)
from tests.support.refusals.forge import ABSENT, NOW, b64, key_of
from tests.support.refusals.signatures import der

ISSUER = "https://id.example/realms/default"
SIGNER = key_of("ES256", "signer")
MINE = key_of("ES256")
JWKS = {"keys": [{**SIGNER.public_jwk, "kid": "k1", "use": "sig", "alg": "ES256"}]}
CLAIMS: Mapping[str, Any] = {
    "token_type": "access_token",
    "iss": ISSUER,
    "sub": "cli_a_1",
    "client_id": "cli_a_1",
    "realm": "default",
    "scope": "openid",
    "iat": NOW,
    "exp": NOW + 3600,
    "jti": "j",
    "cnf": {"jkt": MINE.thumbprint},
}


def changed(right: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: v for name, v in {**right, **changes}.items() if v is not ABSENT}


def token(header: Mapping[str, Any] | None = None, sign: Any = None, **claims: Any) -> str:
    """A token that is right but for what is given, made without the kit's own writer."""
    header = changed({"alg": "ES256", "typ": "JWT", "kid": "k1"}, header or {})
    text = f"{b64(json.dumps(header))}.{b64(json.dumps(changed(CLAIMS, claims)))}"
    return f"{text}.{b64((sign or SIGNER.sign)(text.encode()))}"


def verify(text: str, jwks: Any = JWKS, **more: Any) -> dict[str, Any]:
    return verify_token(text, jwks, ISSUER, **{"now": NOW, **more})


def rule_that_refuses(text: str, jwks: Any = JWKS, **more: Any) -> str:
    with pytest.raises(TokenRefused) as refusal:
        verify(text, jwks, **more)
    return refusal.value.rule


def test_a_good_token_gives_its_claims() -> None:
    assert verify(token()) == CLAIMS


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        *[({"alg": alg}, "alg") for alg in ("none", "HS256", "es256", ABSENT, 1, None, ["ES256"])],
        *[({"typ": typ}, "typ") for typ in ("dpop+jwt", "jwt", "JOSE", ABSENT, 1, None, ["JWT"])],
        *[({"kid": kid}, "kid") for kid in ("k2", "", ABSENT, 1, None, ["k1"], "../k1")],
        ({"crit": ["x"]}, "crit"),
        ({"crit": []}, "crit"),
        ({"b64": False}, "crit"),
        ({"alg": "ES384"}, "kid"),
        ({"alg": "RS256"}, "kid"),
    ],
    ids=str,
)
def test_a_header_that_is_refused(header: dict[str, Any], rule: str) -> None:
    assert rule_that_refuses(token(header)) == rule


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt"},
        {"typ": "application/at+jwt"},
        {"x": 1},
        {"jku": "http://evil/"},
        {"jwk": MINE.public_jwk},
        {"x5c": ["AA"]},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_header_that_passes(header: dict[str, Any]) -> None:
    assert verify(token(header)) == CLAIMS


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt"])
def test_a_header_that_says_access_token_needs_no_claim_that_says_so(typ: str) -> None:
    """RFC 9068 §2.1: other authorization servers have no such claim. One that denies it counts."""
    silent = {"token_type": ABSENT}
    assert verify(token({"typ": typ}, **silent)) == changed(CLAIMS, silent)
    for value in ("id_token", "", None, 1):
        assert rule_that_refuses(token({"typ": typ}, token_type=value)) == "token_type"


def test_a_key_inside_the_token_is_not_the_issuers() -> None:
    """The thief signs with their own key and sends it along."""
    forged = token({"jwk": MINE.public_jwk, "jku": "https://evil.example/jwks"}, MINE.sign)
    assert rule_that_refuses(forged) == "signature"


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        *[({"token_type": value}, "token_type") for value in ("id_token", "", ABSENT, None, 1)],
        *[
            ({"iss": value}, "iss")
            for value in (
                ISSUER + "/",
                "https://id.example",
                "https://id.example/realms/strict",
                "https://ID.example/realms/default",
                ABSENT,
                None,
                1,
                [ISSUER],
            )
        ],
        *[
            ({"exp": value}, "exp")
            for value in (
                NOW,
                NOW - 1,
                NOW - 0.5,
                ABSENT,
                None,
                "9999999999",
                True,
                10**400,
                -1,
                [],
            )
        ],
        *[({"iat": value}, "iat") for value in (NOW + 6, NOW + 5.5, ABSENT, None, str(NOW), True)],
        *[({"nbf": value}, "nbf") for value in (str(NOW), True, [])],
        *[({"nbf": value}, "iat") for value in (NOW + 6, NOW + 5.5)],
        *[({"aud": value}, "aud") for value in ("https://api", ["https://api"], "", 1, {})],
        *[
            ({"cnf": value}, "cnf")
            for value in (
                None,
                "x",
                [],
                {},
                {"jkt": None},
                {"jkt": ""},
                {"jkt": "x" * 42},
                {"jkt": "x" * 44},
                {"jkt": "x" * 42 + "="},
                {"jkt": "x" * 43 + "\n"},
                {"x5t#S256": "x" * 43},
            )
        ],
    ],
    ids=str,
)
def test_claims_that_are_refused(claims: dict[str, Any], rule: str) -> None:
    assert rule_that_refuses(token(**claims)) == rule


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW + 1},
        {"exp": NOW + 0.5},
        {"iat": NOW + 5},
        {"iat": NOW - 0.5},
        {"iat": NOW + 4.5},
        {"nbf": NOW + 5},
        {"nbf": 1.5},
        {"nbf": None},
        {"nbf": NOW - 1},
        {"aud": []},
        {"aud": None},
        {"cnf": ABSENT},
        {"x": {"y": 1}},
        {"act": {"sub": "a"}},
    ],
    ids=str,
)
def test_claims_that_pass(claims: dict[str, Any]) -> None:
    assert verify(token(**claims)) == changed(CLAIMS, claims)


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (str(NOW), f'is "{NOW}", not a number'),
        (True, "is true, not a number"),
        ((NOW + 60) * 1000, "that is milliseconds; NumericDate is seconds"),
        ((NOW - 60) * 1000, "that is milliseconds; NumericDate is seconds"),
    ],
)
def test_a_time_of_another_kind_is_named_as_it_came(name: str, value: object, says: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        verify(token(**{name: value}))
    assert refused.value.rule == name
    assert says in str(refused.value)


def test_the_distance_from_now_is_given_in_seconds_without_a_fraction() -> None:
    with pytest.raises(TokenRefused, match=r"expired 7 s ago"):
        verify(token(exp=NOW - 7.5))
    with pytest.raises(TokenRefused, match=r"valid only in 8 s"):
        verify(token(iat=NOW + 7.5))


@pytest.mark.parametrize(
    ("aud", "audience", "fits"),
    [
        ("https://api", "https://api", True),
        (["https://other", "https://api"], "https://api", True),
        ("https://api", "https://api/", False),
        ("https://api", None, False),
        (ABSENT, "https://api", False),
        (ABSENT, None, True),
    ],
)
def test_a_token_for_an_audience_is_for_that_audience(
    aud: object, audience: str | None, fits: bool
) -> None:
    if fits:
        assert verify(token(aud=aud), audience=audience)
    else:
        assert rule_that_refuses(token(aud=aud), audience=audience) == "aud"


def test_a_verifier_without_an_audience_is_reported_in_words() -> None:
    with pytest.raises(TokenRefused, match="this verifier names none") as refusal:
        verify(token(aud=["https://api"]))
    assert "None" not in str(refusal.value)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "RS256", "PS256"])
def test_signed_by_every_algorithm_and_refused_when_altered(alg: str) -> None:
    key = key_of(alg)
    jwks = {"keys": [{**key.public_jwk, "kid": "k1"}]}
    good = token({"alg": alg}, key.sign)
    assert verify(good, jwks) == CLAIMS
    text, _, signature = good.rpartition(".")
    widened = f"{text.split('.')[0]}.{b64(json.dumps({**CLAIMS, 'scope': 'admin'}))}.{signature}"
    assert rule_that_refuses(widened, jwks) == "signature"
    assert rule_that_refuses(token({"alg": alg}, lambda _: b""), jwks) == "signature"


def test_a_der_signature_is_refused() -> None:
    assert rule_that_refuses(token(None, lambda text: der(SIGNER.sign(text)))) == "signature"


@pytest.mark.parametrize(
    "jwks",
    [
        pytest.param({}, id="empty"),
        pytest.param({"keys": None}, id="keys null"),
        pytest.param({"keys": {}}, id="keys an object"),
        pytest.param({"keys": [None, "x", 1, []]}, id="no objects"),
        pytest.param({"keys": []}, id="no keys"),
        pytest.param({"keys": [{"kid": "k1"}]}, id="only a kid"),
        pytest.param({"keys": [SIGNER.public_jwk]}, id="no kid"),
        pytest.param({"keys": [{**JWKS["keys"][0], "use": "enc"}]}, id="for encryption"),
        pytest.param({"keys": [{**JWKS["keys"][0], "alg": "ES384"}]}, id="for another alg"),
        pytest.param({"keys": [{**JWKS["keys"][0], "x": "AA"}]}, id="a broken point"),
        pytest.param({"keys": [{"kty": "oct", "k": "AAAA", "kid": "k1"}]}, id="oct"),
    ],
)
def test_a_key_set_without_the_key(jwks: dict[str, Any]) -> None:
    assert rule_that_refuses(token(), jwks) == "kid"


@pytest.mark.parametrize("kid", [None, 7, {}])
def test_a_key_is_named_by_a_string(kid: object) -> None:
    """Not by a member that is missing on both sides, or happens to be equal."""
    named = {} if kid is None else {"kid": kid}
    unnamed = {"keys": [{**SIGNER.public_jwk, **named}]}
    assert rule_that_refuses(token({"kid": kid}), unnamed) == "kid"


def test_after_a_rotation_the_kid_chooses() -> None:
    other = key_of("ES256", "next signer")
    jwks = {"keys": [{**other.public_jwk, "kid": "k0"}, *JWKS["keys"]]}
    assert verify(token(), jwks) == CLAIMS
    assert rule_that_refuses(token({"kid": "k0"}), jwks) == "signature"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c",
        "....",
        "é.é.é",
        token() + "\n",
        token() + "=",
        " " + token(),
        token().replace(".", "..", 1),
    ],
)
def test_not_a_jwt(text: str) -> None:
    assert rule_that_refuses(text) == "well_formed"
    with pytest.raises(TokenRefused):
        read_unverified(text)


@given(st.text() | st.binary().map(lambda raw: f"{b64(raw)}.{b64(raw)}.{b64(raw)}"))
def test_for_any_input_only_token_refused_is_raised(text: str) -> None:
    with pytest.raises(TokenRefused):
        verify(text)


@pytest.mark.parametrize("name", ["alg", "typ", "kid"])
@pytest.mark.parametrize("value", ["x" * 9999, ["x"] * 9999, "\0\r\n\u202e" * 999], ids=type)
def test_a_hostile_header_makes_a_short_message(name: str, value: object) -> None:
    with pytest.raises(TokenRefused) as refusal:
        verify(token({name: value}))
    assert len(str(refusal.value)) < 300
    assert str(refusal.value).isprintable()


# PyJWT as the independent reader and writer


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg != "Ed25519"])
def test_pyjwt_verifies_what_we_sign(alg: str) -> None:
    key = key_of(alg)
    signed = sign_token(key._private, CLAIMS, kid="k1", alg=alg, typ="at+jwt")
    public = jwt.PyJWK({**key.public_jwk, "alg": alg})
    options = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(signed, public, [alg], options=options) == CLAIMS
    assert jwt.get_unverified_header(signed) == {"alg": alg, "typ": "at+jwt", "kid": "k1"}


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg != "Ed25519"])
def test_we_verify_what_pyjwt_signs(alg: str) -> None:
    key = key_of(alg)
    signed = jwt.encode(dict(CLAIMS), key._private, algorithm=alg, headers={"kid": "k1"})
    assert verify(signed, {"keys": [{**key.public_jwk, "kid": "k1"}]}) == CLAIMS
    assert read_unverified(signed).claims == CLAIMS


# Binding and issuer


def test_a_token_is_bound_to_one_key_and_to_no_other() -> None:
    assert is_bound_to(CLAIMS, MINE)
    assert not is_bound_to(CLAIMS, SIGNER)
    assert not is_bound_to(changed(CLAIMS, {"cnf": ABSENT}), MINE)


def test_the_thumbprint_of_a_bearer_token_is_none() -> None:
    assert bound_thumbprint(CLAIMS) == MINE.thumbprint
    assert bound_thumbprint({}) is None


@pytest.mark.parametrize("cnf", [None, {}, {"jkt": "short"}, {"jkt": 1}, "x"])
def test_a_broken_confirmation_is_never_taken_for_a_bearer_token(cnf: object) -> None:
    for judge in (bound_thumbprint, lambda claims: is_bound_to(claims, MINE)):
        with pytest.raises(TokenRefused, match="cnf"):
            judge({"cnf": cnf})


@pytest.mark.parametrize(
    ("issuer", "iss", "fits"),
    [
        (ISSUER, ISSUER, True),
        ("https://id.example", "https://id.example", True),
        ("https://id.example", ISSUER, True),
        ("https://id.example/", ISSUER, True),
        ("https://id.example", ISSUER + "/x", False),
        ("https://id.example", ISSUER + "\n", False),
        ("https://id.example", "https://id.example/realms/", False),
        ("https://id.example", "https://id.example/realms/..", False),
        ("https://id.example", "https://id.example.evil/realms/x", False),
        ("https://id.example", "https://idxexample/realms/x", False),
        (ISSUER, "https://id.example/realms/strict", False),
        (ISSUER, ISSUER + "/realms/strict", False),
        (ISSUER, "https://id.example", False),
        (ISSUER, None, False),
        (ISSUER, [ISSUER], False),
    ],
)
def test_which_iss_may_come_from_which_service(issuer: str, iss: object, fits: bool) -> None:
    assert issuer_allows(issuer, iss) is fits
