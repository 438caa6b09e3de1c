"""Tests may run in a worker where Playwright's loop is running: none of them starts one there."""

import asyncio
from pathlib import Path

import pytest

from tests.support.own_loop import finished

TESTS = Path(__file__).parents[1]


async def doubled(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def failing() -> None:
    raise ValueError("no")


def test_a_coroutine_runs_although_a_loop_is_running() -> None:
    async def under_a_loop() -> int:
        return finished(doubled(21))

    assert finished(under_a_loop()) == 42


def test_what_a_coroutine_raises_reaches_the_test() -> None:
    with pytest.raises(ValueError, match="no"):
        finished(failing())


def test_no_other_test_runs_a_loop_in_its_own_thread() -> None:
    ways = ("asyncio.run(", "asyncio.Runner(", "run_until_complete(")
    found = [
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("*.py")
        if file != Path(__file__) and any(way in file.read_text("utf-8") for way in ways)
    ]
    assert found == []
