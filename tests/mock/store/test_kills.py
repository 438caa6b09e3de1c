"""Killed at random moments under load, the service loses nothing and does nothing twice.

More of it, with a tally: `python -m benchmarks.kills --kills 50`.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.extent import few_or_all
from tests.support.kills.run import Killings
from tests.support.running_mock import Mock

pytestmark = pytest.mark.both_databases

KILLS = int(os.environ.get("DIALTONE_KILLS", few_or_all(3, 30)))
ENOUGH = 30  # kills, for each kind of request to be acknowledged before one of them
SEED = int(os.environ.get("DIALTONE_KILLS_SEED", few_or_all(7, random.randrange(10**6))))
KINDS = ("credentials", "proof for a token", "proof for a call", "refresh token")
if KILLS < ENOUGH:
    KINDS = ()
LAZY_DISK = Path(__file__).parents[2] / "support" / "kills" / "lazy_disk"


@contextmanager
def ended(mock: Mock) -> Iterator[Mock]:
    """The service; nothing of it is left afterwards, however the run ended."""
    try:
        yield mock
    finally:
        mock.kill()
        mock.database.drop()


@pytest.mark.sample(1)  # one of the two databases
def test_killed_at_random_it_loses_nothing_and_doubles_nothing(
    tmp_path: Path, database: str
) -> None:
    with ended(Mock(tmp_path / "mock", database=database)) as mock:
        tally = Killings(mock, SEED).run(KILLS, KINDS)
    print(tally)  # with the seed, where it fails
    assert tally.violations == []
    assert tally.kills.total() >= KILLS
    for seen in (tally.acknowledged, tally.replays):
        assert seen.total() > 0
        assert all(seen[kind] > 0 for kind in KINDS)


def test_answers_before_the_commit_would_be_found(tmp_path: Path) -> None:
    lazy = {"PYTHONPATH": str(LAZY_DISK)}
    with ended(Mock(tmp_path / "mock", environment=lazy)) as mock:
        tally = Killings(mock, SEED).run(50)  # it ends at the first that is found
    print(tally)
    assert tally.violations
