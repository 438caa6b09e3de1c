"""Finds the checks of a module, and takes one out: of functions that are in use, while they are."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

PACKAGE = "dialtone_kit"
REFUSALS = {"Refusal", "_too_many", "wrong", "locked", "refused"}  # what such a call returns: a no


@dataclass(frozen=True)
class Check:
    """An `if` that refuses, or one side of an `or` in it; or a piece of code put otherwise."""

    module: str
    function: str
    condition: str
    line: int = 0
    operand: int | None = None
    instead: str | None = None

    @property
    def id(self) -> str:
        return f"{self.module}:{self.function}: {self.condition}"


def checks_of(module: str) -> list[Check]:
    """Every check of a module, in the order of its lines."""
    found = []
    for function, node in _ifs(ast.parse(_path(module).read_text(encoding="utf-8"))):
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
            for side, value in enumerate(node.test.values):
                found.append(Check(module, function, ast.unparse(value), node.lineno, side))
        else:
            found.append(Check(module, function, ast.unparse(node.test), node.lineno))
    return found


@contextmanager
def without(check: Check) -> Iterator[None]:
    """The kit as if that check had never been written."""
    new = code_without(check)
    functions = _functions(importlib.import_module(f"{PACKAGE}.{check.module}"))
    before = {function: function.__code__ for function in functions}
    for function, code in before.items():
        function.__code__ = new[code.co_qualname]
    _forget()
    try:
        yield
    finally:
        for function, code in before.items():
            function.__code__ = code
        _forget()


@functools.cache
def code_without(check: Check) -> dict[str, CodeType]:
    """The module's functions, compiled without the check. To be called before there are threads:
    Python 3.11 counts the depth of its syntax trees for all of them together."""
    path = _path(check.module)
    text = path.read_text(encoding="utf-8")
    if check.instead is not None:
        assert text.count(check.condition) == 1, check.id
        tree = ast.parse(text.replace(check.condition, check.instead))
    else:
        tree = ast.parse(text)
        [node] = [one for _, one in _ifs(tree) if one.lineno == check.line]
        never = ast.copy_location(ast.Constant(False), node.test)
        if check.operand is None:
            node.test = never
        elif isinstance(node.test, ast.BoolOp):
            node.test.values[check.operand] = never
    return {code.co_qualname: code for code in _codes(compile(tree, str(path), "exec"))}


def _path(module: str) -> Path:
    return Path(__file__).parents[3] / PACKAGE / f"{module.replace('.', '/')}.py"


def _ifs(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.If]]:
    """The refusing `if`s below `tree`, with the name of the function that each stands in."""
    for node in ast.iter_child_nodes(tree):
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        name = f"{inside}.{node.name}".lstrip(".") if named else inside
        if isinstance(node, ast.If) and _refuses(node.body[-1]):
            yield name, node
        yield from _ifs(node, name)


def _refuses(last: ast.stmt) -> bool:
    if isinstance(last, ast.Raise):
        return True
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Call):
        return False
    called = last.value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in REFUSALS or name.startswith("refused")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _functions(module: ModuleType) -> list[FunctionType]:
    """The functions that were written in a module, below whatever decorates them."""
    values = list(vars(module).values())
    values += [v for value in values if inspect.isclass(value) for v in vars(value).values()]
    found = {id(plain): plain for plain in map(_plain, values) if plain is not None}
    return [one for one in found.values() if one.__code__.co_filename == module.__file__]


def _plain(value: Any) -> FunctionType | None:
    for name in ("fget", "func", "__func__"):  # property, cached_property, class method
        value = getattr(value, name, None) or value
    value = inspect.unwrap(value) if callable(value) else value
    return value if isinstance(value, FunctionType) else None


def _forget() -> None:
    """What was remembered of answers given with the check, or without it."""
    for name, module in list(sys.modules.items()):
        if name.startswith(PACKAGE):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
