"""What the checks share: calling a learner's function, and describing what it returned."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

import httpx

from dialtone_kit.base.errors import NotThisService, RateLimited, ServiceUnreachable
from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.reason import sentence
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.exercises.time_limit import TooLong, called
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

T = TypeVar("T")
LONGEST = 10_000  # characters of a value that are looked at
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
    """`answer` as a function; the usual slip is to pass the result of a call."""
    if not callable(answer):
        raise Wrong(
            f"Pass the function itself, without calling it: `{name}`, not `{name}(…)`. "
            f"This is {kind_of(answer)}."
        )
    return answer


def ask(function: Callable[..., Any], *arguments: object, shown: bool = False) -> Any:
    """What the learner's function returns; an exception of its own becomes a sentence about it.

    With `shown`, the sentence has the arguments too: for those that are no secrets.
    """
    try:
        value = called(function, *map(_own, arguments))
    except _NOT_THE_LEARNERS:
        raise
    except BaseException as error:
        said = sentence(f"Your function raised {described(error)}")
        told = f" It got {', '.join(show(one, 200) for one in arguments)}." if shown else ""
        raise Wrong(said + told) from None
    if value is ...:
        raise NotTried
    return value


def refuses(function: Callable[..., Any], *arguments: object) -> bool:
    """Whether the function refuses with ValueError, as the exercises ask."""
    try:
        value = called(function, *map(_own, arguments))
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


def _own(argument: object) -> object:
    """Data as a copy: what a function does to it changes nothing that the check looks at."""
    return deepcopy(argument) if isinstance(argument, dict | list) else argument


def worst_first(cases: Sequence[T], judge: Callable[[T], object]) -> None:
    """Judge all in random order, and raise the Wrong of the one that comes first in the list."""
    wrongs: dict[int, Wrong] = {}
    for place in random.sample(range(len(cases)), len(cases)):
        try:
            judge(cases[place])
        except Wrong as wrong:
            wrongs[place] = wrong
    if wrongs:
        raise wrongs[min(wrongs)]


def expect_bool(value: object) -> bool:
    """`value` as True or False; anything else is a slip that would hide a wrong answer."""
    if not isinstance(value, bool):
        raise Wrong(f"Return True or False; your function returned {show(value)}.")
    return value


def expect_text(value: object, what: str) -> str:
    """`value` as a string, with the two usual slips named."""
    if isinstance(value, bytes):
        raise Wrong(f"{what} came as bytes. JSON has no bytes: `.decode()` makes it a string.")
    if not isinstance(value, str):
        raise Wrong(f"{what} should be a string; your function returned {show(value)}.")
    return str.__str__(value)  # plain, without a comparison of its own


def same(got: object, expected: object) -> bool:
    """Whether `got` is what was expected. A learner's class that equals everything is not."""
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple):
            return False
        items = list(islice(got, len(expected) + 1))  # a class may lie about its length
        return len(items) == len(expected) and all(map(same, items, expected))
    if isinstance(expected, Mapping):
        return (
            isinstance(got, Mapping)
            and len(got) == len(expected)
            and all(name in got and same(got[name], expected[name]) for name in expected)
        )
    if isinstance(expected, int) and isinstance(got, bool) != isinstance(expected, bool):
        return False
    return type(expected).__eq__(expected, got) is True


def show(value: object, limit: int = 60) -> str:
    """`value` short enough for a sentence. Masked first: a part of a secret isn't recognized."""
    try:
        text = mask_text(repr(value)[:LONGEST])
    except Exception:
        text = f"{kind_of(value)} that can't be shown"
    return text if len(text) <= limit else f"{text[:limit]}…"


def kind_of(value: object) -> str:
    """The type of `value`, with its article: a dict, an int, a UUID."""
    name = type(value).__name__
    article = "an" if re.match("[aeio]|un(?!i)", name, re.IGNORECASE) else "a"
    return f"{article} {name}"


@contextmanager
def lent(client: IdentityClient) -> Iterator[IdentityClient]:
    """A client like this one, for a learner: what they close or change there isn't the check's."""
    again = IdentityClient(
        client.issuer,
        None,
        credentials=client.credentials,
        wire=client.wire,
        now=client.connection.now,
    )
    with again.http:
        yield again


def response(request: httpx.Request, status: int, **parts: Any) -> httpx.Response:
    """A response that nobody sent, and that a learner can use like one that came by HTTP."""
    made = httpx.Response(status, request=request, **parts)
    made.elapsed = timedelta()
    return made


def word(length: int = 6) -> str:
    """A fresh random word, for names that no constant can match."""
    return secrets.token_hex(length)[:length]


def described(error: BaseException) -> str:
    """The exception in a few words; its own message may fail too."""
    try:
        message = str(error)
    except Exception:
        message = ""
    return (
        f"{type(error).__name__}: {mask_text(message)[:160]}" if message else type(error).__name__
    )
