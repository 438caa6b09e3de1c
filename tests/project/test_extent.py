"""A bounded run takes the same sample each time, and loses no row of the catalogue by it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.extent import left_out_of, turn
from tests.support.minutes import table

pytest_plugins = ["pytester"]

SUITE = """
import pytest

@pytest.mark.full
def test_long(): ...

@pytest.mark.sample(3)
@pytest.mark.parametrize("n", range(40))
def test_table(n): ...

@pytest.mark.sample(1)
@pytest.mark.parametrize("n", [pytest.param(n, marks=pytest.mark.row(str(n))) for n in range(1, 9)])
def test_rows(n): ...

@pytest.mark.both_databases
@pytest.mark.parametrize("n", range(40))
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_store(database, n): ...

@pytest.mark.parametrize("database", ["postgresql"])
def test_postgres_alone(database): ...
"""


@pytest.fixture
def items(pytester: pytest.Pytester) -> list[pytest.Item]:
    found, _ = pytester.inline_genitems(pytester.makepyfile(SUITE))
    return found


def test_a_sample_is_always_the_same_and_holds_each_row(items: list[pytest.Item]) -> None:
    kept = {item.name for item in items} - {item.name for item in left_out_of(items)}
    assert "test_long" not in kept
    assert sum(name.startswith("test_table") for name in kept) == 3
    assert sum(name.startswith("test_rows") for name in kept) == 8
    assert kept == {item.name for item in items} - {item.name for item in left_out_of(items[::-1])}


def test_a_few_of_what_runs_on_sqlite_run_on_postgresql_too(items: list[pytest.Item]) -> None:
    kept = {item.name for item in items} - {item.name for item in left_out_of(items)}
    assert sum(name.startswith("test_store[sqlite") for name in kept) == 40
    assert 5 <= sum(name.startswith("test_store[postgresql") for name in kept) <= 20
    assert "test_postgres_alone[postgresql]" in kept


def test_long_files_come_first_and_tests_of_a_file_stay_in_order() -> None:
    def item(nodeid: str) -> pytest.Item:
        return SimpleNamespace(nodeid=nodeid)  # type: ignore[return-value]

    names = [
        "tests/base/a.py::z",
        "tests/browser/b.py::2",
        "tests/browser/b.py::1",
        "tests/x.py::y",
    ]
    ordered = [one.nodeid for one in sorted(map(item, names), key=turn)]
    assert ordered == [*names[1:3], names[0], names[3]]


def test_minutes_are_summed_by_folder() -> None:
    def report(nodeid: str, when: str, seconds: float) -> pytest.TestReport:
        return pytest.TestReport(nodeid, ("", 0, ""), {}, "passed", None, when, (), seconds)  # type: ignore[arg-type]

    lines = table(
        [
            report("tests/mock/test_a.py::test_a", "setup", 60),
            report("tests/mock/test_a.py::test_a", "call", 30),
            report("notebooks/01.ipynb::Cell 0", "call", 180),
        ]
    )
    assert [line.split() for line in lines] == [
        ["tests", "minutes"],
        ["notebooks", "1", "3.00"],
        ["tests/mock", "1", "1.50"],
        ["all", "2", "4.50"],
    ]
