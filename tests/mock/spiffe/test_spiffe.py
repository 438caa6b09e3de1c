"""What SVIDs and bundles hold, how the authority rotates, and that no CSR makes a 500."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialtone_kit.base.masking import PRIVATE_MEMBERS
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import BadSettings
from dialtone_kit.mock.schemas.spiffe import SVID_LIFETIME
from dialtone_kit.mock.spiffe import authority
from dialtone_kit.mock.spiffe import settings as spiffe_settings
from dialtone_kit.mock.spiffe.certificate_requests import read_request
from dialtone_kit.spiffe.evidence import PLATFORMS
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.trust_bundle import TrustBundle, verify_jwt_svid, verify_x509_svid
from dialtone_kit.tokens import read_unverified
from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import ID, NAMES, RSA, Platforms, Scene, csr, der, pem

DOMAIN = "dialtone.test"


@pytest.fixture
def scene(mock: Mock) -> Scene:
    return Scene(mock)


def chain_of(answer: Any) -> list[x509.Certificate]:
    assert answer.status_code == 200, answer.text
    return x509.load_pem_x509_certificates(answer.json()["svid"].encode())


def extension(certificate: x509.Certificate, kind: Any) -> Any:
    return certificate.extensions.get_extension_for_class(kind)


def read_bundle(scene: Scene) -> TrustBundle:
    return TrustBundle.read(scene.bundle(), DOMAIN)


def seconds(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


# --- challenge ----------------------------------------------------------------------------------


def test_a_challenge_is_new_each_time_and_good_for_five_minutes(mock: Mock) -> None:
    answers = [mock.http.get(f"{mock.base_url}/v1/attest/challenge") for _ in range(3)]
    assert len({answer.json()["nonce"] for answer in answers}) == 3
    body = answers[0].json()
    assert body["expires_in"] == 300
    assert 298 <= seconds(body["expires_at"]) - time.time() <= 301
    assert answers[0].headers["cache-control"] == "no-store"


# --- X.509-SVID ---------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", NAMES)
def test_the_local_platforms_evidence_is_accepted(mock: Mock, platform: str) -> None:
    scene = Scene(mock)
    if platform == "aws":  # its first key is the only one: an instance of this test's own
        evidence = scene.evidence("aws", "", instance="i-00000000000000001")
        name = NAMES["aws"].rpartition("/")[0] + "/i-00000000000000001"
        body = scene.request("aws", evidence=evidence, csr=csr(scene.key, [name]))
    else:
        name, body = NAMES[platform], scene.request(platform)
    answer = scene.post("x509", body)
    assert answer.json()["spiffe_id"] == name
    assert str(verify_x509_svid(chain_of(answer), read_bundle(scene), time.time())) == name


def test_the_answer_names_everything_a_workload_needs(scene: Scene) -> None:
    answer = scene.post("x509", scene.request()).json()
    assert set(answer) == {"svid", "spiffe_id", "expires_at", "trust_bundle_url"}
    assert answer["spiffe_id"] == ID
    assert scene.mock.http.get(answer["trust_bundle_url"]).json() == scene.bundle()


def test_the_leaf_is_as_the_standard_wants_it(scene: Scene) -> None:
    answer = scene.post("x509", scene.request())
    leaf = chain_of(answer)[0]
    names = extension(leaf, x509.SubjectAlternativeName)
    assert [type(name).__name__ for name in names.value] == ["UniformResourceIdentifier"]
    assert names.value[0].value == ID
    assert names.critical  # since the subject is empty
    assert list(leaf.subject) == []
    constraints = extension(leaf, x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    usage = extension(leaf, x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert not usage.value.crl_sign
    purposes = set(extension(leaf, x509.ExtendedKeyUsage).value)
    assert purposes == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert jwk_of(leaf.public_key()) == jwk_of(scene.key.public_key())
    assert leaf.serial_number.bit_length() > 64
    assert leaf.not_valid_after_utc.timestamp() == seconds(answer.json()["expires_at"])


def test_the_chain_leads_to_a_root_of_the_bundle(scene: Scene) -> None:
    leaf, intermediate = chain_of(scene.post("x509", scene.request()))
    roots = {root.subject: root for root in read_bundle(scene).roots}
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(roots[intermediate.issuer])
    assert extension(intermediate, x509.BasicConstraints).value.path_length == 0
    assert extension(roots[intermediate.issuer], x509.BasicConstraints).value.path_length == 1


@pytest.mark.row("S7")
def test_s7_what_else_a_request_says_is_not_copied(scene: Scene) -> None:
    wishes = [
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x04\x00"),
    ]
    request = csr(scene.key, common_name="bank.example", extensions=wishes)
    leaf = chain_of(scene.post("x509", scene.request(csr=request)))[0]
    assert list(leaf.subject) == []
    assert ExtendedKeyUsageOID.CODE_SIGNING not in extension(leaf, x509.ExtendedKeyUsage).value
    assert "1.3.6.1.4.1.99999.1" not in [one.oid.dotted_string for one in leaf.extensions]


@pytest.mark.row("S8")
@pytest.mark.parametrize(("ttl", "most"), [(None, 3600), (60, 60), (3600, 3600), (10**12, 3600)])
def test_s8_the_lifetime_is_clamped_to_an_hour(scene: Scene, ttl: int | None, most: int) -> None:
    answer = scene.post("x509", scene.request(ttl=ttl))
    leaf = chain_of(answer)[0]
    whole = (leaf.not_valid_after_utc - leaf.not_valid_before_utc).total_seconds()
    assert whole <= 3600
    left = leaf.not_valid_after_utc.timestamp() - time.time()
    assert most - 15 < left <= most
    token = scene.post("jwt", scene.request(ttl=ttl)).json()
    claims = read_unverified(token["svid"]).claims
    assert claims["exp"] - claims["iat"] == most
    assert seconds(token["expires_at"]) == claims["exp"]


# --- JWT-SVID -----------------------------------------------------------------------------------


def test_a_jwt_svid_holds_what_the_standard_wants_and_nothing_else(scene: Scene) -> None:
    answer = scene.post("jwt", scene.request(audience=["https://a.example", "b"]))
    assert set(answer.json()) == {"svid", "spiffe_id", "expires_at"}
    decoded = read_unverified(answer.json()["svid"])
    assert set(decoded.header) == {"alg", "kid", "typ"}
    assert decoded.header["alg"] == "ES256"
    assert set(decoded.claims) == {"sub", "aud", "iat", "exp"}
    assert decoded.claims["sub"] == answer.json()["spiffe_id"] == ID
    assert decoded.claims["aud"] == ["https://a.example", "b"]
    verify_jwt_svid(answer.json()["svid"], read_bundle(scene), "b", time.time())


@pytest.mark.parametrize("bound", [True, False], ids=["DPoP", "Bearer"])
def test_a_client_gets_a_jwt_svid_for_its_token(
    mock: Mock, registered_client: Registered, bound: bool
) -> None:
    token = registered_client.token(bound=bound)
    url, scheme = registered_client.url("/svid/jwt"), "DPoP" if bound else "Bearer"
    answer = registered_client.call(
        "POST", url, token, scheme=scheme, bare=not bound, json={"audience": "a"}
    )
    assert answer.status_code == 200, answer.text
    name = f"spiffe://{DOMAIN}/workload/{registered_client.client_id}"
    assert answer.json()["spiffe_id"] == name
    verified = verify_jwt_svid(
        answer.json()["svid"], read_bundle(Scene(mock)), "a", mock.now(registered_client.realm)
    )
    assert str(verified.spiffe_id) == name


def test_at_the_root_the_token_says_the_realm(mock: Mock, registered_client: Registered) -> None:
    url = f"{mock.base_url}/svid/jwt"
    answer = registered_client.call("POST", url, registered_client.token(), json={"audience": "a"})
    assert answer.status_code == 200, answer.text


def test_a_strict_realm_demands_its_nonce_here_too(strict_client: Registered) -> None:
    token, url = strict_client.token(), strict_client.url("/svid/jwt")
    refused = strict_client.call("POST", url, token, json={"audience": "a"})
    assert 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]
    nonce = refused.headers["dpop-nonce"]
    assert (
        strict_client.call("POST", url, token, json={"audience": "a"}, nonce=nonce).status_code
        == 200
    )


def test_the_proof_of_a_refused_request_is_not_used_up(registered_client: Registered) -> None:
    token, url = registered_client.token(), registered_client.url("/svid/jwt")
    proof = registered_client.proof("POST", url, access_token=token)
    wrong = registered_client.call("POST", url, token, proof=proof, json={"audience": ""})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_request")
    for status in (200, 401):  # a right one uses it up
        answer = registered_client.call("POST", url, token, proof=proof, json={"audience": "a"})
        assert answer.status_code == status


# --- trust bundle and rotation ------------------------------------------------------------------


@pytest.mark.row("S12", "S12✓")
def test_s12_the_bundle_is_public_and_the_same_everywhere(scene: Scene, realm: str) -> None:
    bundle = scene.bundle()
    for place in ("/realms/default", "/realms/strict", f"/realms/{realm}"):
        assert scene.bundle(place) == bundle
    assert set(bundle) == {"keys", "spiffe_sequence", "spiffe_refresh_hint"}
    assert type(bundle["spiffe_sequence"]) is int
    assert type(bundle["spiffe_refresh_hint"]) is int
    for key in bundle["keys"]:
        assert not PRIVATE_MEMBERS & set(key)
        if key["use"] == "x509-svid":
            assert "kid" not in key
            (certificate,) = key["x5c"]
            root = x509.load_der_x509_certificate(base64.b64decode(certificate, validate=True))
            assert jwk_of(root.public_key()).items() <= key.items()
        else:
            assert key["use"] == "jwt-svid"
            assert key["kid"]
    assert {key["use"] for key in bundle["keys"]} == {"x509-svid", "jwt-svid"}


def test_no_realm_no_bundle(mock: Mock) -> None:
    url = f"{mock.base_url}/realms/nowhere/.well-known/spiffe-trust-bundle"
    assert mock.http.get(url).status_code == 404


def test_no_key_of_tokens_is_in_the_bundle_and_none_of_the_bundle_signs_tokens(
    scene: Scene,
) -> None:
    tokens = scene.mock.http.get(f"{scene.mock.base_url}/jwks").json()["keys"]
    bundle = scene.bundle()["keys"]
    assert not {key["x"] for key in tokens} & {key["x"] for key in bundle}


def rotate(mock: Mock, ago: float) -> None:
    """Rotate as `ago` seconds before now would have done."""
    engine = mock.database.engine()
    with engine.begin() as tx:
        authority.rotate(tx, DOMAIN, time.time() - ago)
    engine.dispose()


def issuers(bundle: TrustBundle, chain: list[x509.Certificate]) -> int:
    """Which root of the bundle signed the chain."""
    return [root.subject for root in bundle.roots].index(chain[-1].issuer)


@pytest.mark.both_databases
@pytest.mark.row("S13")
def test_s13_a_new_root_is_known_before_it_signs_and_an_old_one_stays_while_it_is_needed(
    own_mock: Callable[..., Mock],
) -> None:
    scene = Scene(own_mock())
    first = read_bundle(scene)
    old_chain = chain_of(scene.post("x509", scene.request()))
    old_token = scene.post("jwt", scene.request()).json()["svid"]

    rotate(scene.mock, ago=0)
    both = read_bundle(scene)
    assert both.sequence > first.sequence
    assert len(both.roots) == len(both.jwt_keys) == 2
    now = time.time()
    for bundle in (first, both):  # a verifier that has not fetched the new one yet misses nothing
        chain = chain_of(scene.post("x509", scene.request()))
        assert issuers(bundle, chain) == 0
        verify_x509_svid(chain, bundle, now)
    verify_x509_svid(old_chain, both, now)
    verify_jwt_svid(old_token, both, "https://api.example.com", now)


def test_the_control_rotates_root_and_jwt_key_and_no_live_svid_breaks(
    own_mock: Callable[..., Mock],
) -> None:
    scene = Scene(own_mock())
    before = read_bundle(scene)
    old_chain = chain_of(scene.post("x509", scene.request()))
    old_token = scene.post("jwt", scene.request()).json()["svid"]

    rotation = scene.mock.control("POST", "keys/rotate").json()["spiffe"]
    both = read_bundle(scene)
    assert both.sequence == rotation["spiffe_sequence"] > before.sequence
    assert len(both.roots) == len(both.jwt_keys) == 2
    overlap = seconds(rotation["old_until"]) - seconds(rotation["signs_from"])
    assert overlap >= SVID_LIFETIME
    assert issuers(both, chain_of(scene.post("x509", scene.request()))) == 0

    wait = seconds(rotation["signs_from"]) - time.time() + 1
    scene.mock.sql("update spiffe_authorities set sign_from = sign_from - :wait", wait=wait)
    new_chain = chain_of(scene.post("x509", scene.request()))
    assert issuers(both, new_chain) == 1
    new_token = scene.post("jwt", scene.request()).json()["svid"]
    assert read_unverified(new_token).header["kid"] == both.jwt_keys[1]["kid"]
    for chain, token in ((old_chain, old_token), (new_chain, new_token)):
        verify_x509_svid(chain, both, time.time())
        verify_jwt_svid(token, both, "https://api.example.com", time.time())


@pytest.mark.row("S13")
def test_s13_the_new_root_signs_once_everyone_has_had_time_to_learn_of_it(
    own_mock: Callable[..., Mock],
) -> None:
    scene = Scene(own_mock())
    old_chain = chain_of(scene.post("x509", scene.request()))
    rotate(scene.mock, ago=2 * spiffe_settings.REFRESH_HINT + 1)
    both = read_bundle(scene)
    chain = chain_of(scene.post("x509", scene.request()))
    assert issuers(both, chain) == 1
    token = scene.post("jwt", scene.request()).json()["svid"]
    assert read_unverified(token).header["kid"] == both.jwt_keys[1]["kid"]
    for one in (chain, old_chain):
        verify_x509_svid(one, both, time.time())
    verify_jwt_svid(token, both, "https://api.example.com", time.time())


@pytest.mark.row("S13")
def test_s13_the_old_root_leaves_when_its_last_svid_has_ended(
    own_mock: Callable[..., Mock],
) -> None:
    scene = Scene(own_mock())
    before = read_bundle(scene)
    overlap = 3 * spiffe_settings.REFRESH_HINT + SVID_LIFETIME
    rotate(scene.mock, ago=overlap - 30)
    both = read_bundle(scene)
    assert len(both.roots) == 2
    rotate(scene.mock, ago=0)  # a further rotation while the first one is still known
    assert len(read_bundle(scene).roots) == 3
    age(scene.mock, 60)
    after = read_bundle(scene)
    assert len(after.roots) == 2
    assert before.roots[0] not in after.roots
    assert before.sequence < both.sequence < after.sequence


def age(mock: Mock, seconds: float) -> None:
    """Make every end come `seconds` earlier."""
    mock.sql("update spiffe_authorities set publish_until = publish_until - :ago", ago=seconds)


def test_a_rotation_forgets_the_private_keys_of_those_that_left(
    own_mock: Callable[..., Mock],
) -> None:
    mock = own_mock()
    rotate(mock, ago=0)
    age(mock, 10**6)
    rotate(mock, ago=0)
    rows = mock.sql("select private_pem from spiffe_authorities order by id")
    assert [bool(row[0]) for row in rows] == [False, False, True, True, True, True]


def test_an_authority_near_its_end_is_replaced_at_the_next_start(
    own_mock: Callable[..., Mock],
) -> None:
    mock = own_mock()
    mock.stop()
    mock.sql("update spiffe_authorities set expires_at = :end", end=time.time() + 86400)
    mock.start()
    assert len(read_bundle(Scene(mock)).roots) == 2
    mock.stop()
    mock.start()
    assert len(read_bundle(Scene(mock)).roots) == 2


def test_an_authority_made_before_the_clock_was_set_back_is_replaced_at_the_next_start(
    own_mock: Callable[..., Mock],
) -> None:
    mock = own_mock()
    rotate(mock, ago=-30 * 86400)
    mock.stop()
    mock.start()
    scene = Scene(mock)
    assert len(read_bundle(scene).roots) == 1
    [leaf, *authorities] = chain_of(scene.post("x509", scene.request()))
    now = datetime.now(UTC)
    assert all(one.not_valid_before_utc <= now for one in (leaf, *authorities))


# --- settings -----------------------------------------------------------------------------------


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Callable[[Callable[[Path], object]], Mock]]:
    """A service whose state directory was prepared before its start."""
    made: list[Mock] = []

    def make(prepare: Callable[[Path], object]) -> Mock:
        made.append(Mock(tmp_path / "configured"))
        prepare(made[-1].state_dir)
        return made[-1].start()

    yield make
    for mock in made:
        mock.stop()


def test_the_trust_domain_is_configured(configured: Callable[..., Mock]) -> None:
    text = 'trust_domain = "other.example"'
    scene = Scene(configured(lambda folder: (folder / "spiffe.toml").write_text(text)))
    name = ID.replace("dialtone.test", "other.example")
    answer = scene.post("x509", scene.request(csr=csr(scene.key, [name])))
    assert answer.json()["spiffe_id"] == name
    refused = scene.post("x509", scene.request())
    assert refused.status_code == 403
    assert "trust_domain" in refused.json()["error_description"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("trust_domain = 'Upper.Case'", "trust_domain"),
        ("trust_domain = ", "can't be read"),
        ("[kubernetes]\nkeys = 'nowhere.json'", "nowhere.json"),
        ("[kubernetes]\nkeys = 'spiffe.toml'", "can't be used"),
        ("[aws]\nkeys = 'spiffe.toml'", "can't be used"),
        ("[kubernetes]\nrealm = 'nowhere'", "names an unknown realm"),
        ("[kubernetes]\npath = '/{password}'", "path can't be filled in"),
        ("[kubernetes]\npath = '/../{namespace}'", "path can't be filled in"),
        ("[gcp]\nonly = { colour = ['red'] }", "colour"),
        ("kubernetes = 1", "spiffe.toml"),
    ],
)
def test_a_setting_that_can_not_be_is_named(tmp_path: Any, text: str, hint: str) -> None:
    (tmp_path / "spiffe.toml").write_text(text)
    with pytest.raises(BadSettings, match=hint):
        spiffe_settings.load(tmp_path, {"default": None})


def test_other_keys_switch_the_local_platform_off(configured: Callable[..., Mock]) -> None:
    mock = configured(Platforms().configure)
    for platform in NAMES:
        answer = mock.control("POST", f"platform/{platform}", json={"audience": "a"})
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_the_local_platform_is_for_the_owner_only(mock: Mock) -> None:
    for platform in NAMES:
        url = f"{mock.base_url}/mock/platform/{platform}"
        assert mock.http.post(url, json={"audience": "a"}).status_code == 401


def test_evidence_of_a_platform_that_never_signed_is_refused(own_mock: Callable[..., Mock]) -> None:
    mock = own_mock()
    for platform, text in {"kubernetes": "evidence kid", "aws": "evidence signature"}.items():
        stranger = Scene(mock, Platforms())
        answer = stranger.post("x509", stranger.request(platform))
        assert answer.status_code == 401
        assert text in answer.json()["error_description"]


def test_what_is_issued_is_written_down(scene: Scene) -> None:
    scene.post("x509", scene.request())
    query = "select details from audit_events where event = 'svid_issued' order by id desc"
    details = json.loads(scene.mock.sql(query)[0][0])
    assert (details["spiffe_id"], details["by"]) == (ID, "kubernetes")


def test_nothing_secret_is_logged(mock: Mock) -> None:
    scene = Scene(mock)
    body = scene.request(evidence=scene.evidence("kubernetes", scene.nonce()))
    scene.post("x509", body)
    assert "evidence of kubernetes refused" in mock.log
    assert body["nonce"] not in mock.log
    assert body["evidence"]["token"] not in mock.log


# --- whatever comes, no 500 ---------------------------------------------------------------------

REQUESTS = [der(csr(ec.generate_private_key(curve()))) for curve in (ec.SECP256R1, ec.SECP384R1)]
REQUESTS.append(der(csr(RSA, common_name="x", extensions=[x509.BasicConstraints(True, None)])))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A request with some of its bytes altered, taken out or put in."""
    content = bytearray(draw(st.sampled_from(REQUESTS)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content) - 1))
        change = draw(st.sampled_from(["set", "cut", "add"]))
        if change == "set":
            content[place] = draw(st.integers(0, 255))
        elif change == "cut":
            del content[place : place + draw(st.integers(1, 8))]
        else:
            content[place:place] = draw(st.binary(min_size=1, max_size=8))
        if not content:
            break
    return pem(bytes(content))


