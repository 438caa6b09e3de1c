"""Fixtures of the tests with other people's software.

`mock`      the service in a process of its own, reached by libraries that were not written for it
`client`    a client of a private realm like `default`, and again of one like `strict`, where DPoP
            is required and nonces are demanded
`easy`      a client of a private realm like `default` alone
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_mock import Mock, Registered


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
