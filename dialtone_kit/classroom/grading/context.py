"""What an answer needs of the cells before it: only those statements that define its names.

The lesson's own cells come from the official notebook. A learner's come from theirs: exercises, and
cells that they added.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from contextlib import suppress

from dialtone_kit.classroom.grading.cells import Book, Cell, without_magics

GIVEN = frozenset({"lesson"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def statements_before(cell: Cell, book: Book, official: Book) -> list[str]:
    """The statements to run before `cell`, in order."""
    needed, chosen = _needed_by(_parsed(cell.source)) - GIVEN, list[str]()
    for statement in reversed(list(_all_before(cell, book, official))):
        if _defined(statement) & needed:
            with suppress(RecursionError):  # nested deeper than anyone writes
                chosen.append(ast.unparse(statement))
                needed |= _used(statement) - GIVEN
    return chosen[::-1]


def _all_before(cell: Cell, book: Book, official: Book) -> Iterator[ast.stmt]:
    """Official cells up to the exercise, then the learner's own that stand before `cell`."""
    known = {one.id for one in official.cells if not one.checks}
    exercise = cell.checks[0]
    for one in official.cells:
        if exercise in one.checks:
            break
        if not one.checks:
            yield from _parsed(one.source).body
    for one in book.cells:
        if one is cell:
            return
        if one.id not in known and not one.tags & {"parameters", "injected-parameters"}:
            yield from _parsed(one.source).body


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def _needed_by(tree: ast.Module) -> set[str]:
    """The names that the statements use and don't define first."""
    needed, defined = set[str](), set[str]()
    for statement in tree.body:
        own = _defined(statement)
        first = defined if isinstance(statement, ast.Assign | ast.AugAssign) else defined | own
        needed |= _used(statement) - first
        defined |= own
    return needed


def _used(statement: ast.stmt) -> set[str]:
    """The global names that a statement reads, in functions too."""
    try:
        table = symtable.symtable(ast.unparse(statement), "the cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = {one.get_name() for one in table.get_symbols() if one.is_referenced()}
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        found.add(statement.target.id)
    return found.union(*(_global_names(inner) for inner in table.get_children()))


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (one.get_name() for one in table.get_symbols() if one.is_global())
    for inner in table.get_children():
        yield from _global_names(inner)


def _defined(statement: ast.stmt) -> set[str]:
    """The names that a statement binds at the top level; names inside functions are their own."""
    if isinstance(statement, _SCOPES):
        return {statement.name}
    found = set[str]()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, _SCOPES):
            found.add(node.name)
    return found
