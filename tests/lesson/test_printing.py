"""What a learner's function prints is shown after the check, and no secret is in it."""

from __future__ import annotations

import secrets
import sys
from base64 import b64encode
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialtone_kit.lesson.exercises import Exercise, LiveLesson, Verdict
from dialtone_kit.lesson.exercises.asking import ask, show
from dialtone_kit.lesson.exercises.checking import check
from dialtone_kit.lesson.exercises.printing import MASKED, gives_away

SECRET = f"sec_{secrets.token_urlsafe(32)}"
BASIC = b64encode(f"cli_me:{SECRET}".encode()).decode()


def judged(answer: Any) -> Verdict:
    exercise = Exercise("13.x", "X", [], "Right.", "core", lambda function, _: ask(function))
    return check(exercise, answer, cast(LiveLesson, SimpleNamespace()))


@pytest.mark.parametrize("text", [SECRET, f"Authorization: Basic {BASIC}"], ids=["secret", "Basic"])
def test_a_secret_that_a_function_prints_is_masked_and_named(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def prints() -> int:
        print("before")
        print(text, file=sys.stderr)
        return 1

    assert judged(prints).outcome == "right"
    shown = capsys.readouterr().out
    assert text[-30:] not in shown
    assert "before\n" in shown
    assert shown.endswith(f"{MASKED}\n")


def test_what_holds_no_secret_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(lambda: print("sub: cli_me", end="")).outcome == "right"
    assert capsys.readouterr().out == "sub: cli_me\n"


def test_what_was_printed_before_a_function_failed_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails() -> None:
        print("before")
        raise ValueError

    assert judged(fails).outcome == "wrong"
    assert capsys.readouterr().out == "before\n"


@pytest.mark.parametrize("client_id", ["a", "ab", "abc", "cli_my_agent_1"])
def test_a_secret_is_found_in_parts_and_in_base64(client_id: str) -> None:
    packed = b64encode(f"{client_id}:{SECRET}".encode()).decode()
    for text in (SECRET[:16], SECRET[-12:], f"Basic {packed}", packed[-20:-2]):
        assert gives_away([f"got {text} and went on"], [SECRET]), text
    start = b64encode(f"{client_id}:".encode()).decode()
    for text in (SECRET[:8], client_id, start, b64encode(b"another:" + b"x" * 40).decode()):
        assert not gives_away([f"got {text} and went on"], [SECRET]), text


def test_a_value_is_masked_before_it_is_cut() -> None:
    assert SECRET[:20] not in show({"a": 1, "refresh_token": SECRET})
    assert show("short") == "'short'"
