"""Fixtures that many folders share: a home of one's own, a running mock, a registered client.

`home`               an empty home; the service that a test starts in it ends with the test
`shared_home`        the same with the service of the test before: a start takes a second
`database`           what its state is in: a SQLite file; for tests marked `both_databases` also a
                     PostgreSQL where one is offered, see support/databases.py
`mock`               the service in its own process, one for all tests of this test process
`realm`              a private realm like `default`: with its own limits and clock
`strict_realm`       the same like `strict`: DPoP and nonces required
`registered_client`  a client of `realm` with all three scopes
`strict_client`      a client of `strict_realm`
`resident`           a client that stays for all tests of this process, like `strict_resident`: for
                     the hundreds of tests that leave nothing behind but used proofs
`line`               a connection to `mock` that sends any header field as it is given
`own_mock`           makes further services, for tests that kill, fill or configure one
`own_database`       an empty database, for tests that do without a service
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base import pins
from dialtone_kit.client import retry, transport
from dialtone_kit.local import record, service
from dialtone_kit.mock.web.logs import BoundedHandler
from tests.support.databases import KINDS, Database
from tests.support.raw_http import Line
from tests.support.running_mock import Mock, Registered


@pytest.fixture(scope="module")
def shared_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder whose service serves a module's tests: a start takes a second each."""
    state = tmp_path_factory.mktemp("shared") / "state"
    yield state
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIALTONE_STATE_DIR", str(state))
        service.stop()


@pytest.fixture
def shared_home(shared_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As `home`, without credentials and progress, but with the service of the test before."""
    monkeypatch.setenv("DIALTONE_STATE_DIR", str(shared_state))
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("DIALTONE_INTERACTIVE", raising=False)
    monkeypatch.setattr(record, "DEFAULT_PORT", 0)
    (shared_state / "progress.jsonl").unlink(missing_ok=True)
    return tmp_path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """State, credentials and notebooks' folder below `tmp_path`; the service there ends with it."""
    monkeypatch.setenv("DIALTONE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("DIALTONE_INTERACTIVE", raising=False)
    monkeypatch.setattr(record, "DEFAULT_PORT", 0)  # 8787 may be the developer's own
    yield tmp_path
    service.stop()


@pytest.fixture(autouse=True)
def ports_change_hands() -> Iterator[None]:
    """A later test may get the port of this one's service for a stand-in, which proves nothing."""
    yield
    transport.trust_everybody()
    retry.forget()
    pins.forget()


@pytest.fixture(autouse=True)
def logs_of_a_service_end_with_its_test() -> Iterator[None]:
    """A service made in this process takes the root logger for itself: give it back."""
    yield
    for handler in [one for one in logging.root.handlers if isinstance(one, BoundedHandler)]:
        logging.root.removeHandler(handler)
        logging.root.setLevel(logging.WARNING)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases of each test that does not choose one itself."""
    chosen = any(
        "database" in mark.args for mark in metafunc.definition.iter_markers("parametrize")
    )
    if "database" in metafunc.fixturenames and not chosen:
        both = metafunc.definition.get_closest_marker("both_databases")
        kinds = KINDS if both else ("sqlite",)
        metafunc.parametrize("database", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def mocks_by_database() -> Iterator[dict[str, Mock]]:
    """The service on each kind of database, kept while the tests go from one to the other."""
    mocks: dict[str, Mock] = {}
    yield mocks
    for one in mocks.values():
        one.stop()
        one.database.drop()
        assert "Traceback" not in one.log, one.log


@pytest.fixture(scope="session")
def mock(
    tmp_path_factory: pytest.TempPathFactory, database: str, mocks_by_database: dict[str, Mock]
) -> Mock:
    if database not in mocks_by_database:
        folder = tmp_path_factory.mktemp("mock")
        mocks_by_database[database] = Mock(folder, database=database).start()
    return mocks_by_database[database]


@pytest.fixture
def realm(mock: Mock) -> Iterator[str]:
    name = mock.new_realm()
    yield name
    mock.remove_realm(name)


@pytest.fixture
def strict_realm(mock: Mock) -> Iterator[str]:
    name = mock.new_realm("strict")
    yield name
    mock.remove_realm(name)


@pytest.fixture
def registered_client(mock: Mock, realm: str) -> Registered:
    return mock.register(realm)


@pytest.fixture
def strict_client(mock: Mock, strict_realm: str) -> Registered:
    return mock.register(strict_realm)


@pytest.fixture(scope="session")
def resident(mock: Mock) -> Registered:
    return mock.register(mock.new_realm())


@pytest.fixture(scope="session")
def strict_resident(mock: Mock) -> Registered:
    return mock.register(mock.new_realm("strict"))


@pytest.fixture(scope="session")
def line(mock: Mock) -> Line:
    return Line(mock)


@pytest.fixture
def own_mock(tmp_path: Path, database: str) -> Iterator[Callable[..., Mock]]:
    """`own_mock(**options)` starts a service that the test may do anything to."""
    made: list[Mock] = []

    def make(**options: Any) -> Mock:
        one = Mock(tmp_path / f"mock-{len(made)}", **{"database": database, **options})
        made.append(one)
        return one.start()

    yield make
    for one in made:
        if one.process.poll() is None:
            one.stop()
        one.database.drop()


@pytest.fixture
def own_database(tmp_path: Path, database: str) -> Iterator[Database]:
    made = Database(tmp_path, database)
    yield made
    made.drop()
