"""A pytest plugin: at the end of a run, how much of the catalogue of refusals its tests held.

A run of the whole suite in which all passed and nothing was skipped fails if no test held a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.refusals.catalogue import GROUPS, ROWS, Case, cases, unheld

MOST_NAMED = 30  # in a run of a part of the suite: how many are not held is enough
WIDTHS = "{:<16}{:>7}{:>7}{:>8}{:>10}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--catalogue",
        action="store_true",
        help="with --collect-only: count what the collected tests hold of the catalogue",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row(*numbers): the rows of the catalogue that a test holds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each report carries its rows: that is how they come from the workers to the summary."""
    for item in items:
        if found := cases(item):
            item.user_properties.append(("rows", [list(case) for case in found]))


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("catalogue"):
        session.config.stash[_COLLECTED] = [case for item in session.items for case in cases(item)]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.exitstatus or reporter is None or not _takes_all(session.config):
        return
    if not reporter.stats.get("skipped") and unheld(_passed(reporter.stats)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _takes_all(config: pytest.Config) -> bool:
    parts = ("keyword", "markexpr", "lf", "collectonly", "deselect", "ignore", "ignore_glob")
    from_settings = config.args_source is config.ArgsSource.TESTPATHS
    return from_settings and not any(config.getoption(one, None) for one in parts)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    collected = config.stash.get(_COLLECTED, None)
    held = _passed(terminalreporter.stats) if collected is None else collected
    if held:
        terminalreporter.section("catalogue of refusals")
        for line in table(held):
            terminalreporter.write_line(line)


def table(held: Iterable[Case]) -> list[str]:
    """A line for each group, the sum, and what is not held."""
    held = list(held)
    lines = [WIDTHS.format("", "rows", "held", "cases", "accepted")]
    lines += [_line(group, held, [group]) for group in GROUPS]
    lines.append(_line("all", held, GROUPS))
    missing = unheld(held)
    if missing:
        few = len(missing) <= MOST_NAMED
        lines.append(f"not held by this run: {' '.join(missing) if few else len(missing)}")
    return lines


_COLLECTED = pytest.StashKey[list[Case]]()


def _line(name: str, held: list[Case], groups: list[str]) -> str:
    rows = [row.number for row in ROWS.values() if row.group in groups]
    missing = {label.rstrip("✓") for label in unheld(held)}
    count = Counter(case.accepted for case in held if case.number in rows)
    whole = sum(number not in missing for number in rows)
    return WIDTHS.format(name, len(rows), whole, count.total(), count[True])


def _passed(stats: dict[str, list[Any]]) -> list[Case]:
    return [
        Case(*case)
        for report in stats.get("passed", [])
        for name, found in report.user_properties
        if name == "rows" and report.when == "call"
        for case in found
    ]
