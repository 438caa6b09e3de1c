"""What the checks of all exercises share: comparing, naming a type, handing out a function."""

from __future__ import annotations

import gc
import random
from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.exercises import Wrong
from dialtone_kit.lesson.exercises.asking import expect_text, function_of, kind_of, same
from dialtone_kit.lesson.exercises.checking import check
from dialtone_kit.lesson.exercises.patience import Calls, sealed
from dialtone_kit.lesson.lesson import Lesson
from tests.support.wrong_answers import Chameleon, ChameleonText


class Unusual:
    pass


class Unicorn:
    pass


class AsLongAs(list):
    """A list that claims a length and holds nothing."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def __len__(self) -> int:
        return self.length


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "an int"),
        ({}, "a dict"),
        (OrderedDict(), "an OrderedDict"),
        ([], "a list"),
        (uuid4(), "a UUID"),
        (Unusual(), "an Unusual"),
        (Unicorn(), "a Unicorn"),
    ],
)
def test_a_type_is_named_with_its_article(value: object, kind: str) -> None:
    assert kind_of(value) == kind
    if not callable(value):
        with pytest.raises(Wrong, match=f"This is {kind}\\."):
            function_of(value, "answer")


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3),
        (None, None),
        ("x", "x"),
        (("a", "b"), ["a", "b"]),
        (MappingProxyType({"a": [1]}), {"a": [1]}),
        (b"x", b"x"),
        (True, True),
    ],
)
def test_the_same_content_is_the_same(got: object, expected: object) -> None:
    assert same(got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (Chameleon(), 3),
        (Chameleon(), "x"),
        (Chameleon(), None),
        (Chameleon(), {"a": 1}),
        ([Chameleon()], ["x"]),
        ({"a": Chameleon()}, {"a": 1}),
        (ChameleonText("y"), "x"),
        (True, 1),
        (1, True),
        (["a"], ["a", "b"]),
        ({"a": 1, "b": 2}, {"a": 1}),
        ("ab", ["a", "b"]),
        (AsLongAs(2), ["a", "b"]),
    ],
)
def test_what_only_claims_to_be_equal_is_not_the_same(got: object, expected: object) -> None:
    assert not same(got, expected)


def test_a_string_with_a_comparison_of_its_own_becomes_a_plain_one() -> None:
    assert type(expect_text(ChameleonText("y"), "It")) is str


def test_a_function_that_is_handed_out_shows_nothing_of_the_check() -> None:
    calls = Calls(lambda code: code, "Too often.", limit=2)
    handed = sealed(calls)
    assert (handed("a"), handed(code="b"), calls.count) == ("a", "b", 2)
    leads = {"count", "function", "__self__", "__closure__", "__func__", "__wrapped__", "__dict__"}
    assert leads & {*dir(handed)} == set()
    assert gc.get_referents(handed) == [type(handed)]
    with pytest.raises(Wrong, match=r"Too often\."):
        handed("c")


@pytest.mark.parametrize("draw", [min, max])
def test_doubling_the_interval_is_refused_whatever_intervals_are_drawn(
    draw: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubling(ask: Callable[[], Any], sleep: Callable[[float], None], interval: int) -> Any:
        while (answer := ask()).get("error") in ("authorization_pending", "slow_down"):
            interval *= 2 if answer["error"] == "slow_down" else 1
            sleep(interval)
        return answer

    monkeypatch.setattr(random, "randint", draw)
    poll = catalog.exercise("06.poll").judge
    with pytest.raises(Wrong, match="adds 5 s for good"):
        poll(doubling, cast(Lesson, SimpleNamespace(is_mock=False)))


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        ("08.audience", "Is it for me? Fill in the cell and run it again."),
        ("06.poll", "Ask at the right pace: fill in the cell and run it again."),
    ],
)
def test_what_is_not_tried_is_named_by_its_title(exercise: str, said: str) -> None:
    nowhere = cast(Lesson, SimpleNamespace(is_mock=False))
    assert check(catalog.exercise(exercise), None, nowhere).sentence == said
