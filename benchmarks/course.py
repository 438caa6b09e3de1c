"""`dialtone run` over all lessons, compared with papermill on as many empty notebooks in turn.

.venv/bin/python -m benchmarks.course [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat

from benchmarks.harness import machine
from benchmarks.processes import DIALTONE, Cost, cost, medians
from tests.support.books import LESSONS

EMPTY = """
import sys
import papermill
for number in range(int(sys.argv[1])):
    papermill.execute_notebook(
        "empty.ipynb", f"{number}.ipynb", kernel_name="python3", progress_bar=False
    )
"""


def main() -> None:
    """Print the table."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--rounds", type=int, default=5)
    rounds = reading.parse_args().rounds
    costs: dict[str, list[Cost]] = {"papermill, empty notebooks": [], "dialtone run": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for name, taken in costs.items():
                taken.append(_cost(name, Path(folder)))
    print(f"{machine('papermill', 'ipykernel', 'jupyter_client')}; {len(LESSONS)} notebooks\n")
    print(_table(costs))


def _cost(name: str, folder: Path) -> Cost:
    places = {"DIALTONE_STATE_DIR": f"{folder}/state", "DIALTONE_CONFIG_DIR": f"{folder}/config"}
    if name == "dialtone run":
        return cost([DIALTONE, "run"], folder, os.environ | places)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")]), folder / "empty.ipynb"
    )
    return cost([sys.executable, "-c", EMPTY, str(len(LESSONS))], folder, os.environ | places)


def _table(costs: dict[str, list[Cost]]) -> str:
    base, ours = costs.values()
    lines = ["| | s | CPU s | MiB at most |", "|---|---:|---:|---:|"]
    for name, taken in costs.items():
        usual = medians(taken)
        lines.append(f"| {name} | {usual.seconds:.1f} | {usual.cpu:.1f} | {usual.mib:.0f} |")
    pairs = list(zip(ours, base, strict=True))
    clock = statistics.median(one.seconds / other.seconds for one, other in pairs)
    cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
    lines.append(f"| ratio (the aim: 1.0 and 1.5) | {clock:.2f} | {cpu:.2f} | |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
