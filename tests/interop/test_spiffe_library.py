"""Our SVIDs and bundle, as py-spiffe reads them and OpenSSL's command judges them."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from spiffe import JwtBundle, JwtSvid, TrustDomain, X509Bundle, X509Svid
from spiffe.bundle.jwt_bundle.errors import AuthorityNotFoundError
from spiffe.svid.errors import InvalidTokenError, JwtSvidError

from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import ID, NAMES, RSA, Scene, csr, new_key

DOMAIN, AUDIENCE = TrustDomain("dialtone.test"), "https://api.example.com"
PURPOSES = ("sslclient", "sslserver")


@dataclass
class Bundle:
    """The bundle as published. py-spiffe takes its two halves in the Workload API's formats."""

    keys: list[dict[str, Any]]

    @property
    def roots(self) -> list[bytes]:
        found = [key["x5c"] for key in self.keys if key["use"] == "x509-svid"]
        return [base64.b64decode(one, validate=True) for (one,) in found]

    @property
    def x509(self) -> X509Bundle:
        return X509Bundle.parse_raw(DOMAIN, b"".join(self.roots))

    @property
    def jwt(self) -> JwtBundle:
        keys = [key for key in self.keys if key["use"] == "jwt-svid"]
        return JwtBundle.parse(DOMAIN, json.dumps({"keys": keys}).encode())


@pytest.fixture
def scene(mock: Mock) -> Scene:
    return Scene(mock)


@pytest.fixture
def bundle(scene: Scene) -> Bundle:
    return Bundle(scene.bundle()["keys"])


def x509_svid(scene: Scene) -> list[x509.Certificate]:
    answer = scene.post("x509", scene.request(csr=csr(scene.key)))
    assert answer.status_code == 200, answer.text
    return x509.load_pem_x509_certificates(answer.json()["svid"].encode())


def jwt_svid(scene: Scene) -> str:
    answer = scene.post("jwt", scene.request(audience=[AUDIENCE, "other"]))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["svid"])


def openssl_says(
    folder: Path, chain: list[x509.Certificate], roots: list[bytes], purpose: str
) -> str:
    """What `openssl verify` says, at its strictest, of a leaf and what is between it and a root."""
    anchors = [x509.load_der_x509_certificate(root) for root in roots]
    for name, certificates in (("leaf", chain[:1]), ("between", chain[1:]), ("roots", anchors)):
        content = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
        (folder / name).write_bytes(content)
    command = ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose]
    command += ["-no-CApath", "-no-CAstore", "-CAfile", "roots", "-untrusted", "between", "leaf"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20)
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("key", [new_key(), RSA], ids=["EC", "RSA"])
def test_py_spiffe_reads_our_x509_svid(mock: Mock, key: Any) -> None:
    scene = Scene(mock, key=key)
    chain = x509_svid(scene)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    svid = X509Svid.parse_raw(b"".join(one.public_bytes(Encoding.DER) for one in chain), private)
    assert str(svid.spiffe_id) == ID
    assert svid.spiffe_id.trust_domain == DOMAIN
    assert svid.cert_chain == chain


@pytest.mark.parametrize("platform", NAMES)
def test_py_spiffe_takes_the_names_of_every_platform(
    scene: Scene, bundle: Bundle, platform: str
) -> None:
    answers = [scene.post(kind, scene.request(platform)).json() for kind in ("x509", "jwt")]
    certificate, token = (answer["svid"] for answer in answers)
    private = scene.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found = [
        X509Svid.parse(certificate.encode(), private).spiffe_id,
        JwtSvid.parse_and_validate(token, bundle.jwt, {AUDIENCE}).spiffe_id,
    ]
    assert [str(one) for one in found] == [NAMES[platform]] * 2


def test_py_spiffe_reads_our_bundle(bundle: Bundle) -> None:
    assert len(bundle.x509.x509_authorities) == len(bundle.roots) >= 1
    assert set(bundle.jwt.jwt_authorities) == {key["kid"] for key in bundle.keys if "kid" in key}


def test_py_spiffe_verifies_our_jwt_svid(scene: Scene, bundle: Bundle) -> None:
    svid = JwtSvid.parse_and_validate(jwt_svid(scene), bundle.jwt, {AUDIENCE})
    assert str(svid.spiffe_id) == ID
    assert svid.audience == {AUDIENCE, "other"}
    with pytest.raises(JwtSvidError):
        JwtSvid.parse_and_validate(svid.token, bundle.jwt, {"https://another.example.com"})


def test_py_spiffe_verifies_a_jwt_svid_for_an_access_token(
    easy: Registered, bundle: Bundle
) -> None:
    url, token = easy.url("/svid/jwt"), easy.token()
    text = easy.call("POST", url, token, json={"audience": [AUDIENCE]}).json()["svid"]
    svid = JwtSvid.parse_and_validate(text, bundle.jwt, {AUDIENCE})
    assert str(svid.spiffe_id) == f"spiffe://dialtone.test/workload/{easy.client_id}"


def test_py_spiffe_refuses_an_access_token_as_an_svid(easy: Registered, bundle: Bundle) -> None:
    with pytest.raises((AuthorityNotFoundError, InvalidTokenError, JwtSvidError)):
        JwtSvid.parse_and_validate(easy.token(), bundle.jwt, {AUDIENCE})


@pytest.mark.parametrize("purpose", PURPOSES)
def test_openssl_verifies_our_chain_at_its_strictest(
    scene: Scene, bundle: Bundle, openssl: None, tmp_path: Path, purpose: str
) -> None:
    chain = x509_svid(scene)
    assert openssl_says(tmp_path, chain, bundle.roots, purpose) == "leaf: OK\n"
    without = openssl_says(tmp_path, [chain[0]] * 2, bundle.roots, purpose)
    assert "unable to get local issuer certificate" in without


def test_openssl_refuses_a_chain_of_another_authority(
    scene: Scene, bundle: Bundle, openssl: None, tmp_path: Path
) -> None:
    other = Mock(tmp_path / "other").start()
    try:
        theirs = x509_svid(Scene(other))
    finally:
        other.stop()
    assert "verification failed" in openssl_says(tmp_path, theirs, bundle.roots, "sslclient")
