"""nbval compares what it should: alter one output in a reference, and it fails there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.books import LESSONS, REFERENCES, is_compared, read


def altered(name: str) -> tuple[str, int]:
    """The reference with its last compared output changed, and the position of that code cell."""
    book = read(REFERENCES / name)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    place = max(n for n, cell in enumerate(code) if is_compared(cell))
    output = code[place]["outputs"][-1]
    if "text" in output:
        output["text"] = ["something else\n"]
    else:
        output["data"]["text/plain"] = ["something else"]
    return json.dumps(book), place


def failures(folder: Path) -> str:
    """What nbval, and nothing but nbval, reports of the notebooks in `folder`."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:xdist",
            "-p",
            "no:cacheprovider",
            "--nbval",
            "-c",
            os.devnull,
            f"--rootdir={folder}",
            "-q",
            "-rf",
            "--tb=no",
            str(folder),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    return done.stdout


@pytest.mark.full  # it runs every lesson once more
@pytest.mark.timeout(300)
def test_one_altered_output_in_each_lesson_is_found(tmp_path: Path) -> None:
    places = {}
    for name in LESSONS:
        text, places[name] = altered(name)
        (tmp_path / name).write_text(text)
    found = re.findall(r"FAILED (\S+\.ipynb)::Cell (\d+)", failures(tmp_path))
    assert sorted(found) == sorted((name, str(place)) for name, place in places.items())
