"""What a start costs: the import, the first line of a lesson, the service from nothing.

.venv/bin/python -m benchmarks.start
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.service import Mock

ROUNDS = 15
LESSON = """
import time
begun = time.perf_counter()
from dialtone_kit import start  # as a lesson's first cell has it
start("03")
print(time.perf_counter() - begun)
"""


def python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, env={**os.environ, **environment}, text=True)


def seconds(code: str) -> float:
    """How long a fresh interpreter takes for it."""
    begun = time.perf_counter()
    python(code)
    return time.perf_counter() - begun


def imports() -> None:
    """The kit's imports beside `import httpx`, in turn; without the interpreter's own start."""
    codes = (
        "pass",
        "import httpx",
        "import dialtone_kit",
        "from dialtone_kit import start",
        "import dialtone_kit.lesson.lesson",  # what start() imports when it's called
    )
    taken: dict[str, list[float]] = {code: [] for code in codes}
    for _ in range(ROUNDS):
        for code, times in taken.items():
            times.append(seconds(code))
    medians = {code: statistics.median(times) for code, times in taken.items()}
    bare = medians.pop("pass")
    httpx = medians["import httpx"] - bare
    print("| | ms | of httpx |\n|---|---:|---:|")
    for code, median in medians.items():
        print(f"| `{code}` | {1000 * (median - bare):.0f} | {(median - bare) / httpx:.2f} |")


def lesson() -> float:
    """A lesson's first cell, while the service runs and an earlier lesson left credentials."""
    with tempfile.TemporaryDirectory() as home:
        places = {"DIALTONE_STATE_DIR": f"{home}/state", "DIALTONE_CONFIG_DIR": f"{home}/config"}
        try:
            python(LESSON, **places)
            times = [float(python(LESSON, **places).split()[-1]) for _ in range(ROUNDS)]
        finally:
            python("from dialtone_kit.local import service; service.stop()", **places)
    return statistics.median(times)


def service_from_nothing() -> float:
    """From the command to the first answer, in an empty folder."""
    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            mock = Mock(Path(folder) / "state")
            begun = time.perf_counter()
            mock.start()
            times.append(time.perf_counter() - begun)
            mock.stop()
    return statistics.median(times)


if __name__ == "__main__":
    print(machine("httpx", "cryptography"), "\n")
    imports()
    print(f"\nA lesson's first cell, on a running service: {1000 * lesson():.0f} ms")
    print(f"The service from nothing: {service_from_nothing():.2f} s")
