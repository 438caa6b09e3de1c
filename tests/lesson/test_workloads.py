"""Workloads of a lesson: the leaf's card, the chain, a peer process, a client of a lab realm."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dialtone_kit import ProofKey, start
from dialtone_kit.base.errors import SvidRefused
from dialtone_kit.lesson.leaf import Leaf
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.lesson.peer import name_of
from dialtone_kit.lesson.vouching import chain_of, vouching_picture
from dialtone_kit.lesson.workloads import Cluster, PeerProcess
from dialtone_kit.local import process
from dialtone_kit.spiffe.trust_bundle import verify_x509_svid
from dialtone_kit.spiffe.workload import Workload
from tests.support.platforms import looked_into, needs_proc

READER = name_of("reader")
PRIVATE = re.compile(rb"PRIVATE KEY|eyJ[\w-]+\.[\w-]+\.")


@pytest.fixture
def lesson(shared_home: Path) -> Iterator[Lesson]:
    lesson = start(8)
    yield lesson
    lesson.done()


@pytest.fixture
def cluster(lesson: Lesson) -> Cluster:
    return lesson.cluster()


@pytest.fixture
def reader(cluster: Cluster) -> Workload:
    return cluster.workload("reader")


# --- the leaf ---


def test_the_card_has_five_lines_in_text_and_in_html(cluster: Cluster, reader: Workload) -> None:
    svid = reader.x509_svid()
    leaf = cluster.leaf(svid)
    assert [name for name, _ in leaf.lines] == ["Name", "Key", "Signed by", "Ends", "May"]
    assert leaf.uris == (READER,)
    assert leaf.thumbprint == reader.key.thumbprint
    assert leaf._repr_html_().count("<tr") == len(repr(leaf).splitlines()) == 5
    assert leaf.lines[4][1] == "sign for itself, and vouch for no one"
    assert leaf.signs_messages
    assert not leaf.signs_certificates
    assert not leaf.is_ca


@pytest.mark.parametrize("power", ["is_ca", "signs_certificates"])
def test_the_card_says_who_can_vouch_for_others(
    cluster: Cluster, reader: Workload, power: str
) -> None:
    leaf = replace(cluster.leaf(reader.x509_svid()), **{power: True})
    assert leaf.lines[4][1] == "can vouch for others"


def test_the_card_shows_names_of_a_foreign_certificate_as_text(
    cluster: Cluster, reader: Workload
) -> None:
    bad = "<img src=x onerror=alert(1)>"
    leaf = replace(cluster.leaf(reader.x509_svid()), uris=(bad, "b"), signed_by=f"CN={bad}")
    assert "<img" not in leaf._repr_html_()
    assert leaf.lines[0][1] == f"{bad}, b"
    assert replace(leaf, uris=()).lines[0][1] == "none"


def test_a_certificate_of_the_authority_is_read_as_one(reader: Workload) -> None:
    root = Leaf.of(reader.trust_bundle().roots[0])
    assert root.is_ca
    assert root.signs_certificates


# --- the chain of vouching ---


def test_the_chain_is_told_in_words_too() -> None:
    shown = vouching_picture(chain_of("reader", READER, 3, name_of("ledger")))
    lines = shown.text.splitlines()
    assert len(lines) == 7  # two for each signature, and the peer
    for word in ("Platform", "Service", "Workload", "Peer"):
        assert any(line.startswith(word) for line in lines)
    assert sum("A thief here would need" in line for line in lines) == 3
    assert READER in shown.text
    assert "bundle number 3" in shown.text
    assert 'role="img"' in shown.html
    assert "<desc" in shown.html


def test_the_chain_takes_its_colours_from_the_theme_and_its_words_as_text() -> None:
    shown = vouching_picture(chain_of("<b>&", "spiffe://a/<script>", 1, "<i>"))
    svg = re.search(r"<svg.*</svg>", shown.html, re.S)
    assert svg is not None
    ElementTree.fromstring(svg[0])
    assert "<script" not in shown.html
    assert "<i>" not in shown.html
    fills = re.findall(r"(?:fill|stroke): ?([^;\"]+)", svg[0])
    assert fills
    assert all(one.startswith("var(") or one in {"none", "currentColor"} for one in fills), fills


# --- a peer in a process of its own ---


def test_a_peer_serves_the_one_it_expects_and_refuses_any_other(
    cluster: Cluster, reader: Workload
) -> None:
    bundle = reader.trust_bundle()
    ledger = cluster.in_a_process("ledger", expect=reader)
    svid = reader.x509_svid()
    with ledger.connect(svid, bundle) as line:
        assert READER in line.recv(200).decode()
    assert ledger.said() == f"served {READER}"
    writer = cluster.workload("writer").x509_svid()
    with pytest.raises((SvidRefused, OSError)), ledger.connect(writer, bundle) as line:
        line.recv(200) or refuse()
    assert ledger.said().startswith("refused: ")
    assert ledger.thumbprint != svid.key.thumbprint
    cluster.remove()
    cluster.remove()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(ledger.address, timeout=5)


def refuse() -> None:
    raise ConnectionResetError


@needs_proc
def test_the_peers_key_is_in_no_argument_environment_or_file(
    cluster: Cluster, reader: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    ledger = cluster.in_a_process("ledger", expect=reader)
    with ledger.connect(reader.x509_svid(), reader.trust_bundle()) as line:
        assert line.recv(200)
    seen, files = looked_into(ledger.pid)
    assert b"dialtone_kit.lesson.peer" in seen  # this is the process that we looked at
    assert PRIVATE.search(seen) is None
    assert {file.partition(":")[0] for file in files} <= {
        *("pipe", "socket", "anon_inode", "/dev/null", "/dev/urandom")
    }
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_peer_tells_its_port_and_thumbprint_and_ends_with_its_input(lesson: Lesson) -> None:
    command = [sys.executable, "-m", "dialtone_kit.lesson.peer", "ledger", READER]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=process.environment(None),
    ) as peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        told = json.loads(peer.stdout.readline())
        assert told.keys() == {"port", "thumbprint"}
        peer.stdin.close()
        assert peer.stdout.read() == b""
        assert peer.wait(10) == 0


def test_a_peer_that_says_nothing_is_said_in_a_line(
    cluster: Cluster, reader: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = cluster.in_a_process("ledger", expect=reader)
    assert READER not in repr(ledger)
    assert name_of("ledger") in repr(ledger)
    monkeypatch.setattr("dialtone_kit.lesson.workloads.PATIENCE", 0.05)
    with pytest.raises(Exception, match="said nothing"):
        ledger.said()


def test_a_stranger_vouches_by_another_root(cluster: Cluster, reader: Workload) -> None:
    stranger = cluster.stranger()
    theirs = stranger.workload("reader")
    assert theirs.spiffe_id == reader.spiffe_id
    svid = theirs.x509_svid()
    with pytest.raises(SvidRefused):
        verify_x509_svid(svid.chain, reader.trust_bundle(), time.time())
    folder = stranger.folder
    assert folder.parent == Path(tempfile.gettempdir())
    cluster.remove()
    assert not folder.exists()


def test_two_programs_on_one_machine_have_one_name_and_two_keys(cluster: Cluster) -> None:
    first, second = cluster.aws_programs()
    assert first.spiffe_id == second.spiffe_id
    assert first.key.thumbprint != second.key.thumbprint


# --- a client of a private realm ---


def test_the_client_of_a_lab_can_be_a_workload_without_a_secret(
    lesson: Lesson, reader: Workload
) -> None:
    with lesson.lab_realm(workload=reader) as lab:
        credentials = lab.client.credentials
        assert credentials is not None
        assert (credentials.client_secret, credentials.spiffe_id) == (None, READER)
        token = lab.client.get_token(key=ProofKey.generate())
        assert token.token_type == "DPoP"
        assert token.claims["client_id"] == credentials.client_id


def test_a_process_that_is_gone_already_is_removed_quietly(
    cluster: Cluster, reader: Workload
) -> None:
    ledger = cluster.in_a_process("ledger", expect=reader)
    assert isinstance(ledger, PeerProcess)
    ledger.remove()
    cluster.remove()
