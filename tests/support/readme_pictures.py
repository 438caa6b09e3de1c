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
PICTURES = FOLDER / "pictures"
TESTS = [f"tests/browser/test_person_in_{number}.py" for number in LESSONS]


def main() -> int:
    """Run the tests and copy the pictures. Returns the exit code of the tests."""
    with tempfile.TemporaryDirectory() as shots:
        done = take(shots)
        if done.returncode == 0:
            for number in LESSONS:
                shutil.copy(Path(shots) / f"lesson-{number}.png", PICTURES)
                print(f"Copied lesson-{number}.png. Look at it before you commit it.")
        else:
            print(f"No picture was copied: pytest ended with exit code {done.returncode}.")
    return done.returncode


def take(shots: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Take the three lessons in a browser, with pictures in the folder `shots`."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", *options, *TESTS],
        cwd=ROOT,
        # A bounded run leaves these tests out.
        env={
            **os.environ,
            "DIALTONE_FULL": "1",
            "DIALTONE_SHOTS": shots,
            "CI_REQUIRE_BROWSER": "1",
        },
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
