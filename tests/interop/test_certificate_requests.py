"""Certificate requests as OpenSSL's command and Java's keytool write them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.spiffe.certificate_requests import read_request
from tests.interop.conftest import require
from tests.support.spiffe_scene import ID

NEW_KEY = {
    "P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "P-384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "RSA": ["-newkey", "rsa:2048"],
    "Ed25519": ["-newkey", "ed25519"],
}


@pytest.fixture
def keytool_here() -> None:
    """The JDK's command."""
    lacking = "" if shutil.which("keytool") else "no keytool (apt-get install default-jdk-headless)"
    require(lacking, "JAVA")


def openssl_req(folder: Path, kind: str, *more: str) -> str:
    """What `openssl req` writes for a new key, which it leaves in key.pem."""
    options = ["-nodes", "-keyout", "key.pem", "-subj", "/CN=x", "-addext"]
    named = [*options, f"subjectAltName=URI:{ID}", *more]
    return ran(folder, "openssl", "req", "-new", *NEW_KEY[kind], *named)


def keytool(folder: Path, *algorithm: str) -> str:
    """What `keytool -certreq` writes for a new key."""
    store = ["-alias", "w", "-keystore", "keys.p12", "-storepass", "changeit"]
    ran(folder, "keytool", "-genkeypair", "-keyalg", *algorithm, "-dname", "CN=x", *store)
    return ran(folder, "keytool", "-certreq", "-ext", f"san=uri:{ID}", *store)


def ran(folder: Path, *command: str) -> str:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("more", [(), ("-newhdr",), ("-text",)], ids=["plain", "NEW", "with text"])
@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA"])
def test_openssls_request_is_taken(tmp_path: Path, kind: str, more: tuple[str, ...]) -> None:
    assert str(read_request(openssl_req(tmp_path, kind, *more)).spiffe_id) == ID


@pytest.mark.usefixtures("openssl")
def test_openssls_request_in_one_text_with_its_key_is_refused(tmp_path: Path) -> None:
    text = openssl_req(tmp_path, "P-256")
    with pytest.raises(Refusal, match="M14"):
        read_request((tmp_path / "key.pem").read_text() + text)


@pytest.mark.usefixtures("openssl")
def test_openssls_ed25519_request_is_told_which_keys_are_accepted(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="use EC P-256, P-384 or RSA"):
        read_request(openssl_req(tmp_path, "Ed25519"))


@pytest.mark.usefixtures("keytool_here")
@pytest.mark.parametrize("algorithm", [("EC", "-groupname", "secp256r1"), ("RSA",)])
def test_keytools_request_is_taken(tmp_path: Path, algorithm: tuple[str, ...]) -> None:
    text = keytool(tmp_path, *algorithm)
    assert text.startswith("-----BEGIN NEW CERTIFICATE REQUEST-----")
    assert str(read_request(text).spiffe_id) == ID


@pytest.mark.usefixtures("keytool_here")
def test_keytools_ed25519_request_is_told_which_keys_are_accepted(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="use EC P-256, P-384 or RSA"):
        read_request(keytool(tmp_path, "Ed25519"))
