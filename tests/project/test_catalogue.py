"""The catalogue of refusals has a test for every row, and for both sides where it has two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.refusals.catalogue import GROUPS, ROWS, Case, unheld
from tests.support.refusals.counting import table

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
SUITE = """
import pytest
from tests.support.refusals.catalogue import ROWS

LABELS = [label for row in ROWS.values() for label in (row.number, row.number + "✓")]

@pytest.mark.parametrize("label", [
    pytest.param(label, marks=pytest.mark.row(label)) for label in LABELS if label != "LOST"
])
def test_row(label): ...

def test_else(): OTHER
"""


@pytest.mark.full
@pytest.mark.parametrize("full", ["0", "1"], ids=["bounded", "full"])
def test_every_row_of_the_catalogue_has_a_test(full: str) -> None:
    """In a collection of its own. Without it, a run of the whole suite counts what it held."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(ROOT / "tests"),
        "--collect-only",
        "-q",
        "--catalogue",
        "--numprocesses=0",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env={**os.environ, "DIALTONE_FULL": full},
    )
    summary = done.stdout.partition("catalogue of refusals")[2]
    assert f"{'all':<16}{len(ROWS):>7}{len(ROWS):>7}" in summary, summary or done.stdout[-2000:]


@pytest.mark.parametrize(
    ("lost", "other", "arguments", "code"),
    [
        ("none", "...", [], 0),
        ("43", "...", [], 1),
        ("S11✓", "...", [], 1),
        ("43", "...", ["test_suite.py"], 0),
        ("43", "...", ["-k", "row"], 0),
        ("43", "pytest.skip()", [], 0),
    ],
    ids=["all held", "a row", "a side", "a file", "a choice", "not all was run"],
)
def test_a_run_of_everything_fails_if_a_row_was_not_held(
    pytester: pytest.Pytester, lost: str, other: str, arguments: list[str], code: int
) -> None:
    pytester.makeini("[pytest]\ntestpaths = .")
    suite = SUITE.replace("LOST", lost).replace("OTHER", other)
    pytester.makepyfile(test_suite=suite)
    plugin = ["-p", "tests.support.refusals.counting", "-p", "no:xdist"]
    assert pytester.inline_run(*plugin, *arguments).ret == code


def test_the_list_is_read_whole() -> None:
    assert len(GROUPS) == 14
    proofs = {number for number, row in ROWS.items() if row.group == "proof"}
    assert proofs == {str(n) for n in range(1, 96)} - {"92", "93"}
    ends = {
        "T": 8,
        "X": 14,
        "V": 12,
        "I": 5,
        "R": 6,
        "F": 3,
        "E": 14,
        "S": 13,
        "A": 6,
        "C": 6,
        "P": 5,
        "H": 10,
        "U": 1,
        "J": 2,
    }
    others = {f"{letter}{n}" for letter, end in ends.items() for n in range(1, end + 1)}
    assert set(ROWS) == proofs | others


@pytest.mark.parametrize(
    ("lost", "named"),
    [(Case("43", False), "43"), (Case("26", True), "26✓"), (Case("S11", True), "S11✓")],
)
def test_a_row_or_a_side_of_it_that_nothing_holds_is_named(lost: Case, named: str) -> None:
    everything = {Case(row.number, side) for row in ROWS.values() for side in (False, True)}
    assert unheld(everything) == []
    assert unheld(everything - {lost}) == [named]
    assert table(everything - {lost})[-1] == f"not held by this run: {named}"
