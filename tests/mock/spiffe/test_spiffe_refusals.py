"""S1 to S11 and A4 of the refusals catalogue: number, what is wrong, status, reason, neighbours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.spiffe import challenges
from dialtone_kit.tokens import read_unverified
from tests.support.refusals import each
from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import (
    ID,
    NAMES,
    Platforms,
    Scene,
    csr,
    der,
    new_key,
    pem,
    service_key,
    sha1_csr,
)

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "access_denied",
    409: "conflict",
    410: "gone",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


class Row(NamedTuple):
    """One case. `status` 200: a neighbour, to be accepted. `reason`: part of the message."""

    number: str
    what: str
    request: Callable[[Scene], dict[str, Any]]
    status: int = 200
    reason: str = ""

    @property
    def accepted(self) -> bool:
        return self.status == 200

    @property
    def id(self) -> str:
        return f"{self.number} {self.what}"

    @property
    def rows(self) -> tuple[str, ...]:
        if self.number == "–":
            return ()
        return (f"{self.number}✓" if self.accepted else self.number,)


def asking(number: str, what: str, make: Callable[[Scene], str], *refusal: Any) -> Row:
    """A row that differs in its certificate request."""
    return Row(number, what, lambda s: s.request(csr=make(s)), *refusal)


def named(number: str, what: str, uri: str, *refusal: Any) -> Row:
    """A row that differs in the name asked for."""
    return asking(number, what, lambda s: csr(s.key, [uri]), *refusal)


def new_header(text: str) -> str:
    """The request as keytool and certreq label it."""
    return text.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")


def private_pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8, password: str = "") -> str:
    hidden = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, form, hidden).decode())


def flip(content: bytes, place: int) -> bytes:
    """`content` with one bit of the byte at `place` turned over."""
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def unhashed(key: Any) -> str:
    """A request by an Edwards-curve key, which is given no hash to sign over."""
    uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ID)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    made = builder.add_extension(uri, critical=False).sign(key, None)
    return made.public_bytes(Encoding.PEM).decode()


def public_pem(key: Any) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(Encoding.PEM, form).decode())


def key_usage(**more: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: more.get(name, False) for name in names})


SEC1 = PrivateFormat.TraditionalOpenSSL
USE = "key: use EC P-256, P-384 or RSA"
CA = x509.BasicConstraints(ca=True, path_length=None)
NO_CA = x509.BasicConstraints(ca=False, path_length=None)
WITH_A_PRIVATE_KEY: dict[str, Callable[[Scene], str]] = {
    "a private key before it": lambda s: private_pem(s.key) + csr(s.key),
    "a private key after it": lambda s: csr(s.key) + private_pem(s.key),
    "an EC private key": lambda s: private_pem(s.key, SEC1) + csr(s.key),
    "an encrypted private key": lambda s: private_pem(s.key, password="x") + csr(s.key),
    "a private key's end": lambda s: private_pem(s.key)[-60:] + csr(s.key),
    "a private key alone": lambda s: private_pem(s.key),
}
X509_ROWS = [
    Row("S1", "a right request", lambda s: s.request()),
    asking("S1", "empty", lambda s: " ", 400, "well_formed"),
    asking("S1", "no PEM", lambda s: "hello", 400, "well_formed"),
    asking("S1", "cut off", lambda s: csr(s.key)[:200], 400, "well_formed"),
    asking("S1", "PEM of nothing", lambda s: pem(b""), 400, "well_formed"),
    asking("S1", "PEM of junk", lambda s: pem(b"\x30\x03junk"), 400, "well_formed"),
    asking("S1", "two of them", lambda s: csr(s.key) * 2, 400, "contains 2 requests"),
    asking(
        "S1",
        "two of them, labelled otherwise",
        lambda s: csr(s.key) + new_header(csr(s.key)),
        400,
        "contains 2 requests",
    ),
    asking("S1", "NEW", lambda s: new_header(csr(s.key))),
    asking(
        "S1", "NEW at the end only", lambda s: csr(s.key).replace("END", "END NEW"), 400, "one PKCS"
    ),
    asking("S1", "no end", lambda s: csr(s.key).partition("-----END")[0], 400, "one PKCS"),
    asking("S1", "text before it", lambda s: "Subject: CN = reader\n    Data:\n" + csr(s.key)),
    asking("S1", "a byte order mark", lambda s: "\ufeff" + csr(s.key)),
    asking("S1", "text after it", lambda s: csr(s.key) + "\nHere is my request – please sign it."),
    asking("S1", "lines that end in CRLF", lambda s: csr(s.key).replace("\n", "\r\n")),
    asking("S1", "the public key before it", lambda s: public_pem(s.key) + csr(s.key)),
    asking("S1", "text inside", lambda s: csr(s.key).replace("\n", "\nhello!\n", 1), 400, "well_f"),
    *[asking("S12", what, make, 400, "M14") for what, make in WITH_A_PRIVATE_KEY.items()],
    asking("S1", "a surrogate", lambda s: csr(s.key).replace("M", "ü", 1), 400, "well_formed"),
    asking("S1", "signature flipped", lambda s: pem(flip(der(csr(s.key)), -1)), 400, "signature"),
    asking(
        "S1",
        "altered after signing",
        lambda s: pem(der(csr(s.key)).replace(b"sa/reader", b"sa/rEader")),
        400,
        "signature",
    ),
    asking("S1", "DER end missing", lambda s: pem(der(csr(s.key))[:-4]), 400, "well_formed"),
    asking(
        "S1",
        "a version that is none",
        lambda s: pem(der(csr(s.key)).replace(b"\x02\x01\x00", b"\x02\x01\x07", 1)),
        400,
        "well_formed",
    ),
    asking("S2", "no URI", lambda s: csr(s.key, []), 400, "one_uri"),
    asking("S2", "two URIs", lambda s: csr(s.key, [ID, ID + "2"]), 400, "one_uri"),
    asking("S2", "the same URI twice", lambda s: csr(s.key, [ID, ID]), 400, "one_uri"),
    asking(
        "S2",
        "a DNS name only",
        lambda s: csr(s.key, [], names=[x509.DNSName("a.example")]),
        400,
        "one_uri",
    ),
    named("S3", "another workload", ID + "2", 403, "spiffe_id"),
    named("S3", "another workload's case", ID.replace("reader", "Reader"), 403, "spiffe_id"),
    named("S3", "a registered client", "spiffe://dialtone.test/workload/cli_x", 403, "spiffe_id"),
    named("S3", "the trust domain", "spiffe://dialtone.test", 403, "spiffe_id"),
    named("S3", "another trust domain", ID.replace("dialtone", "other"), 403, "trust_domain"),
    named("S3", "a sub-domain", ID.replace("dialtone", "a.dialtone"), 403, "trust_domain"),
    named("S4", "dot segments", "spiffe://dialtone.test/ns/x/../lessons/sa/reader", 400, "path"),
    named("S4", "a dot segment", "spiffe://dialtone.test/./ns/lessons/sa/reader", 400, "path"),
    named("S4", "an empty segment", "spiffe://dialtone.test/ns//lessons", 400, "path"),
    named("S4", "a final slash", ID + "/", 400, "path"),
    named("S4", "an escape", ID.replace("reader", "%72eader"), 400, "path"),
    named("S4", "a query", ID + "?admin=1", 400, "query"),
    named("S4", "a fragment", ID + "#x", 400, "query"),
    named("S4", "a port", ID.replace("test/", "test:443/"), 400, "authority"),
    named("S4", "user information", ID.replace("//", "//me@"), 400, "authority"),
    named("S4", "an upper-case trust domain", ID.replace("dial", "DIAL"), 400, "trust_domain"),
    named("S4", "an upper-case scheme", ID.replace("spiffe:", "SPIFFE:"), 400, "scheme"),
    named("S4", "https", ID.replace("spiffe:", "https:"), 400, "scheme"),
    named("S4", "over 2048 bytes", "spiffe://dialtone.test/" + "x" * 2048, 400, "length"),
    asking("S5", "CA:TRUE", lambda s: csr(s.key, extensions=[CA]), 400, "authority"),
    asking(
        "S5",
        "keyCertSign",
        lambda s: csr(s.key, extensions=[key_usage(key_cert_sign=True)]),
        400,
        "authority",
    ),
    asking(
        "S5",
        "cRLSign",
        lambda s: csr(s.key, extensions=[key_usage(crl_sign=True)]),
        400,
        "authority",
    ),
    asking("S5", "CA:FALSE", lambda s: csr(s.key, extensions=[NO_CA])),
    asking(
        "S5",
        "digitalSignature",
        lambda s: csr(s.key, extensions=[key_usage(digital_signature=True)]),
    ),
    asking("S6", "RSA 1024", lambda s: csr(rsa_key(1024)), 400, "key"),
    asking("S6", "RSA 2047", lambda s: csr(rsa_key(2047)), 400, "key"),
    Row("S6", "RSA 2048", lambda s: replace(s, key=rsa_key(2048)).request()),
    asking("S6", "P-521", lambda s: csr(ec.generate_private_key(ec.SECP521R1())), 400, USE),
    asking("S6", "P-224", lambda s: csr(ec.generate_private_key(ec.SECP224R1())), 400, USE),
    asking("S6", "secp256k1", lambda s: csr(ec.generate_private_key(ec.SECP256K1())), 400, USE),
    asking("S6", "Ed25519", lambda s: unhashed(ed25519.Ed25519PrivateKey.generate()), 400, USE),
    asking("S6", "Ed448", lambda s: unhashed(ed448.Ed448PrivateKey.generate()), 400, USE),
    Row(
        "S6",
        "P-384",
        lambda s: replace(s, key=ec.generate_private_key(ec.SECP384R1())).request(),
    ),
    asking("S6", "SHA-1", lambda s: sha1_csr(), 400, "hash"),
    asking("S6", "SHA-224", lambda s: csr(s.key, digest=hashes.SHA224()), 400, "hash"),
    asking("S6", "SHA-384", lambda s: csr(s.key, digest=hashes.SHA384())),
    asking(
        "S7",
        "a DNS name beside the ID",
        lambda s: csr(s.key, names=[x509.DNSName("bank.example")]),
        400,
        "extra_names",
    ),
    asking(
        "S7",
        "an e-mail beside the ID",
        lambda s: csr(s.key, names=[x509.RFC822Name("a@example.com")]),
        400,
        "extra_names",
    ),
    asking("S7", "a common name", lambda s: csr(s.key, common_name="bank.example")),
    Row("S8", "ttl 0", lambda s: s.request(ttl=0), 400, "ttl"),
    Row("S8", "ttl below 0", lambda s: s.request(ttl=-5), 400, "ttl"),
    Row("S8", "ttl a string", lambda s: s.request(ttl="60"), 400, "ttl"),
    Row("S8", "ttl true", lambda s: s.request(ttl=True), 400, "ttl"),
    Row("S8", "ttl far too long", lambda s: s.request(ttl=10**9)),
    Row("S8", "ttl beyond 64 bits", lambda s: s.request(ttl=10**30)),
    Row("S9", "no challenge", lambda s: s.request() | {"nonce": ""}, 401, "did not issue"),
    Row("S9", "a made-up challenge", lambda s: s.request(nonce="x" * 54), 401, "did not issue"),
    Row("S9", "not base64url", lambda s: s.request(nonce="ü?"), 401, "did not issue"),
    Row("S9", "a flipped bit", lambda s: s.request(nonce=flipped(s.nonce())), 401, "did not issue"),
    Row("S9", "another service's", lambda s: s.request(nonce=foreign()), 401, "did not issue"),
    Row("S9", "301 s old", lambda s: s.request(nonce=aged(s, 301)), 410, "valid for only 300 s"),
    Row("S9", "298 s old", lambda s: s.request(nonce=aged(s, 298))),
    Row("S10", "for another challenge", lambda s: other_challenge(s), 401, "another challenge"),
    Row("S10", "for another key", lambda s: for_key(s, new_key()), 401, "another key"),
    Row("S10", "for no key", lambda s: for_no_key(s), 401, "without your key"),
    Row("S10", "for no key, by a thief", lambda s: stolen(s), 401, "without your key"),
    Row("S10", "for this key", lambda s: for_key(s, s.key)),
    Row("–", "no evidence", lambda s: s.request() | {"evidence": {}}, 400, "has a token"),
    Row("–", "an unknown platform", lambda s: s.request() | {"platform": "mars"}, 400, "platform"),
    Row("–", "no csr", lambda s: s.request(csr=None), 400, "csr"),
    Row("–", "csr over 32 KiB", lambda s: s.request(csr="x" * 32769), 400, "csr"),
    Row("–", "an unknown member", lambda s: s.request(wish="CA:TRUE")),
]
ED25519_JWK = jwk_of(ed25519.Ed25519PrivateKey.generate().public_key())
JWT_ROWS = [
    Row("S11", "an audience", lambda s: s.request()),
    Row("S11", "an audience as a string", lambda s: s.request(audience="https://a.example")),
    Row("S11", "two audiences", lambda s: s.request(audience=["a", "b"])),
    Row("S11", "none", lambda s: s.request(audience=None), 400, "audience"),
    Row("S11", "an empty list", lambda s: s.request(audience=[]), 400, "audience"),
    Row("S11", "an empty string", lambda s: s.request(audience=""), 400, "audience"),
    Row("S11", "a blank one among two", lambda s: s.request(audience=["a", " "]), 400, "audience"),
    Row("S11", "a number", lambda s: s.request(audience=[1]), 400, "audience"),
    Row("S11", "eleven", lambda s: s.request(audience=["a"] * 11), 400, "audience"),
    Row("S9", "301 s old", lambda s: s.request(nonce=aged(s, 301)), 410, "valid for only 300 s"),
    Row("S10", "for another challenge", lambda s: other_challenge(s), 401, "another challenge"),
    Row("S10", "for another key", lambda s: for_key(s, new_key()), 401, "another key"),
    Row("S10", "for no key", lambda s: for_no_key(s), 401, "without your key"),
    Row("S10", "for no key, by a thief", lambda s: stolen(s), 401, "without your key"),
    Row("S10", "for this key", lambda s: for_key(s, s.key)),
    Row("S6", "a weak key", lambda s: s.request(key=weak_jwk()), 400, "key"),
    Row("S6", "no key at all", lambda s: s.request(key=None), 400, "key"),
    Row("S6", "a key without members", lambda s: s.request(key={}), 400, USE),
    Row("S6", "a secret key", lambda s: s.request(key={"kty": "oct"}), 400, USE),
    Row("S6", "Ed25519", lambda s: s.request(key=ED25519_JWK), 400, USE),
    Row("S6", "P-521", lambda s: s.request(key={"kty": "EC", "crv": "P-521"}), 400, USE),
    Row("S6", "a list for kty", lambda s: s.request(key={"kty": ["EC"]}), 400, USE),
    Row("S12", "a private key", lambda s: s.request(key=private_jwk(s)), 400, "M14"),
]


def flipped(nonce: str) -> str:
    return b64url(flip(b64url_decode(nonce), 3))


def foreign() -> str:
    return challenges.issue(b"another service's key", time.time())


def aged(scene: Scene, seconds: float) -> str:
    return challenges.issue(service_key(scene.mock), time.time() - seconds)


def other_challenge(scene: Scene) -> dict[str, Any]:
    return scene.request(evidence=scene.evidence("kubernetes", scene.nonce()))


def for_key(scene: Scene, key: Any) -> dict[str, Any]:
    """Evidence whose audience is the challenge tied to `key`."""
    nonce = scene.nonce()
    evidence = scene.evidence("kubernetes", nonce, audience=scene.audience(nonce, key))
    return scene.request(nonce=nonce, evidence=evidence)


def for_no_key(scene: Scene) -> dict[str, Any]:
    """Evidence whose audience is the challenge alone."""
    nonce = scene.nonce()
    evidence = scene.evidence("kubernetes", nonce, audience=nonce)
    return scene.request(nonce=nonce, evidence=evidence)


def stolen(scene: Scene) -> dict[str, Any]:
    """Such evidence, sent first by someone else with a key of their own."""
    return replace(scene, key=new_key()).request(**evidence_in(for_no_key(scene)))


def evidence_in(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("nonce", "evidence")}


def weak_jwk() -> dict[str, str]:
    return jwk_of(rsa_key(1024).public_key())


def private_jwk(scene: Scene) -> dict[str, str]:
    return jwk_of(scene.key.public_key()) | {"d": b64url(b"x" * 32)}


def check(answer: Any, status: int, reason: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    if status == 200:
        return
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == CODES[status]
    assert reason in body["error_description"]
    assert status != 401 or answer.headers["www-authenticate"].startswith("Attestation ")


@pytest.mark.parametrize("row", each(X509_ROWS))
def test_an_x509_svid_is_refused_or_given(mock: Mock, row: Row) -> None:
    scene = Scene(mock)
    check(scene.post("x509", row.request(scene)), row.status, row.reason)


@pytest.mark.parametrize("row", each(JWT_ROWS))
def test_a_jwt_svid_is_refused_or_given(mock: Mock, row: Row) -> None:
    scene = Scene(mock)
    check(scene.post("jwt", row.request(scene)), row.status, row.reason)


# --- S9: once, in parallel, across a restart and workers ----------------------------------------


@pytest.mark.row("S9")
@pytest.mark.parametrize("first_is_right", [True, False], ids=["a right attempt", "a wrong one"])
def test_s9_an_attempt_uses_the_challenge_up(mock: Mock, first_is_right: bool) -> None:
    scene = Scene(mock)
    body = scene.request()
    first = body if first_is_right else body | {"csr": "not a request"}
    assert scene.post("x509", first).status_code == (200 if first_is_right else 400)
    check(scene.post("x509", body), 409, "already used")
    check(scene.post("jwt", body), 409, "already used")
    check(scene.post("x509", scene.request()), 200, "")  # the next challenge serves


@pytest.mark.row("S9")
def test_s9_a_body_that_can_not_be_read_uses_nothing_up(mock: Mock) -> None:
    scene = Scene(mock)
    body = scene.request()
    check(scene.post("x509", {"nonce": body["nonce"]}), 400, "platform")
    check(scene.post("x509", body), 200, "")


@pytest.mark.both_databases
@pytest.mark.row("S9")
def test_s9_in_parallel_one_wins(own_mock: Callable[..., Mock]) -> None:
    scene = Scene(own_mock(workers=2))
    body = scene.request()
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: scene.post("jwt", body), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


@pytest.mark.row("S9")
def test_s9_survives_a_crash_and_a_restart(own_mock: Callable[..., Mock]) -> None:
    mock = own_mock()
    scene = Scene(mock)
    used, fresh = scene.request(), scene.request()
    check(scene.post("x509", used), 200, "")
    before = scene.bundle()
    mock.kill()
    mock.start()
    check(scene.post("x509", used), 409, "already used")
    check(scene.post("x509", fresh), 200, "")
    assert scene.bundle() == before


# --- the evidence of the four platforms, signed by the test's own keys --------------------------


@pytest.fixture(scope="module")
def believing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A service that believes the test's own platforms."""
    mock = Mock(tmp_path_factory.mktemp("believing"))
    platforms = Platforms()
    platforms.configure(mock.state_dir)
    yield Scene(mock.start(), platforms)
    mock.stop()
    assert "Traceback" not in mock.log, mock.log


