"""Processes that speak mutual TLS with their SVIDs, and refuse whom they should."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_mock import Mock

SCRIPT = str(Path(__file__).parents[1] / "support" / "tls_workload.py")
DOMAIN, OTHER = "dialtone.test", "other.test"
READER, WRITER = (f"spiffe://{DOMAIN}/ns/lessons/sa/{name}" for name in ("reader", "writer"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """The service of another trust domain."""
    mock = Mock(tmp_path_factory.mktemp("foreign"))
    (mock.state_dir / "spiffe.toml").write_text(f'trust_domain = "{OTHER}"')
    yield mock.start()
    mock.stop()


def process(mock: Mock, trusted: tuple[str, str], *arguments: str) -> subprocess.Popen[str]:
    """A workload of `mock` that trusts the bundle at `trusted`: base URL and trust domain."""
    environment = os.environ | {
        "DIALTONE_STATE_DIR": str(mock.state_dir),
        "TRUSTED": json.dumps(trusted),
    }
    return subprocess.Popen(
        [sys.executable, SCRIPT, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )


def line(of: subprocess.Popen[str]) -> dict[str, Any]:
    assert of.stdout is not None
    return dict(json.loads(of.stdout.readline()))


@contextmanager
def server(mock: Mock, trusted: tuple[str, str], *arguments: str) -> Iterator[Any]:
    """A serving workload and its port."""
    running = process(mock, trusted, "serve", *arguments)
    try:
        yield running, str(line(running)["port"])
    finally:
        running.terminate()
        running.wait(timeout=20)


def call(mock: Mock, trusted: tuple[str, str], *arguments: str) -> dict[str, Any]:
    """What a calling workload reports."""
    running = process(mock, trusted, "call", *arguments)
    reported, _ = running.communicate(timeout=60)
    return dict(json.loads(reported))


@pytest.fixture
def ours(mock: Mock) -> tuple[str, str]:
    return mock.base_url, DOMAIN


def test_two_processes_talk_and_refuse_a_third_of_a_foreign_trust_domain(
    mock: Mock, foreign: Mock, ours: tuple[str, str]
) -> None:
    with server(mock, ours, "reader", DOMAIN) as (reader, port):
        answered = call(mock, ours, "writer", DOMAIN, port, READER)
        assert answered == {"event": "answered", "text": f"{WRITER} said hello"}
        heard = line(reader)
        assert (heard["peer"], heard["text"], heard["tls"]) == (WRITER, "hello", "TLSv1.3")

        # The stranger knows our public bundle and trusts the server, which does not trust it.
        assert call(foreign, ours, "writer", OTHER, port, READER)["event"] == "refused"
        refused = line(reader)
        assert refused["event"] == "refused"
        assert "CERTIFICATE_VERIFY_FAILED" in refused["why"]

        again = call(mock, ours, "writer", DOMAIN, port, READER)  # and the server serves on
        assert again["event"] == "answered"


def test_a_server_of_a_foreign_trust_domain_is_refused(
    mock: Mock, foreign: Mock, ours: tuple[str, str]
) -> None:
    with server(foreign, ours, "reader", OTHER) as (_, port):
        refused = call(mock, ours, "writer", DOMAIN, port)
    assert refused["event"] == "refused"
    assert "CERTIFICATE_VERIFY_FAILED" in refused["why"]


def test_a_root_that_is_trusted_for_one_domain_does_not_speak_for_another(
    mock: Mock, foreign: Mock
) -> None:
    """The foreign authority's roots, wrongly taken for ours: the name in the leaf gives it away."""
    confused = (foreign.base_url, DOMAIN)
    with server(foreign, confused, "reader", OTHER) as (_, port):
        refused = call(mock, confused, "writer", DOMAIN, port)
    assert refused["event"] == "refused"
    assert "SvidRefused: trust_domain" in refused["why"]


@pytest.mark.parametrize("side", ["server", "client"])
def test_another_workload_than_expected_is_refused(
    mock: Mock, ours: tuple[str, str], side: str
) -> None:
    expected: Callable[[str], str] = lambda name: name if side == "server" else ""  # noqa: E731
    with server(mock, ours, "reader", DOMAIN, "0", expected(READER)) as (reader, port):
        reported = call(mock, ours, "writer", DOMAIN, port, "" if side == "server" else WRITER)
        seen = line(reader) if side == "server" else reported
    assert reported["event"] == "refused"
    assert seen["event"] == "refused"
    assert "SvidRefused: spiffe_id" in seen["why"]
