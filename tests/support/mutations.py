"""Switching a named rule off, to see that a test notices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without(module: Any, name: str, rule: Callable[..., Any]) -> Iterator[None]:
    """The module's table of rules with `rule` switched off."""
    whole = getattr(module, name)
    if isinstance(whole, dict):
        less: Any = {key: tuple(r for r in rules if r is not rule) for key, rules in whole.items()}
    else:
        less = tuple(one for one in whole if one is not rule)
    setattr(module, name, less)
    try:
        yield
    finally:
        setattr(module, name, whole)


def names(rules: Iterable[Callable[..., Any]]) -> list[str]:
    return [rule.__name__ for rule in rules]
