"""Exceptions as they cross: by name and text, rebuilt only from classes that both sides know.

An exception that ends a check (`Wrong`, `NotTried`) isn't among them: a learner's code can't raise
a verdict.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from dialtone_kit.base import errors
from dialtone_kit.classroom.grading.crossing import Crossing

_GROUPS = {ExceptionGroup}  # none without its members
_PLAIN = (str, int, float, bool, type(None))
_LONGEST = 2000  # characters of a message


def _classes() -> Iterator[type[Exception]]:
    for module in (builtins, errors, httpx):
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Exception) and thing not in _GROUPS:
                yield thing


KNOWN: Mapping[str, type[Exception]] = {cls.__name__: cls for cls in _classes()}


def encode_error(error: BaseException, crossing: Crossing) -> Any:
    """`error` as JSON; one that came from the other side is only named."""
    home = crossing.encode(error)
    if "own" in home:
        return home
    members = {n: v for n, v in vars(error).items() if isinstance(v, (*_PLAIN, Mapping))}
    return {
        "names": [cls.__name__ for cls in type(error).__mro__],
        "args": crossing.encode([one for one in error.args if isinstance(one, _PLAIN)]),
        "members": crossing.encode(members),
        "text": _text(error),
        "number": home["lent"],
    }


def decode_error(form: Any, crossing: Crossing) -> BaseException:
    """The exception in `form`, of the nearest class that is known here."""
    if "own" in form:
        own = crossing.own(form["own"])
        return own if isinstance(own, BaseException) else RuntimeError("no exception")
    names = [str(name) for name in form["names"]]
    base = next((KNOWN[name] for name in names if name in KNOWN), Exception)
    cls = base if base.__name__ == names[0] else _named(names[0], base)
    error = cls.__new__(cls)
    arguments, members = crossing.decode(form["args"]), crossing.decode(form["members"])
    error.args = tuple(arguments) or ((str(form["text"])[:_LONGEST],) if form["text"] else ())
    vars(error).update({str(name): value for name, value in members.items()})
    crossing.adopt(error, int(form["number"]))
    return error


def _named(name: str, base: type[Exception]) -> type[Exception]:
    shown = re.sub(r"\W", "", name)[:60] or "Exception"
    made: type[Exception] = type(shown, (base,), {})
    return made


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST]
    except Exception:
        return ""
