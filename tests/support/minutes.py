"""A pytest plugin: at the end of a run, what each part of the suite and its longest files took.

A test's setup and teardown count, too, so a service or a kernel is paid for by the first that needs
it. With several workers the minutes are those of all of them together.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any

import pytest

ROW = "{:<28}{:>7}{:>9}"
LONG = 15  # seconds that a file takes to be named


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [
        report
        for group in terminalreporter.stats.values()
        for report in group
        if type(report) is pytest.TestReport  # a subtest is part of its test
    ]
    if len({report.nodeid for report in reports}) > 1:
        terminalreporter.section("minutes by part")
        for line in [*table(reports), "", *longest(reports)]:
            terminalreporter.write_line(line)


def table(reports: list[pytest.TestReport]) -> list[str]:
    """A line for each folder, the longest first, and the sum."""
    tests, seconds = defaultdict[str, set[str]](set), defaultdict[str, float](float)
    for report in reports:
        for part in (str(PurePosixPath(report.nodeid.partition("::")[0]).parent), "all"):
            tests[part].add(report.nodeid)
            seconds[part] += report.duration
    parts = sorted(seconds, key=lambda part: (part == "all", -seconds[part]))
    return [ROW.format("", "tests", "minutes")] + [
        ROW.format(part, len(tests[part]), f"{seconds[part] / 60:.2f}") for part in parts
    ]


def longest(reports: list[pytest.TestReport]) -> list[str]:
    """A line for each file that takes long, the longest first."""
    seconds = defaultdict[str, float](float)
    for report in reports:
        seconds[report.nodeid.partition("::")[0]] += report.duration
    files = sorted(
        (file for file in seconds if seconds[file] > LONG), key=lambda file: -seconds[file]
    )
    return [f"{seconds[file] / 60:5.2f}  {file}" for file in files]
