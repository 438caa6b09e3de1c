"""The service takes the time from `mock/core/clock.py`, where lessons can move it."""

import re
from pathlib import Path

MOCK = Path(__file__).parents[2] / "dialtone_kit" / "mock"
CLOCK = MOCK / "core" / "clock.py"
READS_THE_TIME = re.compile(r"\btime\.time(_ns)?\(|from time import|\bdatetime\.(utc)?now\(")


def test_only_the_clock_of_the_service_reads_the_machines_time() -> None:
    assert READS_THE_TIME.search(CLOCK.read_text(encoding="utf-8"))
    others = [path for path in MOCK.rglob("*.py") if path != CLOCK]
    assert [str(path) for path in others if READS_THE_TIME.search(path.read_text("utf-8"))] == []
