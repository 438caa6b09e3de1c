"""Each check is needed: taken out, a test that holds its row fails (see mutants/)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.extent import few_or_all
from tests.support.mutants.checks import Check
from tests.support.mutants.table import UNSEEN, all_checks

ROOT = Path(__file__).parents[2]
# Where the tests of checks are: the rest of tests/ would only be collected for nothing.
FOLDERS = [
    *sorted(str(path) for path in (ROOT / "tests").glob("test_*.py")),
    *(
        str(ROOT / "tests" / room)
        for room in ("base", "client", "spiffe", "wire", "mcp", "attacks", "mock")
    ),
]
CHECKS = all_checks()


@pytest.fixture(scope="module")
def noticed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Which test noticed which check that this run asks about, in a single other process."""
    params = [getattr(item, "callspec", None) for item in request.session.items]
    asked = [one.params["check"] for one in params if one and "check" in one.params]
    told = tmp_path_factory.mktemp("mutants") / "noticed.json"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.support.mutants.plugin",
        f"--mutants-to={told}",
        *(f"--mutant={check.id}" for check in asked if isinstance(check, Check)),
        *FOLDERS,
        "--numprocesses=0",
        "-q",
        "--timeout=30",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=few_or_all(400, 1500),
        check=False,
        cwd=ROOT,
        env={**os.environ, "DIALTONE_FULL": "1"},  # any test may be the one that notices
    )
    assert told.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return found


@pytest.mark.sample(6)
# The first one waits for the process that tries them all.
@pytest.mark.timeout(few_or_all(500, 1600))
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_without_this_check_a_test_fails(check: Check, noticed: dict[str, Any]) -> None:
    assert noticed[check.id]["test"] is not None


def test_the_list_is_long_and_its_exceptions_are_few() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert len(CHECKS) > 200
    assert len(UNSEEN) < 10