def claiming(platform: str, **claims: Any) -> Callable[[Scene], dict[str, Any]]:
    """A request whose evidence has other claims, signed as it should be."""

    def make(scene: Scene) -> dict[str, Any]:
        nonce = scene.nonce()
        return scene.request(
            platform, nonce=nonce, evidence=scene.evidence(platform, nonce, **claims)
        )

    return make


def naming(
    platform: str, audience: Callable[[Scene, str], str]
) -> Callable[[Scene], dict[str, Any]]:
    """A request whose evidence is for another audience than it should be."""

    def make(scene: Scene) -> dict[str, Any]:
        nonce = scene.nonce()
        evidence = scene.evidence(platform, nonce, aud=audience(scene, nonce))
        return scene.request(platform, nonce=nonce, evidence=evidence)

    return make


def header(**members: Any) -> Callable[[Scene], dict[str, Any]]:
    """Kubernetes evidence with another header."""

    def make(scene: Scene) -> dict[str, Any]:
        assert scene.platforms is not None
        nonce = scene.nonce()
        claims = scene.platforms.claims("kubernetes", scene.audience(nonce))
        evidence = {"token": scene.platforms.token(claims, **members)}
        return scene.request(nonce=nonce, evidence=evidence)

    return make


def token(change: Callable[[str], str]) -> Callable[[Scene], dict[str, Any]]:
    """Kubernetes evidence altered after it was signed."""

    def make(scene: Scene) -> dict[str, Any]:
        nonce = scene.nonce()
        evidence = {"token": change(scene.evidence("kubernetes", nonce)["token"])}
        return scene.request(nonce=nonce, evidence=evidence)

    return make


