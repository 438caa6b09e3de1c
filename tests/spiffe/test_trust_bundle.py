"""SVIDs against a bundle: each rule refuses what is its own, and the right SVID passes."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from dialtone_kit.base.errors import NotThisService, SvidRefused
from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.spiffe.certificates import new_authority, new_leaf
from dialtone_kit.spiffe import trust_bundle
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.trust_bundle import TrustBundle, verify_jwt_svid, verify_x509_svid
from dialtone_kit.tokens import sign_token
from tests.support.mutations import names, without

DOMAIN = "dialtone.test"
ID = SpiffeId.parse(f"spiffe://{DOMAIN}/ns/lessons/sa/reader")
NOW = int(time.time())
KEY = ec.generate_private_key(ec.SECP256R1())


class Authority:
    """A trust domain's authority, and what it signs."""

    def __init__(self, domain: str = DOMAIN) -> None:
        self.domain = domain
        self.key, (self.intermediate, self.root) = new_authority(domain, NOW - 60, NOW + 10**6)
        self.jwt_key, self.kid = ec.generate_private_key(ec.SECP256R1()), f"key of {domain}"

    def document(self) -> dict[str, Any]:
        der = self.root.public_bytes(Encoding.DER)
        x5c = base64.b64encode(der).decode()
        root = {**jwk_of(self.root.public_key()), "use": "x509-svid", "x5c": [x5c]}
        token = {**jwk_of(self.jwt_key.public_key()), "use": "jwt-svid", "kid": self.kid}
        return {"keys": [root, token], "spiffe_sequence": 2, "spiffe_refresh_hint": 300}

    def bundle(self) -> TrustBundle:
        return TrustBundle.read(self.document(), self.domain)

    def chain(self, begin: int = NOW - 5, end: int = NOW + 600) -> list[x509.Certificate]:
        name = SpiffeId(self.domain, "/ns/lessons/sa/reader")
        leaf = new_leaf(self.intermediate, self.key, KEY.public_key(), name, begin, end)
        return [leaf, self.intermediate]

    def odd(
        self,
        uris: tuple[str, ...] = (str(ID),),
        *,
        ca: bool = False,
        usage: bool | None = True,
        cert_sign: bool = False,
    ) -> list[x509.Certificate]:
        """A chain whose leaf is not as it should be."""
        leaf = self.chain()[0]
        builder = (
            x509.CertificateBuilder()
            .subject_name(leaf.subject)
            .issuer_name(self.intermediate.subject)
            .public_key(KEY.public_key())
            .serial_number(7)
            .not_valid_before(leaf.not_valid_before_utc)
            .not_valid_after(leaf.not_valid_after_utc)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if uris:
            names = x509.SubjectAlternativeName(map(x509.UniformResourceIdentifier, uris))
            builder = builder.add_extension(names, critical=True)
        if usage is not None:
            flags = x509.KeyUsage(usage, False, False, False, False, cert_sign, False, False, False)
            builder = builder.add_extension(flags, critical=True)
        return [builder.sign(self.key, hashes.SHA256()), self.intermediate]

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        members = {"sub": str(ID), "aud": ["api"], "iat": NOW, "exp": NOW + 600, **claims}
        members = {name: value for name, value in members.items() if value is not None}
        return sign_token(self.jwt_key, members, **{"kid": self.kid, **(header or {})})


OURS, FOREIGN, IMPOSTOR = Authority(), Authority("other.test"), Authority()
BUNDLE = OURS.bundle()
REFUSED_CHAINS: list[tuple[str, Callable[[], list[x509.Certificate]], str]] = [
    ("nothing", lambda: [], "chain"),
    ("a foreign trust domain", FOREIGN.chain, "trust_domain"),
    ("our name by a stranger", IMPOSTOR.chain, "chain"),
    (
        "our leaf, a stranger's intermediate",
        lambda: [OURS.chain()[0], IMPOSTOR.intermediate],
        "chain",
    ),
    ("no intermediate", lambda: OURS.chain()[:1], "chain"),
    ("expired", lambda: OURS.chain(NOW - 600, NOW - 1), "chain"),
    ("not yet valid", lambda: OURS.chain(NOW + 60, NOW + 600), "chain"),
    ("the intermediate itself", lambda: [OURS.intermediate], "authority"),
    ("the root itself", lambda: [OURS.root], "authority"),
    ("CA:TRUE", lambda: OURS.odd(ca=True), "authority"),
    ("keyCertSign", lambda: OURS.odd(cert_sign=True), "authority"),
    ("no digitalSignature", lambda: OURS.odd(usage=False), "key_usage"),
    ("no key usage", lambda: OURS.odd(usage=None), "key_usage"),
    ("no URI", lambda: OURS.odd(()), "one_uri"),
    ("two URIs", lambda: OURS.odd((str(ID), str(ID) + "2")), "one_uri"),
    ("no path", lambda: OURS.odd((f"spiffe://{DOMAIN}",)), "spiffe_id"),
    ("a query", lambda: OURS.odd((f"{ID}?x",)), "spiffe_id"),
    ("https", lambda: OURS.odd(("https://dialtone.test/x",)), "spiffe_id"),
]


def test_the_right_chain_passes() -> None:
    assert verify_x509_svid(OURS.chain(), BUNDLE, NOW) == ID


def test_both_roots_of_a_rotation_pass() -> None:
    both = replace(BUNDLE, roots=(IMPOSTOR.root, OURS.root))
    for authority in (OURS, IMPOSTOR):
        assert verify_x509_svid(authority.chain(), both, NOW) == ID


@pytest.mark.parametrize(
    ("make", "rule"),
    [row[1:] for row in REFUSED_CHAINS],
    ids=[row[0] for row in REFUSED_CHAINS],
)
def test_a_wrong_chain_is_refused(make: Callable[[], Any], rule: str) -> None:
    with pytest.raises(SvidRefused) as refused:
        verify_x509_svid(make(), BUNDLE, NOW)
    assert refused.value.rule == rule


@pytest.mark.parametrize("off", trust_bundle.LEAF_RULES, ids=names(trust_bundle.LEAF_RULES))
def test_a_rule_for_leaves_that_is_off_is_missed(off: Callable[..., None]) -> None:
    def holds(make: Callable[[], Any], rule: str) -> bool:
        try:
            verify_x509_svid(make(), BUNDLE, NOW)
        except SvidRefused as problem:
            return problem.rule == rule
        return False

    with without(trust_bundle, "LEAF_RULES", off):
        assert not all(holds(*row[1:]) for row in REFUSED_CHAINS)


def test_a_bundle_without_roots_trusts_no_one() -> None:
    with pytest.raises(SvidRefused, match="chain"):
        verify_x509_svid(OURS.chain(), replace(BUNDLE, roots=()), NOW)


def test_the_clock_is_the_callers() -> None:
    with pytest.raises(SvidRefused, match="chain"):
        verify_x509_svid(OURS.chain(), BUNDLE, NOW + 601)


REFUSED_TOKENS: list[tuple[str, Callable[[], str], str]] = [
    ("another audience", lambda: OURS.token(aud=["other"]), "aud"),
    ("no audience", lambda: OURS.token(aud=None), "aud"),
    ("a prefix of the audience", lambda: OURS.token(aud="ap"), "aud"),
    ("expired", lambda: OURS.token(exp=NOW), "exp"),
    ("expired by a fraction", lambda: OURS.token(exp=NOW - 0.5), "exp"),
    ("an end that is text", lambda: OURS.token(exp=str(NOW + 600)), "exp"),
    ("an end that is true", lambda: OURS.token(exp=True), "exp"),
    ("no end", lambda: OURS.token(exp=None), "exp"),
    ("an end beyond all time", lambda: OURS.token(exp=10**18), "exp"),
    ("from the future", lambda: OURS.token(iat=NOW + 100), "iat"),
    ("foreign", lambda: FOREIGN.token(sub="spiffe://other.test/x"), "trust_domain"),
    ("our name by a foreign key", FOREIGN.token, "kid"),
    ("our name and kid by a stranger's key", IMPOSTOR.token, "signature"),
    ("altered", lambda: OURS.token()[:-4] + "AAAA", "signature"),
    ("no subject", lambda: OURS.token(sub=None), "spiffe_id"),
    ("a subject that is no SPIFFE ID", lambda: OURS.token(sub="cli_me"), "spiffe_id"),
    ("typ of an access token", lambda: OURS.token({"typ": "at+jwt"}), "typ"),
    ("no JWT", lambda: "hello", "well_formed"),
    ("alg none", lambda: b64url(b'{"alg":"none"}') + "." + OURS.token().split(".")[1] + ".", "alg"),
]


@pytest.mark.parametrize(
    ("make", "rule"),
    [row[1:] for row in REFUSED_TOKENS],
    ids=[row[0] for row in REFUSED_TOKENS],
)
def test_a_wrong_token_is_refused(make: Callable[[], str], rule: str) -> None:
    with pytest.raises(SvidRefused) as refused:
        verify_jwt_svid(make(), BUNDLE, "api", NOW)
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    "token",
    [
        OURS.token(),
        OURS.token(aud="api"),
        OURS.token(aud=["other", "api"]),
        OURS.token(iat=None),
        OURS.token(iat=NOW - 0.5, exp=NOW + 600.5),
        OURS.token({"typ": "JOSE"}),
    ],
)
def test_a_right_token_passes(token: str) -> None:
    assert verify_jwt_svid(token, BUNDLE, "api", NOW).spiffe_id == ID


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_a_time_in_milliseconds_is_recognised(name: str) -> None:
    with pytest.raises(
        SvidRefused, match="that is milliseconds; NumericDate is seconds"
    ) as refused:
        verify_jwt_svid(OURS.token(**{name: NOW * 1000}), BUNDLE, "api", NOW)
    assert refused.value.rule == name


