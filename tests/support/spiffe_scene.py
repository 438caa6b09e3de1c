"""A bare workload: requests and evidence that are right except for what a test changes.

`Platforms` are the test's own Kubernetes, AWS, Azure and GCP, which spiffe.toml can make a service
trust: they sign whatever a test wants, even what no real platform would sign.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from dialtone_kit.base.algorithms import sign
from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import jwk_of, thumbprint
from dialtone_kit.mock.core.service_key import FILE, FILE_FOR_POSTGRES
from tests.support.running_mock import Mock

ID = "spiffe://dialtone.test/ns/lessons/sa/reader"
NAMES = {
    "kubernetes": ID,
    "aws": "spiffe://dialtone.test/aws/123456789012/instance/i-0a1b2c3d4e5f60718",
    "azure": "spiffe://dialtone.test/azure/5d0ffa1c-64f1-4b5e-9a3b-2f6c1d7e8a90/identity/"
    "0c9e5a77-3b1d-4e52-8f6a-91d2c3b4a5e6",
    "gcp": "spiffe://dialtone.test/gcp/dialtone-lessons/account/104857600000000000001",
}
ISSUERS = {
    "kubernetes": "https://kubernetes.default.svc.cluster.local",
    "azure": "https://sts.windows.net/5d0ffa1c-64f1-4b5e-9a3b-2f6c1d7e8a90/",
    "gcp": "https://accounts.google.com",
}
RSA = rsa.generate_private_key(65537, 2048)  # one for the whole run: they are slow to make


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr(
    key: Any,
    uris: Sequence[str] = (ID,),
    *,
    names: Sequence[x509.GeneralName] = (),
    common_name: str = "",
    digest: Any = None,
    extensions: Sequence[Any] = (),
) -> str:
    """A PKCS#10 request in PEM with the given content."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    alternatives = [*map(x509.UniformResourceIdentifier, uris), *names]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    made = builder.sign(key, digest or hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def der(pem: str) -> bytes:
    return x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER)


def pem(content: bytes) -> str:
    lines = base64.encodebytes(content).decode()
    begin, end = (f"-----{word} CERTIFICATE REQUEST-----\n" for word in ("BEGIN", "END"))
    return begin + lines + end


def sha1_csr() -> str:
    """A request signed over SHA-1, by hand: the library refuses to do that."""
    content = der(csr(RSA)).replace(b"\xf7\r\x01\x01\x0b", b"\xf7\r\x01\x01\x05")
    body = x509.load_der_x509_csr(content).tbs_certrequest_bytes
    info = bytes.fromhex("3021300906052b0e03021a05000414") + sha1(body).digest()
    block = b"\0\1" + b"\xff" * (256 - 3 - len(info)) + b"\0" + info
    numbers = RSA.private_numbers()
    signature = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return pem(content[:-256] + signature.to_bytes(256, "big"))


@dataclass
class Platforms:
    """The test's own platforms. `configure` writes what they publish into a state directory."""

    private: Any = RSA
    kid: str = "test-platform"

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**jwk_of(self.private.public_key()), "kid": self.kid, "use": "sig"}]}

    def configure(self, state_dir: Path, more: str = "") -> None:
        (state_dir / "platform.json").write_text(json.dumps(self.jwks))
        (state_dir / "aws.pem").write_text(self.certificate())
        lines = [f'[{name}]\nkeys = "platform.json"' for name in ISSUERS]
        (state_dir / "spiffe.toml").write_text("\n".join([more, *lines, '[aws]\nkeys = "aws.pem"']))

    def certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AWS of the tests")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(self.private, hashes.SHA256())
        )
        return made.public_bytes(Encoding.PEM).decode()

    def claims(self, platform: str, aud: Any) -> dict[str, Any]:
        """What a right token of `platform` says."""
        now = int(time.time())
        own: dict[str, Any] = {
            "kubernetes": {
                "aud": [aud],
                "kubernetes.io": {"namespace": "lessons", "serviceaccount": {"name": "reader"}},
            },
            "azure": {
                "aud": "api://dialtone",
                "tid": "5d0ffa1c-64f1-4b5e-9a3b-2f6c1d7e8a90",
                "oid": "0c9e5a77-3b1d-4e52-8f6a-91d2c3b4a5e6",
            },
            "gcp": {
                "aud": aud,
                "sub": "104857600000000000001",
                "google": {"compute_engine": {"project_id": "dialtone-lessons"}},
            },
        }[platform]
        return {"iss": ISSUERS[platform], "iat": now, "exp": now + 600, **own}

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """Encoded by `json`, which also writes numbers that our own library refuses."""
        head = {"alg": "RS256", "typ": "JWT", "kid": self.kid, **header}
        parts = ".".join(b64url(json.dumps(part).encode()) for part in (head, claims))
        return f"{parts}.{b64url(sign(self.private, head['alg'], parts.encode()))}"

    def document(self, **members: Any) -> dict[str, str]:
        """AWS's evidence."""
        right = {
            "accountId": "123456789012",
            "instanceId": "i-0a1b2c3d4e5f60718",
            "region": "eu-central-1",
        }
        text = json.dumps({**right, **members}, indent=2)
        return {"document": text, "signature": self.sign_document(text)}

    def sign_document(self, text: str) -> str:
        return base64.b64encode(sign(self.private, "RS256", text.encode())).decode()


