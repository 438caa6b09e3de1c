"""Fixtures of the tests with other people's software.

`mock`      the service in a process of its own, reached by libraries that were not written for it
`client`    a client of a private realm like `default`, and again of one like `strict`, where DPoP
            is required and nonces are demanded
`easy`      a client of a private realm like `default` alone
`script`    starts a script of javascript/ and talks with it; needs Node
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import node
from tests.support.node import Script
from tests.support.running_mock import Mock, Registered


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    running = Mock(tmp_path_factory.mktemp("mock")).start()
    yield running
    running.stop()
    assert "Traceback" not in running.log, running.log


@pytest.fixture(params=["default", "strict"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[Registered]:
    realm = mock.new_realm(request.param)
    yield mock.register(realm)
    mock.remove_realm(realm)


@pytest.fixture
def easy(mock: Mock) -> Iterator[Registered]:
    realm = mock.new_realm()
    yield mock.register(realm)
    mock.remove_realm(realm)


def require(lacking: str, kind: str = "NODE") -> None:
    """Skipped if the machine lacks something; in CI, where .ci/run installs it, a failure."""
    if lacking and os.environ.get(f"CI_REQUIRE_{kind}") == "1":
        pytest.fail(f"the tests with other people's programs are required here: {lacking}")
    if lacking:
        pytest.skip(f"NOT RUN: test with another's program: {lacking}")


@pytest.fixture(scope="session")
def javascript() -> None:
    """Node with the packages from the lock file."""
    require(node.missing())
    node.install()


@pytest.fixture(scope="session")
def openssl() -> None:
    """OpenSSL's command."""
    require("" if shutil.which("openssl") else "no openssl (apt-get install openssl)")


@pytest.fixture
def script(javascript: None, tmp_path: Path) -> Iterator[Callable[..., Script]]:
    """`script(name, **first)` starts javascript/<name>.mjs and tells it `first`."""
    started: list[Script] = []

    def start(name: str, **first: Any) -> Script:
        one = Script(f"{name}.mjs", tmp_path / f"{name}-{len(started)}.log")
        started.append(one)
        one.tell(**first)
        return one

    yield start
    for one in started:
        one.close()
