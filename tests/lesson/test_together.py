"""Two calls at once for 10.downstream: what they share is mixed up, and nothing waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from dialtone_kit.lesson.content.lesson_10.together import together


def both(function: Callable[[str], None]) -> None:
    together([partial(function, name) for name in ("Ada", "Bob")], function)


def test_what_two_calls_share_is_mixed_up_every_time() -> None:
    for _ in range(20):
        shared: dict[str, str] = {}
        read: list[bool] = []

        def keep(name: str, shared: dict[str, str] = shared, read: list[bool] = read) -> None:
            shared["name"] = name
            read.append(shared["name"] == name)

        both(keep)
        assert sorted(read) == [False, True]


def test_a_lock_keeps_them_apart_and_nobody_waits_for_ever() -> None:
    lock, shared, read = threading.Lock(), dict[str, str](), list[bool]()

    def keep(name: str) -> None:
        with lock:
            shared["name"] = name
            read.append(shared["name"] == name)

    both(keep)
    assert read == [True, True]


def test_a_function_with_fewer_lines_for_one_of_them_ends() -> None:
    steps: list[int] = []

    def uneven(name: str) -> None:
        for n in range(2 if name == "Ada" else 5):
            steps.append(n)

    both(uneven)
    assert sorted(steps) == [0, 0, 1, 1, 2, 3, 4]


def test_what_one_of_them_raises_is_raised_here() -> None:
    def only_ada(name: str) -> None:
        if name != "Ada":
            raise LookupError(name)

    with pytest.raises(LookupError, match="Bob"):
        both(only_ada)
