"""Style, types and the import contract, as tests: one command answers for everything."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
PUBLIC_ROOMS = {"dialtone_kit.mcp", "dialtone_kit.spiffe"}  # each has a list of its names
KIT_ROOM = re.compile(r"^\s*(?:from|import)\s+(dialtone_kit\.[\w.]+)", re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check"], id="lint"),
        pytest.param(["ruff", "format", "--check"], id="format"),
        pytest.param(["mypy"], id="types"),
        pytest.param(["lint-imports"], id="who-may-import-whom"),
    ],
)
def test_the_tree_is_clean(command: list[str]) -> None:
    tool, *options = command
    done = subprocess.run([TOOLS / tool, *options], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}:\n{done.stdout}{done.stderr}", pytrace=False)


def test_notebooks_import_public_names_only() -> None:
    strays = [
        f"{path.relative_to(ROOT)}: {room}"
        for path in sorted((ROOT / "notebooks").rglob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
        for room in KIT_ROOM.findall("".join(cell["source"]))
        if room not in PUBLIC_ROOMS
    ]
    assert strays == []
