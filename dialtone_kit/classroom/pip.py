"""pip, run as a program: which index it asks is your own setting."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.reason import sentence

_QUIET = ("--disable-pip-version-check", "--no-input", "--quiet", "--retries=2", "--timeout=20")


class PipFailed(DialtoneError):
    """pip couldn't do it: what it said last."""


def run_pip(arguments: Sequence[str]) -> None:
    """Run pip of this Python to its end. Raises PipFailed, in one line."""
    command, *rest = arguments
    line = [sys.executable, "-m", "pip", command, *_QUIET, *rest]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise PipFailed("This environment has no pip. Run: python -m ensurepip")
    lines = [one for one in done.stderr.splitlines() if one.startswith("ERROR: ")]
    why = (lines or done.stderr.strip().splitlines() or ["it ended"])[-1].removeprefix("ERROR: ")
    index = "Making a pack needs your package index."
    raise PipFailed(f"pip {command} failed: {sentence(why)} {index}")


def build_kit(source: Path, wheels: Path) -> Path:
    """The kit's own wheel, built from the clone in `source`."""
    from importlib.util import find_spec

    built = ["--no-build-isolation"] if find_spec("hatchling") else []
    run_pip(["wheel", "--no-deps", *built, f"--wheel-dir={wheels}", str(source)])
    (kit,) = wheels.glob("dialtone_kit-*.whl")
    return kit
