"""The thirteen rules: each refuses its own cases, lets their neighbours pass, and is needed."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dialtone_kit import rules
from dialtone_kit.base.algorithms import BadKey, public_key_from_jwk
from dialtone_kit.base.errors import KeyMismatch, NonceRequired, ProofRefused
from dialtone_kit.keys import thumbprint
from dialtone_kit.proofs import SeenProofs, check_proof
from dialtone_kit.rules import RULES, Proof, Request
from tests.support.refusals import ACCEPTED, CASES, NOW, REFUSED, Case, Scene, each
from tests.support.refusals.forge import ABSENT, b64, key_of, new_jti
from tests.support.refusals.jwks import uint
from tests.support.refusals.signatures import twin

SCENE = Scene()
TOKEN = "a-token.of-the.service"
AT_RESOURCE = replace(SCENE, method="GET", url="https://api.example/notes", token=TOKEN)


class OurNonces:
    """A service that has issued three nonces."""

    def judge(self, nonce: str) -> str:
        return {"now": "fresh", "previous": "fresh", "old": "expired"}.get(nonce, "unknown")


def request_for(scene: Scene, **facts: object) -> Request:
    seen = SeenProofs(now=lambda: scene.now)
    request = Request(scene.method, scene.url, scene.now, scene.token, first_use=seen.first_use)
    return replace(request, **facts)  # type: ignore[arg-type]


def refusal_of(headers: str | list[str], request: Request) -> ProofRefused:
    with pytest.raises(ProofRefused) as refusal:
        check_proof([headers] if isinstance(headers, str) else headers, request)
    return refusal.value


@pytest.mark.parametrize("case", each(REFUSED))
def test_refused_by_its_own_rule(case: Case) -> None:
    refusal = refusal_of(case.headers(SCENE), request_for(SCENE))
    assert refusal.rule == case.rule
    assert case.says in str(refusal)
    assert refusal.error == "invalid_dpop_proof"


@pytest.mark.parametrize("case", each(ACCEPTED))
def test_its_neighbour_is_accepted(case: Case) -> None:
    proof = check_proof(case.headers(SCENE), request_for(SCENE))
    assert proof.thumbprint == thumbprint(proof.header["jwk"])


def test_the_table_has_the_thirteen_rules_in_the_order_of_the_protocol() -> None:
    assert [rule.__name__ for rule in RULES] == [
        "one_header",
        "well_formed",
        "typ_is_dpop",
        "alg_is_listed",
        "jwk_is_public",
        "signature_verifies",
        "htm_matches",
        "htu_matches",
        "iat_is_fresh",
        "nonce_is_ours",
        "ath_matches",
        "key_is_bound",
        "jti_is_new",
    ]


def test_every_proof_row_of_the_catalogue_has_a_case() -> None:
    rows = {int(case.row) for case in CASES}
    elsewhere = {5, 8, 9, 10, 11, 43, 53, 54}  # below, or at the HTTP level
    assert set(range(1, 58)) - rows == elsewhere


# Header and keys


@pytest.mark.row("6")
def test_no_cryptography_is_spent_on_a_header_over_8_kib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 6: the size is judged before anything is read."""
    monkeypatch.setattr(rules, "split", lambda _: pytest.fail("was read"))
    assert refusal_of("x" * 8193, request_for(SCENE)).rule == "one_header"


@pytest.mark.row("22")
def test_an_algorithm_that_the_service_does_not_advertise_is_refused() -> None:
    """Row 22: known to the kit is not enough."""
    request = request_for(SCENE, algorithms=("EdDSA", "RS256"))
    assert refusal_of(SCENE.proof(), request).rule == "alg_is_listed"
    check_proof([SCENE.with_key(key_of("EdDSA")).proof()], request)


@pytest.mark.row("22")
def test_one_that_is_listed_but_not_known_to_the_kit_is_refused_too() -> None:
    request = request_for(SCENE, algorithms=("ES512", "ES256"))
    assert refusal_of(SCENE.proof({"alg": "ES512"}), request).rule == "alg_is_listed"