def signed_by_stranger(platform: str) -> Callable[[Scene], dict[str, Any]]:
    def make(scene: Scene) -> dict[str, Any]:
        return replace(scene, platforms=Platforms(rsa_key(2048))).request(platform)

    return make


def document(**changes: str) -> Callable[[Scene], dict[str, Any]]:
    """AWS evidence altered after it was signed."""

    def make(scene: Scene) -> dict[str, Any]:
        return scene.request("aws", evidence=scene.evidence("aws", "") | changes)

    return make


def bound_by(platform: str, **changes: Any) -> Callable[[Scene], dict[str, Any]]:
    """Another binding: by another key, for another nonce or evidence, or none."""

    def make(scene: Scene) -> dict[str, Any]:
        body = scene.request(platform)
        nonce, evidence = body["nonce"], body["evidence"]
        if "binding" in changes:
            return {**body, **changes}
        if changes.get("other") == "key":
            return body | {"binding": scene.binding(nonce, evidence, new_key())}
        if changes.get("other") == "nonce":
            return body | {"binding": scene.binding(scene.nonce(), evidence)}
        return body | {"binding": scene.binding(nonce, {"token": "other"})}

    return make


def no_binding(platform: str) -> Callable[[Scene], dict[str, Any]]:
    return lambda scene: {k: v for k, v in scene.request(platform).items() if k != "binding"}


