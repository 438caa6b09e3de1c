"""Bubblewrap for the tests that shut learners' code in."""

from __future__ import annotations

import os
from functools import cache

import pytest

from dialtone_kit.classroom.grading import sandbox


def require_bubblewrap() -> None:
    """Skipped where bubblewrap is missing; in CI, where .ci/run installs it, a failure."""
    lacking = _lacking()
    if lacking and os.environ.get("CI_REQUIRE_BWRAP") == "1":
        pytest.fail(f"the tests of the sandbox are required here: {lacking}")
    if lacking:
        pytest.skip(f"NOT RUN: {lacking}")


@cache
def _lacking() -> str:
    try:
        sandbox.require()
    except sandbox.NoSandbox as problem:
        return str(problem)
    return ""
