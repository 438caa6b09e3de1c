"""Tracebacks without frames that hold secrets: `%xmode Verbose` prints every frame's locals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import httpx

from dialtone_kit.base.masking import Secret

P = ParamSpec("P")
T = TypeVar("T")


def quiet(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, with every `Secret` in its arguments revealed to it alone.

    What it raises, an interrupt among it, is raised from here: no frame below keeps its locals.
    """

    @wraps(function)
    def call(*args: Any, **options: Any) -> T:
        try:
            return cast(Callable[..., T], function)(*_revealed(args), **_revealed(options))
        except BaseException as problem:
            args, options = (), {}
            raise _speechless(problem).with_traceback(None) from None

    return cast(Callable[P, T], call)


def hiding(method: Callable[P, T]) -> Callable[P, T]:
    """`method` as it is, but for its tracebacks: they end here, as with `quiet`."""

    @wraps(method)
    def call(*args: Any, **options: Any) -> T:
        try:
            return cast(Callable[..., T], method)(*args, **options)
        except BaseException as problem:
            args, options = (), {}
            raise problem.with_traceback(None) from None

    return cast(Callable[P, T], call)


def _speechless(problem: BaseException) -> BaseException:
    """The problem, but not in h11's words, which quote the header at fault."""
    if not isinstance(problem, httpx.LocalProtocolError):
        return problem
    bare = httpx.LocalProtocolError("a header contains a character that HTTP forbids")
    bare._request = problem._request
    return bare


def _revealed(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if type(value) in (tuple, list):
        return type(value)(map(_revealed, value))
    if isinstance(value, Mapping) and type(value) is dict:
        return {name: _revealed(member) for name, member in value.items()}
    return value
