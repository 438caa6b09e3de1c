"""Values as they cross between judge and sandbox: JSON with tags, and never a pickle.

Plain data is copied. What only its owner can use (functions, clients) is lent: it crosses as a
number, and whoever gets that calls back. What is lent comes home as the very same object.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from dialtone_kit.classroom.grading.line import LineBroken

DEEPEST = 40
SHOWN = 300  # characters of what is only shown
_SMALL = 1 << 53
_ALWAYS_DATA = frozenset({dict, list, tuple, set, frozenset, bytes})
_BOXES: Mapping[str, Callable[[Iterable[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


@dataclass(frozen=True)
class Kind:
    """A class whose objects cross as a copy; with `back`, out of the sandbox too."""

    name: str
    cls: type
    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]
    back: bool = False


@dataclass(frozen=True)
class Lent:
    """Something of the other side's: its number there, and how it looks."""

    number: int
    kind: str
    text: str
    callable: bool


class Crossing:
    """One side's view: `packs` and `unpacks` are the kinds it copies, `stand_in` makes the rest."""

    def __init__(
        self,
        stand_in: Callable[[Lent], object],
        packs: Iterable[Kind],
        unpacks: Iterable[Kind],
    ) -> None:
        self._stand_in = stand_in
        self._packs = tuple(packs)
        self._unpacks = {kind.name: kind for kind in unpacks}
        self._lent: dict[int, object] = {}
        self._numbers: dict[int, int] = {}  # by id; _lent keeps the objects alive
        self._theirs: dict[int, tuple[int, object]] = {}

    def lend(self, thing: object) -> int:
        """The number by which the other side calls `thing`."""
        if id(thing) not in self._numbers:
            number = len(self._lent) + 1
            self._lent[number], self._numbers[id(thing)] = thing, number
        return self._numbers[id(thing)]

    def own(self, number: object) -> Any:
        """What was lent under `number`."""
        if not isinstance(number, int) or number not in self._lent:
            raise LineBroken("It asked for something that it was never given.")
        return self._lent[number]

    def adopt(self, thing: object, number: int) -> None:
        """`thing` stands for what the other side has under `number`."""
        self._theirs[id(thing)] = number, thing

    # -- out -----------------------------------------------------------------------------------

    def encode(self, value: object, depth: int = 0) -> Any:
        """`value` as JSON, tagged where JSON lacks the type.

        What is neither data nor of a kind in `packs` is lent: its number crosses.
        """
        if value is None or type(value) in (bool, str, float):
            return value
        if type(value) is int:
            return value if abs(value) < _SMALL else {"int": hex(value)}
        if value is ...:
            return {"...": True}
        if id(value) in self._theirs:
            return {"own": self._theirs[id(value)][0]}
        kind = None if type(value) in _ALWAYS_DATA else self._kind(value)
        if kind is not None and depth < DEEPEST:
            packed = self.encode(kind.pack(value), depth + 1)
            return {"of": kind.name, "copy": packed, "number": self.lend(value)}
        return self._data(value, depth + 1)

    def _kind(self, value: object) -> Kind | None:
        return next((kind for kind in self._packs if isinstance(value, kind.cls)), None)

    def _data(self, value: object, depth: int) -> Any:
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int | float):
            return self.encode((int if isinstance(value, int) else float)(value))
        if isinstance(value, bytes | bytearray):
            return {"bytes": base64.b64encode(value).decode()}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        if depth < DEEPEST:
            if isinstance(value, Mapping):
                pairs = [[value_of, value[value_of]] for value_of in value]
                return {"dict": [[self.encode(one, depth) for one in pair] for pair in pairs]}
            for name, box in (("list", list), *_BOXES.items()):
                if isinstance(value, box):  # type: ignore[arg-type]
                    inside = [self.encode(one, depth) for one in value]  # type: ignore[attr-defined]
                    return inside if name == "list" else {name: inside}
        return self._lending(value)

    def _lending(self, value: object) -> Any:
        return {
            "lent": self.lend(value),
            "kind": type(value).__name__[:60],
            "text": _looks(value),
            "callable": callable(value),
        }

    # -- in ------------------------------------------------------------------------------------

    def decode(self, form: Any) -> Any:
        """The value in `form`. LineBroken for a form that `encode` doesn't make."""
        try:
            return self._read(form)
        except LineBroken:
            raise
        except Exception:
            raise LineBroken("It sent a value that can't be read.") from None

    def _read(self, form: Any) -> Any:
        if isinstance(form, list):
            return [self._read(one) for one in form]
        if not isinstance(form, dict):
            return form
        if "own" in form:
            return self.own(form["own"])
        if "of" in form:
            return self._copied(form)
        if "lent" in form:
            return self._borrowed(form)
        ((tag, inside),) = form.items()
        if tag == "dict":
            return {self._read(name): self._read(value) for name, value in inside}
        if tag in _BOXES:
            return _BOXES[tag]([self._read(one) for one in inside])
        return _PLAIN[tag](inside)

    def _copied(self, form: Mapping[str, Any]) -> Any:
        copy = self._unpacks[form["of"]].unpack(self._read(form["copy"]))
        self.adopt(copy, int(form["number"]))
        return copy

    def _borrowed(self, form: Mapping[str, Any]) -> Any:
        number = int(form["lent"])
        for known, thing in self._theirs.values():
            if known == number:
                return thing
        looks = str(form["kind"])[:60], str(form["text"])[:SHOWN], bool(form["callable"])
        thing = self._stand_in(Lent(number, *looks))
        self.adopt(thing, number)
        return thing


def _looks(value: object) -> str:
    try:
        return repr(value)[:SHOWN]
    except Exception:
        return f"<{type(value).__name__[:60]}>"


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "int": lambda text: int(text, 16),
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "path": Path,
    "...": lambda _: ...,
}
