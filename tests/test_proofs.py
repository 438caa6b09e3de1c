"""Proofs there and back: what we build passes here and elsewhere, and no text breaks the check."""

import inspect
import json
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import get_default_algorithms

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.base.errors import DialtoneError, ProofRefused
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import SeenProofs, build_proof, check_proof
from dialtone_kit.rules import Request, access_token_hash
from tests.support.refusals.forge import NOW, Scene, b64, key_of

URL = "http://127.0.0.1:8787/realms/default/token"
AT_TOKEN_ENDPOINT = Request("POST", URL, NOW)
PYJWT_ALGS = [alg for alg in ALGORITHMS if alg != "Ed25519"]  # PyJWT calls it EdDSA only


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_is_built_passes(alg: str) -> None:
    key, token = key_of(alg), "the.access.token"
    request = Request("GET", URL, NOW, access_token=token, bound_to=key.thumbprint)
    proof = build_proof(key, "GET", URL, access_token=token, now=NOW)
    assert check_proof([proof], request).thumbprint == key.thumbprint


def test_one_string_instead_of_a_list_of_headers_is_named() -> None:
    proof = build_proof(key_of("ES256"), "POST", URL, now=NOW)
    with pytest.raises(DialtoneError, match=r"a list of DPoP header values: \[proof\]") as refused:
        check_proof(proof, AT_TOKEN_ENDPOINT)
    assert not isinstance(refused.value, ProofRefused)
    assert check_proof((proof,), AT_TOKEN_ENDPOINT)


@pytest.mark.parametrize("alg", PYJWT_ALGS)
def test_pyjwt_reads_what_we_build(alg: str) -> None:
    proof = build_proof(key_of(alg), "POST", URL, access_token="t", nonce="n", now=NOW)
    header = jwt.get_unverified_header(proof)
    assert (header["typ"], header["alg"]) == ("dpop+jwt", alg)
    public = get_default_algorithms()[alg].from_jwk(json.dumps(header["jwk"]))
    claims = jwt.decode(proof, public, [alg])
    assert claims.keys() == {"htm", "htu", "iat", "jti", "ath", "nonce"}
    assert (claims["htm"], claims["htu"], claims["nonce"]) == ("POST", URL, "n")
    assert (claims["iat"], claims["ath"]) == (NOW, access_token_hash("t"))


@pytest.mark.parametrize("alg", PYJWT_ALGS)
def test_we_read_what_pyjwt_builds(alg: str) -> None:
    """The demo's own way (step 3)."""
    key = key_of(alg)
    claims = {"htm": "POST", "htu": URL, "iat": NOW, "jti": "once"}
    headers = {"typ": "dpop+jwt", "alg": alg, "jwk": key.public_jwk}
    proof = jwt.encode(claims, key._private, algorithm=alg, headers=headers)
    assert check_proof([proof], AT_TOKEN_ENDPOINT).claims == claims


def test_query_and_fragment_stay_out_of_htu() -> None:
    """§4.2; a secret in a query string would otherwise travel on."""
    for url in (f"{URL}?a=1", f"{URL}#x", f"{URL}?a#x?b", f"{URL}#x?a"):
        proof = check_proof([build_proof(key_of("ES256"), "POST", url, now=NOW)], AT_TOKEN_ENDPOINT)
        assert proof.claims["htu"] == URL


def test_every_proof_has_a_jti_of_its_own() -> None:
    proofs = {build_proof(key_of("ES256"), "POST", URL, now=NOW) for _ in range(50)}
    jtis = {check_proof([proof], AT_TOKEN_ENDPOINT).jti for proof in proofs}
    assert len(jtis) == 50
    assert all(len(jti) >= 22 for jti in jtis)  # 128 random bits in base64url


def test_without_now_it_is_the_machines_time() -> None:
    proof = build_proof(key_of("ES256"), "POST", URL)
    check_proof([proof], replace(AT_TOKEN_ENDPOINT, now=time.time()))


def test_a_proof_has_no_private_member_and_no_token() -> None:
    proof = build_proof(key_of("ES256"), "POST", URL, access_token="the-token")
    header = jwt.get_unverified_header(proof)
    assert header["jwk"].keys() == {"kty", "crv", "x", "y"}
    assert "the-token" not in json.dumps(jwt.decode(proof, options={"verify_signature": False}))


def test_the_names_and_defaults_that_notebooks_use() -> None:
    assert str(inspect.signature(build_proof).replace(return_annotation="str")).startswith(
        "(key: 'ProofKey', method: 'str', url: 'str', *, access_token: 'str | None' = None, "
        "nonce: 'str | None' = None, now: 'float | None' = None)"
    )


def test_a_request_does_not_show_its_token() -> None:
    assert "the-token" not in repr(replace(AT_TOKEN_ENDPOINT, access_token="the-token"))


# SeenProofs


def test_a_jti_is_forgotten_when_its_time_is_over_and_not_before() -> None:
    clock = [float(NOW)]
    seen = SeenProofs(now=lambda: clock[0])
    assert seen.first_use("key", "jti", NOW + 65)
    clock[0] = NOW + 64.9
    assert not seen.first_use("key", "jti", NOW + 129)
    clock[0] = NOW + 65
    assert seen.first_use("key", "jti", NOW + 130)


def test_a_proof_judged_at_an_earlier_time_is_remembered_too() -> None:
    """A lesson may check a proof of 2018 with its own `now`; the memory goes by the real clock."""
    request = Request("POST", URL, NOW, first_use=SeenProofs().first_use)
    proof = build_proof(key_of("ES256"), "POST", URL, now=NOW)
    check_proof([proof], request)
    with pytest.raises(ProofRefused, match="jti_is_new"):
        check_proof([proof], request)