@dataclass
class Scene:
    """One service and one key; `request` makes what goes to /v1/svid/x509 or /v1/svid/jwt."""

    mock: Mock
    platforms: Platforms | None = None  # None: the local platform signs
    key: Any = field(default_factory=new_key)

    def nonce(self) -> str:
        return str(self.mock.http.get(f"{self.mock.base_url}/v1/attest/challenge").json()["nonce"])

    def audience(self, nonce: str, key: Any = None) -> str:
        """What Kubernetes and GCP are asked to write into the evidence: challenge and key."""
        return f"{nonce}.{thumbprint(jwk_of((key or self.key).public_key()))}"

    def evidence(self, platform: str, nonce: str, **about: Any) -> dict[str, str]:
        """Evidence of `platform` for `nonce`; `about` changes its claims or members."""
        aud = self.audience(nonce)
        if self.platforms is None:
            body = {"audience": aud, **about}
            answer = self.mock.control("POST", f"platform/{platform}", json=body)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())
        if platform == "aws":
            return self.platforms.document(**about)
        return {"token": self.platforms.token({**self.platforms.claims(platform, aud), **about})}

    def binding(self, nonce: str, evidence: dict[str, str], key: Any = None) -> str:
        """The signature over nonce ‖ SHA-256(evidence)."""
        content = evidence.get("token") or evidence["document"]
        return b64url(
            sign(key or self.key, "ES256", nonce.encode() + sha256(content.encode()).digest())
        )

    def request(self, platform: str = "kubernetes", **changes: Any) -> dict[str, Any]:
        """A right request, with `changes`; None removes a member."""
        nonce = changes.get("nonce") or self.nonce()
        evidence = changes.get("evidence") or self.evidence(platform, nonce)
        body = {
            "platform": platform,
            "nonce": nonce,
            "evidence": evidence,
            "csr": csr(self.key, [NAMES[platform]]),
            "audience": ["https://api.example.com"],
            "key": jwk_of(self.key.public_key()),
        }
        if platform in ("aws", "azure"):
            body["binding"] = self.binding(nonce, evidence)
        return {name: value for name, value in (body | changes).items() if value is not None}

    def post(self, kind: str, body: Any) -> httpx.Response:
        """POST to /v1/svid/x509 or /v1/svid/jwt."""
        return self.mock.http.post(f"{self.mock.base_url}/v1/svid/{kind}", json=body)

    def bundle(self, place: str = "") -> dict[str, Any]:
        path = f"{self.mock.base_url}{place}/.well-known/spiffe-trust-bundle"
        return dict(self.mock.http.get(path).json())


def service_key(mock: Mock) -> bytes:
    """The service's own key, from its file."""
    name = FILE if mock.database.kind == "sqlite" else FILE_FOR_POSTGRES
    return bytes.fromhex((mock.state_dir / name).read_text())


def pod_in(mock: Mock, realm: str) -> tuple[Scene, dict[str, Any]]:
    """A pod in the realm's cluster, and a right request of it for an SVID."""
    pod = Scene(mock)
    nonce = pod.nonce()
    sent = pod.request(nonce=nonce, evidence=pod.evidence("kubernetes", nonce, realm=realm))
    return pod, sent | {"csr": csr(pod.key, [pod_name(realm)])}


def pod_name(realm: str) -> str:
    return f"spiffe://dialtone.test/{realm}/ns/lessons/sa/reader"
