"""The tests of the protocol without what Windows lacks. On Windows itself, run them as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.platforms import needs_another_system
from tests.support.windows_home import WindowsHome

ROOT = Path(__file__).parents[2]
THESE = [f"tests/test_{name}.py" for name in ("keys", "proofs", "rules", "tokens", "claims")]
NOT_THESE = ("tests/base/test_private_files.py", "tests/base/platform")  # owners, modes, pipes
NOR_THESE = "tests/base/test_errors.py"  # it reads the kit's source


@pytest.mark.full
@needs_another_system
def test_the_protocol_and_what_it_stands_on_pass_their_tests(windows: WindowsHome) -> None:
    left_out = [f"--ignore={name}" for name in (*NOT_THESE, NOR_THESE)]
    options = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *left_out]
    said = windows.run(*options, *THESE, "tests/base", "tests/wire", cwd=ROOT, timeout=200)
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 1500