NOW = int(time.time())
TENANT = "11111111-2222-3333-4444-555555555555"
SLASH = {"namespace": "lessons/sa/admin", "serviceaccount": {"name": "x"}}
DOTS = {"namespace": "..", "serviceaccount": {"name": "reader"}}
NAMELESS = {"namespace": "lessons"}
EVIDENCE_ROWS = [
    *[Row("–", f"{name}: right", lambda s, p=name: s.request(p)) for name in NAMES],
    *[
        Row("–", f"{name}: a stranger's signature", signed_by_stranger(name), 401, "signature")
        for name in NAMES
    ],
    *[
        Row("–", f"{name}: expired", claiming(name, exp=NOW - 1), 401, "evidence exp: expired")
        for name in ("kubernetes", "azure", "gcp")
    ],
    *[
        Row(
            "–",
            f"{name}: another issuer",
            claiming(name, iss="https://x.test"),
            401,
            "evidence iss",
        )
        for name in ("kubernetes", "azure", "gcp")
    ],
    *[
        Row("–", f"{name}: no issuer", claiming(name, iss=None), 401, "evidence iss")
        for name in ("kubernetes", "azure", "gcp")
    ],
    *[
        Row("–", f"{name}: another audience", claiming(name, aud="https://x.example"), 401, "aud")
        for name in ("kubernetes", "azure", "gcp")
    ],
    *[
        Row("–", f"{name}: no audience", claiming(name, aud=None), 401, "aud")
        for name in ("kubernetes", "azure", "gcp")
    ],
    *[
        Row("S10", f"{name}: {what}", naming(name, audience), 401, f"evidence aud: {reason}")
        for name in ("kubernetes", "gcp")
        for what, audience, reason in (
            ("the challenge alone", lambda s, nonce: nonce, "it names the challenge without"),
            ("another key", lambda s, nonce: s.audience(nonce, new_key()), "made for another"),
            ("the key alone", lambda s, nonce: s.audience("")[1:], "made for another"),
            ("more than both", lambda s, nonce: s.audience(nonce) + ".x", "made for another"),
        )
    ],
    Row("–", "an audience that is an object", claiming("gcp", aud={}), 401, "evidence aud"),
    Row("–", "audiences that are lists", claiming("gcp", aud=[["a"]]), 401, "evidence aud"),
    Row("–", "no exp", claiming("gcp", exp=None), 401, "evidence exp"),
    Row("–", "exp a string", claiming("gcp", exp="never"), 401, "evidence exp"),
    Row("–", "times with a fraction", claiming("gcp", iat=NOW - 0.5, exp=NOW + 3600.5)),
    Row("–", "exp true", claiming("gcp", exp=True), 401, "evidence exp"),
    Row("–", "iat in milliseconds", claiming("gcp", iat=NOW * 1000), 401, "milliseconds"),
    Row("–", "from tomorrow", claiming("gcp", iat=NOW + 86400), 401, "evidence iat"),
    Row("–", "not yet valid", claiming("gcp", nbf=NOW + 86400), 401, "evidence iat"),
    Row("–", "no iat", claiming("gcp", iat=None), 401, "evidence iat"),
    Row(
        "–",
        "alg none",
        token(lambda t: "eyJhbGciOiJub25lIn0." + t.split(".")[1] + "."),
        401,
        "evidence alg",
    ),
    Row(
        "–",
        "EdDSA is not a platform's",
        token(lambda t: "eyJhbGciOiJFZERTQSJ9." + t.split(".", 1)[1]),
        401,
        "evidence alg",
    ),
    Row("–", "PS256 by the same key", header(alg="PS256")),
    Row("–", "an unknown kid", header(kid="other"), 401, "evidence kid"),
    Row("–", "typ of an access token", header(typ="at+jwt"), 401, "evidence typ"),
    Row("–", "typ of a proof", header(typ="dpop+jwt"), 401, "evidence typ"),
    Row("–", "no JWT", token(lambda t: "hello"), 401, "evidence well_formed"),
    Row("–", "altered", token(lambda t: t.replace(".ey", ".ew", 1)), 401, "evidence"),
    Row("–", "signature gone", token(lambda t: t.rpartition(".")[0] + "."), 401, "signature"),
    Row("–", "two audiences", lambda s: two_audiences(s), 401, "evidence aud"),
    Row(
        "–", "no namespace", claiming("kubernetes", **{"kubernetes.io": {}}), 401, "evidence claims"
    ),
    Row(
        "–",
        "no name",
        claiming("kubernetes", **{"kubernetes.io": NAMELESS}),
        401,
        "evidence claims",
    ),
    Row("–", "a slash in a name", claiming("kubernetes", **{"kubernetes.io": SLASH}), 401, "slash"),
    Row(
        "–", "dots for a name", claiming("kubernetes", **{"kubernetes.io": DOTS}), 401, "SPIFFE ID"
    ),
    Row(
        "–", "claims of another kind", claiming("kubernetes", **{"kubernetes.io": 1}), 401, "claims"
    ),
    Row("–", "a tenant of others", claiming("azure", tid=TENANT), 403, "only: azure tenant"),
    Row(
        "–",
        "a project of others",
        claiming("gcp", google={"compute_engine": {"project_id": "x"}}),
        403,
        "only: gcp project",
    ),
    Row(
        "–",
        "an account of others",
        claiming("aws", accountId="999999999999"),
        403,
        "only: aws account",
    ),
    Row(
        "–",
        "document altered",
        document(document='{"accountId": "123456789012"}'),
        401,
        "evidence signature",
    ),
    Row("–", "document no JSON", document(document="hello"), 401, "evidence form"),
    Row("–", "signature no base64", document(signature="?"), 401, "evidence form"),
    Row("–", "signature of three bytes", document(signature="AAAA"), 401, "evidence signature"),
    Row(
        "–",
        "signature missing",
        lambda s: s.request("aws") | {"evidence": {"document": "{}"}},
        400,
        "its signature",
    ),
    *[
        Row("S10", f"{name}: {what}", make(name), 401, "binding")
        for name in ("aws", "azure")
        for what, make in {
            "bound by another key": lambda n: bound_by(n, other="key"),
            "bound to another challenge": lambda n: bound_by(n, other="nonce"),
            "bound to other evidence": lambda n: bound_by(n, other="evidence"),
            "no binding": no_binding,
            "a binding of junk": lambda n: bound_by(n, binding="AAAA"),
            "a binding that is not base64url": lambda n: bound_by(n, binding="a=b"),
        }.items()
    ],
]


