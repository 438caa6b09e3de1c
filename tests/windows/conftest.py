"""`windows`: an empty profile whose processes run as on Windows; what they started ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit.local import process
from tests.support.windows_home import WindowsHome


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[WindowsHome]:
    home = WindowsHome(tmp_path / "profile")
    home.temporary.mkdir(parents=True)
    yield home
    service = home.service()
    if service is not None:
        process.end(service)
