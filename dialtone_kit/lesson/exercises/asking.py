"""What the checks share: calling a learner's function, and saying well what came back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import httpx

from dialtone_kit.base.errors import NotThisService, RateLimited, ServiceUnreachable
from dialtone_kit.lesson.exercises import NotTried, Wrong


def function_of(answer: object, name: str) -> Callable[..., Any]:
    """`answer` as a function. Most often it was called already, which is said."""
    if not callable(answer):
        raise Wrong(
            f"Hand over the function itself, without calling it: `{name}`, not `{name}(…)`. "
            f"What came is of type {type(answer).__name__}."
        )
    return answer


def ask(function: Callable[..., Any], *arguments: object) -> Any:
    """What the learner's function returns. Its own exceptions become a sentence about them."""
    try:
        value = function(*arguments)
    except (Wrong, NotTried, ServiceUnreachable, RateLimited, NotThisService):
        raise
    except httpx.TransportError:
        raise
    except Exception as error:
        raise Wrong(f"Your function raised {_said(error)}.") from None
    if value is ...:
        raise NotTried
    return value


def refuses(function: Callable[..., Any], *arguments: object) -> bool:
    """Whether the function says no, by ValueError: the exercises ask for that."""
    try:
        value = function(*arguments)
    except ValueError:
        return True
    except Exception as error:
        raise Wrong(f"Raise ValueError to refuse; your function raised {_said(error)}.") from None
    if value is ...:
        raise NotTried
    return False


def expect_bool(value: object) -> bool:
    """`value` as a yes or no; anything else is a slip that would hide a wrong answer."""
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
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def word(length: int = 6) -> str:
    """A fresh random word, for names that no constant can know."""
    return secrets.token_hex(length)[:length]


def _said(error: Exception) -> str:
    message = str(error)
    return f"{type(error).__name__}: {message[:160]}" if message else type(error).__name__