def test_an_x509_key_of_the_bundle_signs_no_token() -> None:
    """A root's key under a kid is still no key for tokens."""
    document = OURS.document()
    document["keys"][0]["kid"] = "root"
    private, (intermediate, _) = new_authority(DOMAIN, NOW - 60, NOW + 600)
    document["keys"][0] |= jwk_of(intermediate.public_key())
    bundle = TrustBundle.read(document, DOMAIN)
    claims = {"sub": str(ID), "aud": "api", "exp": NOW + 60}
    with pytest.raises(SvidRefused, match="kid"):
        verify_jwt_svid(sign_token(private, claims, kid="root"), bundle, "api", NOW)


def altered(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = OURS.document()
    change(document)
    return document


NO_BUNDLES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("no keys", lambda d: d.pop("keys")),
    ("keys that are no list", lambda d: d.update(keys={})),
    ("a key that is no object", lambda d: d["keys"].append("x")),
    ("a sequence that is a string", lambda d: d.update(spiffe_sequence="2")),
    ("a hint below zero", lambda d: d.update(spiffe_refresh_hint=-1)),
    ("a private key", lambda d: d["keys"][1].update(d="x")),
    ("no certificate", lambda d: d["keys"][0].pop("x5c")),
    ("two certificates in one key", lambda d: d["keys"][0]["x5c"].append("MII=")),
    ("base64url", lambda d: d["keys"][0].update(x5c=["--__"])),
    ("a number for a certificate", lambda d: d["keys"][0].update(x5c=[7])),
    ("no DER", lambda d: d["keys"][0].update(x5c=["AAAA"])),
]


@pytest.mark.parametrize(
    "change", [row[1] for row in NO_BUNDLES], ids=[row[0] for row in NO_BUNDLES]
)
def test_what_is_not_a_bundle_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(NotThisService):
        TrustBundle.read(altered(change), DOMAIN)


def test_a_key_for_an_unknown_use_is_passed_over() -> None:
    document = altered(lambda d: d["keys"].append({"kty": "OKP", "use": "wit-svid"}))
    assert TrustBundle.read(document, DOMAIN) == BUNDLE


LEAF = OURS.chain()[0].public_bytes(Encoding.DER)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(LEAF) - 1), st.integers(0, 255)), max_size=3))
def test_any_bytes_of_a_leaf_are_refused_or_are_the_leaf(changes: list[tuple[int, int]]) -> None:
    content = bytearray(LEAF)
    for place, value in changes:
        content[place] = value
    try:
        leaf = x509.load_der_x509_certificate(bytes(content))
    except (ValueError, x509.InvalidVersion):
        return
    try:
        verify_x509_svid([leaf, OURS.intermediate], BUNDLE, NOW)
    except SvidRefused:
        return
    assert bytes(content) == LEAF
