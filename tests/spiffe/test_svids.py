"""The workload's key: one name in its request, and no way out of the process in the clear."""

from __future__ import annotations

import copy
import os
import pickle
import ssl
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from dialtone_kit.base.algorithms import BadKey
from dialtone_kit.base.errors import SvidRefused
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.spiffe.certificate_requests import read_request
from dialtone_kit.mock.spiffe.certificates import new_leaf
from dialtone_kit.spiffe import mutual_tls
from dialtone_kit.spiffe.mutual_tls import tls_context
from dialtone_kit.spiffe.svids import ALGS, WorkloadKey, X509Svid
from tests.spiffe.test_trust_bundle import BUNDLE, ID, NOW, OURS


def svid(alg: str = "ES256") -> X509Svid:
    key = WorkloadKey.generate(alg)
    public = x509.load_pem_x509_csr(key.csr(ID).encode()).public_key()
    leaf = new_leaf(OURS.intermediate, OURS.key, public, ID, NOW - 5, NOW + 600)
    return X509Svid(ID, (leaf, OURS.intermediate), key)


@pytest.mark.parametrize("alg", ALGS)
def test_the_request_passes_every_rule_of_the_service(alg: str) -> None:
    key = WorkloadKey.generate(alg)
    asked = read_request(key.csr(ID))
    assert (asked.spiffe_id, asked.jwk) == (ID, key.public_jwk)


@pytest.mark.parametrize("alg", ["EdDSA", "PS256", "HS256", ""])
def test_no_key_is_made_that_no_svid_is_issued_for(alg: str) -> None:
    with pytest.raises(BadKey):
        WorkloadKey.generate(alg)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_the_key_is_not_copied_out(copied: Any) -> None:
    with pytest.raises(TypeError):
        copied(WorkloadKey.generate())


def test_an_svid_shows_no_key() -> None:
    made = svid()
    assert "PRIVATE" not in repr(made) + made.pem
    assert "d" not in made.key.public_jwk
    assert jwk_of(made.leaf.public_key()) == made.key.public_jwk


@pytest.mark.parametrize("alg", ALGS)
@pytest.mark.parametrize("server_side", [True, False])
def test_a_context_trusts_the_bundle_and_no_one_else(alg: str, server_side: bool) -> None:
    context = tls_context(svid(alg), BUNDLE, server_side=server_side)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    (trusted,) = context.get_ca_certs(binary_form=True)
    assert x509.load_der_x509_certificate(trusted) == OURS.root


def test_without_a_root_there_is_no_context() -> None:
    with pytest.raises(SvidRefused, match="chain"):
        tls_context(svid(), replace(BUNDLE, roots=()), server_side=True)


@pytest.mark.parametrize("in_memory", [True, False], ids=["memfd", "a file"])
def test_openssl_gets_the_key_sealed_and_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_memory: bool
) -> None:
    """The one file that `ssl` needs: encrypted, ours alone, and gone at once."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if in_memory and not hasattr(os, "memfd_create"):
        in_memory = False
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    seen: list[tuple[Path, bytes, int, int]] = []
    load = ssl.SSLContext.load_cert_chain

    def spy(self: ssl.SSLContext, path: Path, **more: Any) -> None:
        folder = path.parent.stat().st_mode
        seen.append((path, path.read_bytes(), path.stat().st_mode, folder))
        load(self, path, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)
    handles = len(list(Path("/proc/self/fd").iterdir())) if in_memory else 0
    tls_context(svid(), BUNDLE, server_side=False)
    ((path, content, mode, folder),) = seen
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
    assert b"BEGIN PRIVATE KEY" not in content
    assert list(tmp_path.iterdir()) == []
    assert in_memory == str(path).startswith("/proc/self/fd/")
    if in_memory:
        # Not equal: what another test left open may be collected at any moment.
        assert len(list(Path("/proc/self/fd").iterdir())) <= handles
    else:
        assert (stat.S_IMODE(mode), stat.S_IMODE(folder)) == (0o600, 0o700)
        assert not path.exists()


def test_the_file_is_gone_also_when_openssl_refuses_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with pytest.raises(ssl.SSLError), mutual_tls._file(b"nonsense") as path:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path)
    assert list(tmp_path.iterdir()) == []