def two_audiences(scene: Scene) -> dict[str, Any]:
    """Evidence that someone else also accepts could come from there."""
    nonce = scene.nonce()
    aud = [scene.audience(nonce), "https://other.example"]
    evidence = scene.evidence("kubernetes", nonce, aud=aud)
    return scene.request(nonce=nonce, evidence=evidence)


@pytest.mark.parametrize("kind", ["x509", "jwt"])
@pytest.mark.parametrize("row", each(EVIDENCE_ROWS))
def test_evidence_is_refused_or_accepted(believing: Scene, row: Row, kind: str) -> None:
    answer = believing.post(kind, row.request(believing))
    check(answer, row.status, row.reason)


@pytest.mark.parametrize("platform", NAMES)
def test_a_jwt_svid_needs_a_key_to_tie_the_evidence_to(believing: Scene, platform: str) -> None:
    body = believing.request(platform)
    del body["key"]
    check(believing.post("jwt", body), 400, "key")


def test_an_aws_instance_has_its_first_key_only(believing: Scene) -> None:
    def ask(key: Any, instance: str = "i-0123456789abcdef0") -> Any:
        scene = Scene(believing.mock, believing.platforms, key)
        evidence = scene.evidence("aws", "", instanceId=instance)
        name = NAMES["aws"].rpartition("/")[0] + f"/{instance}"
        return scene.post("x509", scene.request("aws", evidence=evidence, csr=csr(key, [name])))

    first, second = new_key(), new_key()
    check(ask(first), 200, "")
    check(ask(second), 401, "first_key")
    check(ask(first), 200, "")  # the same key renews
    check(ask(second, "i-another"), 200, "")
    body = {"realm": "default", "confirm": "default"}
    assert believing.mock.control("POST", "reset", json=body).status_code == 200
    check(ask(second), 200, "")  # a trainer's reset forgets the machines, too


# --- A4: neither passes as the other ------------------------------------------------------------


@pytest.mark.row("A4")
def test_a4_an_svid_is_not_an_access_token(mock: Mock, registered_client: Registered) -> None:
    scene = Scene(mock)
    svid = scene.post("jwt", scene.request()).json()["svid"]
    for scheme in ("Bearer", "DPoP"):
        url = registered_client.url("/api/whoami")
        answer = registered_client.call("GET", url, svid, scheme=scheme, bare=scheme == "Bearer")
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.row("A4")
def test_a4_an_access_token_is_not_evidence(mock: Mock, registered_client: Registered) -> None:
    scene = Scene(mock)
    body = scene.request(evidence={"token": registered_client.token()})
    check(scene.post("jwt", body), 401, "evidence kid")


def test_a_registered_client_needs_a_token_and_no_evidence_serves(
    mock: Mock, registered_client: Registered
) -> None:
    body = Scene(mock).request()
    answer = mock.http.post(registered_client.url("/svid/jwt"), json=body)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert read_unverified(registered_client.token()).claims["sub"] == registered_client.client_id
