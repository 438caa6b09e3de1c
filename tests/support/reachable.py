"""What an object leads to, for tests that something secret is not among it."""

from __future__ import annotations

from types import FunctionType, MethodType, ModuleType
from typing import Any


def reachable(*start: object) -> list[object]:
    """All that attributes, slots, items, closures and bound methods lead to from `start`."""
    seen: dict[int, object] = {}
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, ModuleType | type | str | bytes | int):
            seen[id(one)] = one
            waiting += _members(one)
    return list(seen.values())


def _members(one: Any) -> list[object]:
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    found: list[object] = [getattr(one, name, None) for name in slots if name != "__weakref__"]
    found += getattr(one, "__dict__", {}).values()
    if isinstance(one, dict):
        found += [*one.keys(), *one.values()]
    if isinstance(one, list | tuple | set | frozenset):
        found += one
    if isinstance(one, FunctionType):
        found += [cell.cell_contents for cell in one.__closure__ or ()]
    if isinstance(one, MethodType):
        found += [one.__self__, one.__func__]
    return found