@pytest.mark.parametrize(("bits", "fits"), [(2047, False), (2048, True), (8192, True)])
def test_rsa_keys_have_2048_to_8192_bits(bits: int, fits: bool) -> None:
    jwk = {"kty": "RSA", "n": uint(2**bits - 1), "e": "AQAB"}
    if fits:
        assert not public_key_from_jwk(jwk, "RS256").verify(b"\1" * (bits // 8), b"")
    else:
        with pytest.raises(BadKey):
            public_key_from_jwk(jwk, "RS256")


@pytest.mark.row("38")
def test_extra_members_and_another_order_leave_the_thumbprint_unchanged() -> None:
    """Row 38."""
    plain = check_proof([SCENE.proof()], request_for(SCENE)).thumbprint
    jwk = {"ext": True, **dict(reversed(SCENE.key.public_jwk.items())), "kid": "x"}
    assert check_proof([SCENE.proof({"jwk": jwk})], request_for(SCENE)).thumbprint == plain
    assert plain == SCENE.key.thumbprint


# URLs


@pytest.mark.row("50")
@pytest.mark.parametrize(
    "htu",
    [
        "https://id.example/token",
        "https://id.example:443/token",
        "https://id.example:/token",
        "HTTPS://ID.EXAMPLE/token",
        "https://id.example/%74oken",
    ],
)
def test_the_default_port_may_be_there_or_not(htu: str) -> None:
    """Row 50, where the service is reached at the default port."""
    scene = replace(SCENE, url="https://id.example/token")
    check_proof([scene.proof(claims={"htu": htu})], request_for(scene))


@pytest.mark.parametrize("htu", ["https://id.example", "https://id.example/"])
def test_an_origin_with_and_without_its_slash_are_one(htu: str) -> None:
    scene = replace(SCENE, url="https://id.example/")
    check_proof([scene.proof(claims={"htu": htu})], request_for(scene))


@pytest.mark.row("54")
@pytest.mark.parametrize("other", ["127.0.0.1", "[::1]"])
def test_localhost_and_an_address_are_two_origins_and_the_message_says_so(other: str) -> None:
    """Row 54."""
    scene = replace(SCENE, url="http://localhost:8787/token")
    proof = scene.proof(claims={"htu": f"http://{other}:8787/token"})
    refusal = refusal_of(proof, request_for(scene))
    assert refusal.rule == "htu_matches"
    assert "localhost and 127.0.0.1 are two origins" in str(refusal)


@pytest.mark.parametrize(
    ("htu", "hint"),
    [
        ("http://localhost:9999/token", "The port differs"),
        ("https://localhost:8787/token", "Only the scheme differs"),
        ("https://id.example/token", "The host differs"),
    ],
)
def test_an_htu_from_the_other_side_of_a_proxy_is_reported_as_that(htu: str, hint: str) -> None:
    """One machine, another port: that is no matter of localhost and 127.0.0.1."""
    scene = replace(SCENE, url="http://localhost:8787/token")
    refusal = str(refusal_of(scene.proof(claims={"htu": htu}), request_for(scene)))
    assert hint in refusal
    assert "M03" in refusal
    assert "two origins" not in refusal


def test_an_htu_for_another_path_has_nothing_to_do_with_proxies() -> None:
    scene = replace(SCENE, url="http://localhost:8787/token")
    proof = scene.proof(claims={"htu": "http://localhost:8787/notes"})
    refusal = str(refusal_of(proof, request_for(scene)))
    assert "Build a new proof for the URL that you call" in refusal
    assert "M03" not in refusal


# Time


@pytest.mark.parametrize(
    ("age", "fits"), [(60, True), (61, False), (59, True), (-5, True), (-6, False), (-4, True)]
)
@pytest.mark.parametrize("fraction", [0.0, 0.999])
def test_both_edges_of_the_window(age: int, fits: bool, fraction: float) -> None:
    """Row 56: 60 s back, 5 s ahead, to the second."""
    proof = SCENE.proof(claims={"iat": NOW - age})
    request = request_for(SCENE, now=NOW + fraction)
    if fits:
        check_proof([proof], request)
    else:
        refusal = refusal_of(proof, request)
        assert refusal.rule == "iat_is_fresh"
        assert f"{abs(age)} s {'behind' if age > 0 else 'ahead of'} the service" in str(refusal)


@pytest.mark.parametrize(
    ("age", "says"),
    [(60.25, "61 s behind"), (59.75, ""), (-4.75, ""), (-5.25, "6 s ahead of"), (0.5, "")],
)
@pytest.mark.parametrize("now", [NOW, NOW + 0.75])
def test_both_edges_of_the_window_for_an_iat_with_a_fraction(
    age: float, says: str, now: float
) -> None:
    """Row 56: a NumericDate may have a fraction (RFC 7519 §2)."""
    proof, request = SCENE.proof(claims={"iat": now - age}), request_for(SCENE, now=now)
    if says:
        assert says in str(refusal_of(proof, request))
    else:
        assert check_proof([proof], request).iat == int(now - age)


@pytest.mark.parametrize(
    ("claims", "fits"),
    [
        ({"exp": NOW}, False),
        ({"exp": NOW + 1}, True),
        ({"exp": NOW - 0.25}, False),
        ({"exp": NOW + 0.25}, True),
        ({"nbf": NOW + 4.75}, True),
        ({"nbf": NOW + 5.25}, False),
        ({"nbf": NOW + 5}, True),
        ({"nbf": NOW + 6}, False),
    ],
)
def test_both_edges_of_exp_and_nbf(claims: dict[str, float], fits: bool) -> None:
    """Row 57."""
    if fits:
        check_proof([SCENE.proof(claims=claims)], request_for(SCENE))
    else:
        assert refusal_of(SCENE.proof(claims=claims), request_for(SCENE)).rule == "iat_is_fresh"


@pytest.mark.row("58", "58✓")
@pytest.mark.parametrize("step", [-3600, -61, 61, 3600])
def test_when_the_clock_of_the_service_steps_the_window_steps_with_it(step: int) -> None:
    """Row 58."""
    request = request_for(SCENE, now=NOW + step)
    assert refusal_of(SCENE.proof(), request).rule == "iat_is_fresh"
    check_proof([SCENE.proof(claims={"iat": NOW + step})], request)


# Replay


@pytest.mark.row("59")
def test_the_same_proof_again_is_a_replay() -> None:
    """Row 59."""
    request, proof = request_for(SCENE), SCENE.proof()
    check_proof([proof], request)
    refusal = refusal_of(proof, request)
    assert (refusal.rule, refusal.code) == ("jti_is_new", "M01")


@pytest.mark.row("43")
def test_the_n_minus_s_twin_is_a_replay_too() -> None:
    """Row 43: another signature, the same proof."""
    request, proof = request_for(SCENE), SCENE.proof()
    check_proof([proof], request)
    assert twin(proof) != proof
    assert refusal_of(twin(proof), request).rule == "jti_is_new"


@pytest.mark.row("60")
def test_two_keys_may_choose_the_same_jti() -> None:
    """Row 60."""
    request, jti = request_for(SCENE), new_jti()
    check_proof([SCENE.proof(claims={"jti": jti})], request)
    other = SCENE.with_key(key_of("ES256", "other"))
    check_proof([other.proof(claims={"jti": jti})], request)


@pytest.mark.row("61")
def test_a_proof_dated_ahead_is_remembered_as_long_as_it_could_pass() -> None:
    """Row 61: at no second of its life is the replay accepted."""
    clock = [float(NOW)]
    request = request_for(SCENE, first_use=SeenProofs(now=lambda: clock[0]).first_use)
    proof = SCENE.proof(claims={"iat": NOW + 5})
    check_proof([proof], request)
    for second in range(70):
        clock[0] = NOW + second + 0.99
        expected = "jti_is_new" if second <= 65 else "iat_is_fresh"
        assert refusal_of(proof, replace(request, now=clock[0])).rule == expected


@pytest.mark.row("64")
@pytest.mark.parametrize(
    "fault",
    [{"htm": "PUT"}, {"htu": "https://evil.example/"}, {"iat": NOW - 99}, {"ath": "wrong"}],
    ids=lambda fault: next(iter(fault)),
)
def test_a_refused_proof_uses_up_no_jti(fault: dict[str, object]) -> None:
    """Row 64."""
    request, jti = request_for(AT_RESOURCE), new_jti()
    refusal_of(AT_RESOURCE.proof(claims={"jti": jti, **fault}), request)
    check_proof([AT_RESOURCE.proof(claims={"jti": jti})], request)


def test_a_jti_is_judged_only_where_it_can_be_remembered() -> None:
    """Without `first_use` the caller runs the last rule inside its own transaction."""
    proof = check_proof([SCENE.proof()], request_for(SCENE, first_use=None))
    with pytest.raises(RuntimeError):
        rules.jti_is_new(proof, request_for(SCENE, first_use=None))
    rules.jti_is_new(proof, request_for(SCENE))


# Nonce


@pytest.mark.row("67", "68", "69")
@pytest.mark.parametrize(
    ("nonce", "verdict"),
    [
        pytest.param(ABSENT, "missing", id="67 absent"),
        pytest.param(None, "missing", id="67 null"),
        pytest.param("wrong", "unknown", id="68 wrong"),
        pytest.param("", "unknown", id="68 empty"),
        pytest.param("ñ", "unknown", id="68 not ASCII"),
        pytest.param("old", "expired", id="69 expired"),
    ],
)
def test_a_nonce_is_demanded(nonce: object, verdict: str) -> None:
    refusal = refusal_of(
        SCENE.proof(claims={"nonce": nonce}), request_for(SCENE, nonces=OurNonces())
    )
    assert isinstance(refusal, NonceRequired)
    assert (refusal.error, refusal.rule) == ("use_dpop_nonce", "nonce_is_ours")
    assert verdict in str(refusal)


@pytest.mark.row("68")
@pytest.mark.parametrize("nonce", [1, True, ["now"], {"now": 1}])
def test_a_nonce_that_is_not_a_string_is_a_broken_proof(nonce: object) -> None:
    """Row 68, the second half."""
    refusal = refusal_of(
        SCENE.proof(claims={"nonce": nonce}), request_for(SCENE, nonces=OurNonces())
    )
    assert (refusal.error, refusal.rule) == ("invalid_dpop_proof", "nonce_is_ours")


@pytest.mark.row("69✓")
@pytest.mark.parametrize("nonce", ["now", "previous"])
def test_a_fresh_nonce_passes_and_so_does_that_of_the_previous_period(nonce: str) -> None:
    """Row 69 ✓."""
    check_proof([SCENE.proof(claims={"nonce": nonce})], request_for(SCENE, nonces=OurNonces()))


@pytest.mark.row("73")
def test_a_good_nonce_does_not_mend_a_stale_proof() -> None:
    """Row 73: the clock is reported before the nonce, so that no one retries in vain."""
    proof = SCENE.proof(claims={"nonce": "now", "iat": NOW - 99})
    assert refusal_of(proof, request_for(SCENE, nonces=OurNonces())).rule == "iat_is_fresh"


# Binding


@pytest.mark.row("74")
@pytest.mark.parametrize(
    "ath",
    [
        pytest.param(ABSENT, id="missing"),
        pytest.param("", id="empty"),
        pytest.param(b64(b"\0" * 32), id="wrong"),
        pytest.param("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", id="of another token"),
        pytest.param(TOKEN, id="the token itself"),
        pytest.param(1, id="a number"),
        pytest.param(["x"], id="a list"),
    ],
)
def test_ath_is_the_hash_of_the_token_that_came(ath: object) -> None:
    """Row 74."""
    refusal = refusal_of(AT_RESOURCE.proof(claims={"ath": ath}), request_for(AT_RESOURCE))
    assert (refusal.rule, refusal.code) == ("ath_matches", "M05")
    assert TOKEN not in str(refusal)
    check_proof([AT_RESOURCE.proof()], request_for(AT_RESOURCE))


@pytest.mark.row("75")
def test_ath_at_the_token_endpoint_is_ignored() -> None:
    """Row 75."""
    check_proof([SCENE.proof(claims={"ath": "whatever"})], request_for(SCENE))


@pytest.mark.row("76")
def test_a_token_bound_to_another_key_is_refused() -> None:
    """Row 76."""
    mine, other = AT_RESOURCE.key, key_of("ES256", "other")
    refusal = refusal_of(AT_RESOURCE.proof(), request_for(AT_RESOURCE, bound_to=other.thumbprint))
    assert isinstance(refusal, KeyMismatch)
    assert (refusal.rule, refusal.error) == ("key_is_bound", "invalid_token")
    check_proof([AT_RESOURCE.proof()], request_for(AT_RESOURCE, bound_to=mine.thumbprint))


# Every rule is needed: without it, its own case gets through


@pytest.mark.parametrize(
    ("rule", "make", "facts"),
    [
        (rules.one_header, lambda s: [s.proof(), s.proof()], {}),
        (rules.typ_is_dpop, lambda s: [s.proof({"typ": "JWT"})], {}),
        (rules.alg_is_listed, lambda s: [s.proof({"crit": ["x"]})], {}),
        (rules.signature_verifies, lambda s: [s.proof(sign=lambda _: b"")], {}),
        (rules.htm_matches, lambda s: [s.proof(claims={"htm": "PUT"})], {}),
        (rules.htu_matches, lambda s: [s.proof(claims={"htu": "https://evil.example"})], {}),
        (rules.iat_is_fresh, lambda s: [s.proof(claims={"iat": NOW - 999})], {}),
        (rules.nonce_is_ours, lambda s: [s.proof()], {"nonces": OurNonces()}),
        (rules.ath_matches, lambda s: [s.proof(claims={"ath": ABSENT})], {}),
        (rules.key_is_bound, lambda s: [s.proof()], {"bound_to": "another"}),
        (rules.jti_is_new, lambda s: [s.proof()], {"first_use": lambda *_: False}),
    ],
    ids=lambda value: getattr(value, "__name__", "").replace("<lambda>", ""),
)
def test_without_its_rule_the_bad_proof_gets_through(
    rule: rules.Rule, make: Callable[[Scene], list[str]], facts: dict[str, object]
) -> None:
    request = request_for(AT_RESOURCE, **facts)
    assert refusal_of(make(AT_RESOURCE), request).rule == rule.__name__
    rest = [other for other in RULES if other is not rule]
    assert isinstance(check_proof(make(AT_RESOURCE), request, rest), Proof)


def test_without_the_rule_for_iat_a_replay_is_still_a_replay() -> None:
    """A realm with one rule switched off has one hole, not two."""
    rest = [rule for rule in RULES if rule is not rules.iat_is_fresh]
    request, proof = request_for(SCENE), SCENE.proof(claims={"iat": NOW - 999})
    check_proof([proof], request, rest)
    with pytest.raises(ProofRefused) as refusal:
        check_proof([proof], request, rest)
    assert refusal.value.rule == "jti_is_new"


def test_every_code_in_a_refusal_is_one_of_the_misconceptions() -> None:
    text = Path(rules.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r"M\d\d", text)) <= {f"M{number:02}" for number in range(1, 28)}


def test_a_refusal_says_what_was_expected_what_came_and_what_to_do() -> None:
    refusal = refusal_of(SCENE.proof(claims={"htm": "GET"}), request_for(SCENE))
    assert str(refusal).startswith("htm_matches: expected POST, got GET. Build a new proof")
    assert json.dumps([refusal.expected, refusal.got, refusal.hint])


def test_a_refusal_gets_the_name_of_the_rule_that_raised_it() -> None:
    def own_rule(proof: Proof, request: Request) -> None:
        raise ProofRefused(expected="tea", got="coffee")

    with pytest.raises(ProofRefused) as refusal:
        check_proof([SCENE.proof()], request_for(SCENE), [own_rule])
    assert str(refusal.value) == "own_rule: expected tea, got coffee."
