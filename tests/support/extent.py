"""How much of the suite a run takes: a bounded part, or all of it with `DIALTONE_FULL=1`.

`@pytest.mark.full`       not in a bounded run
`@pytest.mark.sample(n)`  of this test's cases, n in a bounded run: always the same ones, plus at
                          least one for each row of the catalogue of refusals and each side
`both_databases`          on SQLite, and one in ON_POSTGRES on PostgreSQL too: always the same ones
`few_or_all(few, many)`   how many examples, kills or rounds a test takes

Hypothesis generates the same examples in each bounded run, and new ones in each full one.

A test that the command line names with `::` runs whatever its marker.
"""

from __future__ import annotations

import os
from collections import defaultdict
from hashlib import sha256

import hypothesis
import pytest

from tests.support.refusals.catalogue import Case, cases

LONG = (
    "tests/browser/",
    "tests/project/",
    "tests/interop/",
    "tests/local/",
    "tests/notebooks/",
    "tests/mock/core/",
    "tests/mock/store/",
    "tests/mock/web/",
)
ON_POSTGRES = 4  # of so many tests that run on both databases, one is taken
FULL = os.environ.get("DIALTONE_FULL") == "1"


def few_or_all(few: int, many: int) -> int:
    return many if FULL else few


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: only with DIALTONE_FULL=1, as .ci/full runs it")
    config.addinivalue_line("markers", "sample(n): so many of its cases unless DIALTONE_FULL=1")
    # The machine may be slow and busy: no example has a deadline.
    hypothesis.settings.register_profile("dialtone", deadline=None, derandomize=not FULL)
    hypothesis.settings.load_profile("dialtone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=turn)
    if FULL or any("::" in argument for argument in config.args):
        return
    left_out = left_out_of(items)
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=list(left_out))


def turn(item: pytest.Item) -> bytes:
    """Files that take long come first, mixed, so that no worker is left with one at the end."""
    file = item.nodeid.partition("::")[0]
    return sha256(file.encode()).digest() if file.startswith(LONG) else b"\xff" * 32


def left_out_of(items: list[pytest.Item]) -> set[pytest.Item]:
    """What a bounded run does without."""
    left_out = {item for item in items if item.get_closest_marker("full") or _repeats(item)}
    tables = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item.get_closest_marker("sample") and item not in left_out:
            tables[item.nodeid.partition("[")[0]].append(item)
    for table in tables.values():
        left_out |= {*table} - _sample(table)
    return left_out


def _repeats(item: pytest.Item) -> bool:
    """Whether it does on PostgreSQL what the same test does on SQLite, and isn't taken for that."""
    of_both = item.get_closest_marker("both_databases") and "[postgresql" in item.name
    return bool(of_both) and sha256(item.nodeid.encode()).digest()[0] % ON_POSTGRES != 0


def _sample(table: list[pytest.Item]) -> set[pytest.Item]:
    """The first by the hash of their names, and any that bring a row that those lack."""
    marker = table[0].get_closest_marker("sample")
    assert marker is not None
    (size,) = marker.args
    chosen, rows = set[pytest.Item](), set[Case]()
    for item in sorted(table, key=lambda item: sha256(item.name.encode()).digest()):
        brings = {*cases(item)}
        if len(chosen) < size or not brings <= rows:
            chosen.add(item)
            rows |= brings
    return chosen
