"""`dialtone class run` of lessons 01 to 05, compared with a shell loop of the papermill command.

.venv/bin/python -m benchmarks.class_run [--rounds 3] [--learners 2 8 32]

The loop costs the same for every learner, so it runs for two of them and counts for each.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import THIS_TREE, machine
from benchmarks.processes import DIALTONE, Cost, cost, medians
from tests.support.class_of import make_class

LESSONS = ["01", "02", "03", "04", "05"]
LOOPED = 2  # learners in the loop
LOOP = """
for seat in $(seq {learners}); do
  for lesson in {lessons}; do
    DIALTONE_CONFIG_DIR=config-$seat {papermill} --no-progress-bar --log-level ERROR \\
      {notebooks}/$lesson-*.ipynb out-$seat-$lesson.ipynb \\
      -p email learner$seat@example.com -p seat $seat || exit 1
  done
done
{dialtone} stop
"""
CLASS = [
    DIALTONE,
    *("class", "run", "--lessons", " ".join(LESSONS)),
]


def main() -> None:
    """Print the table."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--rounds", type=int, default=3)
    reading.add_argument("--learners", type=int, nargs="*", default=[2, 8, 32])
    options = reading.parse_args()
    looped: list[Cost] = []
    classes: dict[int, list[Cost]] = {size: [] for size in options.learners}
    for _ in range(options.rounds):
        for size, taken in classes.items():
            looped.append(_measured(_loop()))
            taken.append(_measured(CLASS, size))
    print(f"{machine('papermill', 'ipykernel')}; {len(LESSONS)} lessons for each learner\n")
    print("| | s a learner | CPU s a learner | MiB at most | times as fast |")
    print("|---|---:|---:|---:|---:|")
    base = _row("shell loop of papermill", looped, LOOPED, None)
    for size, taken in classes.items():
        _row(f"dialtone class run, {size} learners", taken, size, base)


def _measured(command: list[str], learners: int = 0) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        if learners:
            make_class(Path(folder) / "dialtone-class", learners)
        environment = os.environ | {"DIALTONE_STATE_DIR": f"{folder}/state"}
        return cost(command, Path(folder), environment)


def _loop() -> list[str]:
    script = LOOP.format(
        learners=LOOPED,
        lessons=" ".join(LESSONS),
        papermill=Path(sys.executable).with_name("papermill"),
        dialtone=DIALTONE,
        notebooks=THIS_TREE / "notebooks",
    )
    return ["sh", "-c", script]


def _row(name: str, taken: list[Cost], learners: int, base: float | None) -> float:
    usual = medians(taken)
    each = usual.seconds / learners
    faster = f"{base / each:.1f}" if base else ""
    print(f"| {name} | {each:.2f} | {usual.cpu / learners:.2f} | {usual.mib:.0f} | {faster} |")
    return each


if __name__ == "__main__":
    main()
