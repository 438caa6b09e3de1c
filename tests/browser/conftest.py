"""Chromium for the browser tests: Debian's, driven by Playwright.

Without one of them the tests say so and are not run; with CI_REQUIRE_BROWSER=1 that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import CHROMIUM, headless
from tests.support.lab import Lab, running_lab


def missing() -> str:
    """What a browser test needs and this machine lacks, or nothing."""
    parts = []
    if not CHROMIUM or not Path(CHROMIUM).exists():
        parts.append("no chromium (apt-get install chromium)")
    if importlib.util.find_spec("playwright") is None:
        parts.append("no playwright (pip install playwright)")
    return "; ".join(parts)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    lacking = missing()
    if lacking and os.environ.get("CI_REQUIRE_BROWSER") == "1":
        pytest.fail(f"browser tests are required here, but {lacking}")
    if lacking:
        pytest.skip(f"NOT RUN: browser tests: {lacking}")
    with headless() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all browser tests, with an empty home of its own."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    root.mkdir()
    with running_lab(home, root) as lab:
        yield lab
