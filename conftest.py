"""Every test process has a home of its own: state, credentials and mock never touch the user's."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.support.extent",
    "tests.support.minutes",
    "tests.support.refusals.counting",
]

_home = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Point the kit, and every kernel and process that the tests start, at an empty home."""
    home = Path(tempfile.mkdtemp(prefix="dialtone-test-"))
    config.stash[_home] = home
    os.environ["DIALTONE_STATE_DIR"] = str(home / "state")
    os.environ["DIALTONE_CONFIG_DIR"] = str(home / "config")
    os.environ["DIALTONE_INTERACTIVE"] = "0"
    for name in ("DIALTONE_SMTP_URL", "DIALTONE_DATABASE_URL", "DIALTONE_CLASS"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A run in the background of a script ignores Ctrl-C, and so would each program it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the same under nohup


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """A program that a test runs in this process may set handlers: they end with the test."""
    names = [one for one in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, one)]
    before = {one: signal.getsignal(getattr(signal, one)) for one in names}
    yield
    for one, handler in before.items():
        if signal.getsignal(getattr(signal, one)) is not handler:
            signal.signal(getattr(signal, one), handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the mock that the lessons of this process started, and leave nothing behind."""
    home = config.stash.get(_home, None)
    if home is None:
        return
    from dialtone_kit.local import service

    service.stop()
    shutil.rmtree(home, ignore_errors=True)
