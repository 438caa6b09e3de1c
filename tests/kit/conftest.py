"""A home of its own for tests that use the local service; nothing of it is left running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit.local import record, service


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
    (shared_state / "progress.json").unlink(missing_ok=True)
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