def test_a_full_memory_takes_no_longer_than_an_empty_one() -> None:
    """A server asks it at each call, between the calls of others."""
    seen = SeenProofs(now=lambda: NOW)
    began = time.process_time()
    for number in range(20_000):
        seen.first_use("key", str(number), NOW + 65 + number % 7)
    assert time.process_time() - began < 5  # in s; it was 100 when each call read the whole memory


def test_proofs_of_different_age_are_forgotten_each_in_its_time() -> None:
    clock = [float(NOW)]
    seen = SeenProofs(now=lambda: clock[0], limit=3)
    for until in (70, 66, 68):
        assert seen.first_use("key", str(until), NOW + until)
    clock[0] = NOW + 68
    renewed = [seen.first_use("key", str(until), NOW + 140) for until in (70, 66, 68)]
    assert renewed == [False, True, True]


@pytest.mark.row("65")
def test_a_full_memory_fails_closed() -> None:
    """Row 65."""
    seen = SeenProofs(now=lambda: NOW, limit=3)
    used = [seen.first_use("key", str(number), NOW + 65) for number in range(5)]
    assert used == [True, True, True, False, False]


def test_of_thirty_threads_with_one_proof_one_wins() -> None:
    """Row 62, in one process."""
    seen, won, start = SeenProofs(now=lambda: NOW), [], threading.Barrier(30)

    def race() -> None:
        start.wait()
        won.append(seen.first_use("key", "jti", NOW + 65))

    threads = [threading.Thread(target=race) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 29 + [True]


# Whatever comes, ProofRefused is all that is raised


def refused_or_passed(text: str | list[str], request: Request = AT_TOKEN_ENDPOINT) -> str:
    """The rule that refused, or "passed". Any other exception fails the test."""
    try:
        check_proof([text] if isinstance(text, str) else text, request)
    except ProofRefused as problem:
        refusal = problem
    else:
        return "passed"
    assert len(str(refusal)) < 800
    return refusal.rule


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_any_text(text: str) -> None:
    assert refused_or_passed(text) in {"one_header", "well_formed"}


@given(st.lists(st.text(max_size=20), max_size=3))
def test_any_number_of_headers(headers: list[str]) -> None:
    assert refused_or_passed(headers) in {"one_header", "well_formed"}


@given(st.binary(), st.binary(), st.binary(max_size=100))
def test_any_bytes_in_three_parts(header: bytes, payload: bytes, signature: bytes) -> None:
    assert refused_or_passed(f"{b64(header)}.{b64(payload)}.{b64(signature)}") != "passed"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        [
            "POST",
            URL,
            NOW,
            "dpop+jwt",
            "ES256",
            "RS256",
            "EdDSA",
            "none",
            "P-256",
            "EC",
            "RSA",
            "OKP",
            "AQAB",
            "AA",
            "verify",
            "sig",
            10**4000,
            -1,
            1e400,
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def members(*names: str) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(names), VALUES, max_size=4)


@given(
    header=members("typ", "alg", "jwk", "crit", "b64", "kid", "x5c", "jku", "cty"),
    claims=members("htm", "htu", "iat", "jti", "exp", "nbf", "nonce", "ath", "iss"),
    jwk=members("kty", "crv", "x", "y", "n", "e", "use", "alg", "key_ops", "kid", "d", "k"),
    alg=st.sampled_from(["ES256", "EdDSA", "RS256"]),
)
def test_any_values_of_the_members_under_a_good_signature(
    header: dict[str, object], claims: dict[str, object], jwk: dict[str, object], alg: str
) -> None:
    scene = Scene(url=URL, key=key_of(alg))
    changed = {"jwk": {**scene.key.public_jwk, **jwk}, **header}
    refused_or_passed(scene.proof(changed, claims))


@given(st.data())
def test_a_good_proof_with_a_few_characters_changed_never_passes(data: st.DataObject) -> None:
    good = Scene(url=URL).proof(claims={"jti": "same"})  # every run draws from the same length
    text = list(good)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place] = data.draw(st.sampled_from("AZaz09-_.=+/, \n\0é"))
    if "".join(text) != good:
        assert refused_or_passed("".join(text)) != "passed"


@pytest.mark.parametrize("nest", ["[]", '{"":}'], ids=["arrays", "objects"])
@pytest.mark.parametrize("name", ["htm", "htu", "iat", "jti", "exp", "nonce", "ath", "x"])
def test_nesting_of_any_depth(name: str, nest: str) -> None:
    """Row 17: deep enough to exhaust the reader, or just not deep enough."""
    scene = Scene(url=URL)
    others = {member: value for member, value in scene.claims().items() if member != name}
    for depth in (1, 10, 100, *range(900, 1010, 7), 1500):
        deep = nest[:-1] * depth + "0" + nest[-1] * depth
        text = f'{json.dumps(others)[:-1]}, "{name}": {deep}}}'
        refused_or_passed(scene.proof(claims=text.encode()))


@pytest.mark.parametrize("make", [pickle.dumps, repr, str], ids=["pickle", "repr", "str"])
def test_a_refusal_can_be_shown(make: Callable[[object], object]) -> None:
    with pytest.raises(ProofRefused) as refusal:
        check_proof(["x"], AT_TOKEN_ENDPOINT)
    assert make(refusal.value)


def test_a_key_builds_proofs_in_many_threads() -> None:
    key, made = ProofKey.generate(), []

    def build() -> None:
        made.extend(build_proof(key, "POST", URL, now=NOW) for _ in range(10))

    threads = [threading.Thread(target=build) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    request = replace(AT_TOKEN_ENDPOINT, first_use=SeenProofs(now=lambda: NOW).first_use)
    assert {refused_or_passed(proof, request) for proof in made} == {"passed"}
    assert len(made) == 80