URI = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ID)]).public_bytes()
ODD = {
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: URI,
    ExtensionOID.KEY_USAGE: b"\x03\x02\x07\x80",
    ExtensionOID.BASIC_CONSTRAINTS: b"\x30\x03\x01\x01\xff",
}
SIGNER = ec.generate_private_key(ec.SECP256R1())


@st.composite
def odd_extensions(draw: st.DrawFn) -> str:
    """A request that is rightly signed, with extensions that hold anything."""
    extensions = []
    for oid, value in draw(
        st.sampled_from([dict(list(ODD.items())[:n]) for n in (1, 2, 3)])
    ).items():
        content = bytearray(value)
        for _ in range(draw(st.integers(0, 3))):
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
        extensions.append(x509.UnrecognizedExtension(oid, bytes(content)))
    return csr(SIGNER, [], extensions=extensions)


@settings(max_examples=600, deadline=None)
@given(st.text() | st.binary(max_size=300).map(pem) | mutated() | odd_extensions())
def test_any_request_is_read_or_refused(text: str) -> None:
    try:
        found = read_request(text)
    except Refusal as refusal:
        status = refusal.status
    else:
        status = 400
        assert SpiffeId.parse(str(found.spiffe_id)) == found.spiffe_id
    assert status == 400


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=mutated() | st.text(max_size=200))
def test_any_request_gets_an_answer(scene: Scene, text: str) -> None:
    body = {"platform": "kubernetes", "nonce": scene.nonce(), "evidence": {"token": "x"}}
    answer = scene.post("x509", body | {"csr": text})
    assert answer.status_code in (400, 401)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = ("nonce", "platform", "evidence", "csr", "binding", "audience", "key", "ttl")


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(member=st.sampled_from(MEMBERS), value=JSON, kind=st.sampled_from(["x509", "jwt"]))
def test_any_member_gets_an_answer(scene: Scene, member: str, value: Any, kind: str) -> None:
    body = scene.request("azure") | {member: value}
    content = json.dumps(body).encode()
    url, headers = (
        f"{scene.mock.base_url}/v1/svid/{kind}",
        {"Content-Type": "application/json"},
    )
    answer = scene.mock.http.post(url, content=content, headers=headers)
    assert answer.status_code in (200, 400, 401, 403), answer.text


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    claims=st.dictionaries(
        st.sampled_from(
            ["iss", "aud", "exp", "iat", "nbf", "kubernetes.io", "google", "sub", "tid"]
        ),
        JSON,
    )
)
def test_any_claims_get_an_answer(believing: Scene, claims: dict[str, Any]) -> None:
    nonce = believing.nonce()
    evidence = believing.evidence("gcp", nonce, **claims)
    body = believing.request("gcp", nonce=nonce, evidence=evidence)
    assert believing.post("x509", body).status_code in (200, 400, 401, 403)


@pytest.fixture(scope="module")
def believing(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service that believes the test's own platforms."""
    mock = Mock(tmp_path_factory.mktemp("believing"))
    platforms = Platforms()
    platforms.configure(mock.state_dir)
    yield Scene(mock.start(), platforms)
    mock.stop()
    assert "Traceback" not in mock.log, mock.log[-6000:]


# --- found by who looks for it ------------------------------------------------------------------


def test_the_endpoints_are_named_where_programs_look(scene: Scene) -> None:
    card = scene.mock.http.get(f"{scene.mock.base_url}/agent.json").json()
    assert card["spiffe"] == {"trust_domain": DOMAIN, "platforms": list(PLATFORMS)}
    assert card["lifetimes_seconds"]["svid"] == 3600
    endpoints = card["endpoints"]
    nonce = scene.mock.http.get(endpoints["attestation_challenge"]).json()["nonce"]
    body = scene.request(nonce=nonce)
    assert scene.mock.http.post(endpoints["x509_svid"], json=body).status_code == 200
    assert scene.mock.http.post(endpoints["jwt_svid"], json=scene.request()).status_code == 200
    assert scene.mock.http.get(endpoints["spiffe_trust_bundle"]).json() == scene.bundle()
