"""Makes the README's three pictures again: `python -m tests.support.readme_pictures`.

A person takes lessons 02, 03 and 05 as the tests do, and three of the pictures that DIALTONE_SHOTS
keeps are the README's. Look at each before you commit it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.books import FOLDER, ROOT

LESSONS = ("02", "03", "05")


def main() -> int:
    """Run the tests and copy the pictures. Returns the exit code of the tests."""
    with tempfile.TemporaryDirectory() as shots:
        tests = [f"tests/browser/test_person_in_{number}.py" for number in LESSONS]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", *tests],
            cwd=ROOT,
            env={**os.environ, "DIALTONE_SHOTS": shots, "CI_REQUIRE_BROWSER": "1"},
            check=False,
        )
        if done.returncode == 0:
            for number in LESSONS:
                shutil.copy(Path(shots) / f"lesson-{number}.png", FOLDER / "pictures")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
