"""What the checks share: calling a learner's function, and describing what it returned."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import httpx

from dialtone_kit.base.errors import NotThisService, RateLimited, ServiceUnreachable, sentence
from dialtone_kit.base.masking import mask_text
from dialtone_kit.lesson.exercises.patience import TooLong
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

_NOT_THE_LEARNERS = (
    Wrong,
    NotTried,
    TooLong,
    KeyboardInterrupt,
    ServiceUnreachable,
    RateLimited,
    NotThisService,
    httpx.TransportError,
)


def function_of(answer: object, name: str) -> Callable[..., Any]:
    """`answer` as a function; the usual slip is to hand over the result of a call."""
    if not callable(answer):
        raise Wrong(
            f"Hand over the function itself, without calling it: `{name}`, not `{name}(…)`. "
            f"This is a {type(answer).__name__}."
        )
    return answer


def ask(function: Callable[..., Any], *arguments: object) -> Any:
    """What the learner's function returns; an exception of its own becomes a sentence about it."""
    try:
        value = function(*arguments)
    except _NOT_THE_LEARNERS:
        raise
    except BaseException as error:
        raise Wrong(sentence(f"Your function raised {described(error)}")) from None
    if value is ...:
        raise NotTried
    return value


def refuses(function: Callable[..., Any], *arguments: object) -> bool:
    """Whether the function refuses with ValueError, as the exercises ask."""
    try:
        value = function(*arguments)
    except ValueError:
        return True
    except _NOT_THE_LEARNERS:
        raise
    except BaseException as error:
        raise Wrong(
            sentence(f"Raise ValueError to refuse; your function raised {described(error)}")
        ) from None
    if value is ...:
        raise NotTried
    return False


def expect_bool(value: object) -> bool:
    """`value` as True or False; anything else is a slip that would hide a wrong answer."""
    if not isinstance(value, bool):
        raise Wrong(f"Answer True or False; your function returned {show(value)}.")
    return value


def expect_text(value: object, what: str) -> str:
    """`value` as a string, with the two usual slips named."""
    if isinstance(value, bytes):
        raise Wrong(f"{what} came as bytes. JSON has no bytes: `.decode()` makes it a string.")
    if not isinstance(value, str):
        raise Wrong(f"{what} should be a string; your function returned {show(value)}.")
    return value


def show(value: object, limit: int = 60) -> str:
    """`value` short enough for a sentence."""
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__} that can't be shown"
    return text if len(text) <= limit else f"{text[:limit]}…"


def word(length: int = 6) -> str:
    """A fresh random word, for names that no constant can match."""
    return secrets.token_hex(length)[:length]


def described(error: BaseException) -> str:
    """The exception in a few words; its own message may fail, too."""
    try:
        message = str(error)
    except Exception:
        message = ""
    return (
        f"{type(error).__name__}: {mask_text(message)[:160]}" if message else type(error).__name__
    )
