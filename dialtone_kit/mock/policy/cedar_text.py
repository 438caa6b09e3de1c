"""Cedar texts: read once, remembered, and when something is wrong, told on which line.

The engine (cedarpy) says what is wrong but not where, and a text nested deeply enough would end the
process: both are seen to here, before and after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import cedarpy
from cedarpy import pst

from dialtone_kit.mock.policy.domains import canonical_domain, canonical_email

KIT_POLICIES = Path(__file__).parent  # what the kit brings: the .cedar files and their README
SCHEMA = KIT_POLICIES / "schema.cedarschema"
MAX_TEXT = 64 * 1024  # characters of a policy text
MAX_DEPTH = 40  # brackets inside brackets; the engine's own stack holds some hundreds
MAX_STEPS = 200  # operators in one policy: && || if . and their like

TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\]|\\.)*"|\w+|::|&&|\|\||[=!<>]=|\S', re.DOTALL)
OPENING, CLOSING = "([{", ")]}"
STEPS = {"&&", "||", "+", "-", "*", ".", "if", "!", "==", "!=", "<", ">", "<=", ">=", "[", "{", "("}
UNFINISHED = "unexpected end of input"
SYNTAX = ("unexpected token", "invalid token")  # told at once; all else when the policy is read
QUOTED = re.compile(r"`([^`]+)`|'([^']+)'|: (@?[\w:]+)$|(\"[^\"]+\")")
CANONICAL = {"Domain": canonical_domain, "Sponsor": canonical_email}


class PolicyProblem(Exception):
    """A policy text that can't be used. `line` counts from 1; 0 when no line is to blame."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}" if line else text)
        self.line, self.text = line, text


@dataclass(frozen=True)
class Named:
    """What a policy's annotations say: its `@id`, and in `@ask` what one may ask for instead."""

    id: str
    ask: str = ""


@dataclass(frozen=True, eq=False)
class Policies:
    """A text that the engine accepted. `version` changes with every change of the text."""

    version: str
    handle: cedarpy.PolicySet = field(repr=False)
    named: Mapping[str, Named] = field(repr=False)
    domains: frozenset[str] | None = field(repr=False)  # those it speaks of; None: not known


@lru_cache(maxsize=64)
def compiled(text: str) -> Policies | PolicyProblem:
    """`text` ready to be asked, or what is wrong with it and where. Remembered, both ways."""
    try:
        return _compile(text)
    except PolicyProblem as problem:
        return problem


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    line: int


@dataclass(frozen=True)
class _Statement:
    """One policy in `whole`, up to its semicolon."""

    whole: str = field(repr=False)
    tokens: tuple[_Token, ...]

    @property
    def line(self) -> int:
        return self.tokens[0].line

    def text(self, upto: int | None = None) -> str:
        """The policy as text; with `upto` only its lines up to that one."""
        last = [one for one in self.tokens if upto is None or one.line <= upto][-1]
        return self.whole[self.tokens[0].start : last.start + len(last.text)]


def _compile(text: str) -> Policies:
    if len(text) > MAX_TEXT:
        raise PolicyProblem(0, f"a policy text has at most {MAX_TEXT} characters")
    try:
        version = sha256(text.encode()).hexdigest()[:12]
    except UnicodeEncodeError as problem:
        line = text.count("\n", 0, problem.start) + 1
        raise PolicyProblem(line, "half a character, which no text can hold") from None
    statements = list(_statements(text))
    for statement in statements:
        _check_size(statement)
    for statement in statements:
        _check_syntax(statement)
    _check_names(text, statements)
    domains = _check_literals(text, statements)
    handle = cedarpy.PolicySet.from_str(text)
    return Policies(version, handle, _annotations(text, statements), domains)


def _statements(text: str) -> Iterator[_Statement]:
    tokens: list[_Token] = []
    line, seen = 1, 0
    for found in TOKEN.finditer(text):
        line += text.count("\n", seen, found.start())
        seen = found.start()
        if found[0].startswith("//"):
            continue
        tokens.append(_Token(found[0], found.start(), line))
        if found[0] == ";":
            yield _Statement(text, tuple(tokens))
            tokens = []
    if tokens:
        yield _Statement(text, tuple(tokens))


def _check_size(statement: _Statement) -> None:
    """What the engine's parser would take so deep that its stack ends."""
    depth = steps = 0
    for token in statement.tokens:
        depth += (token.text in OPENING) - (token.text in CLOSING)
        steps += token.text in STEPS
        if depth > MAX_DEPTH:
            raise PolicyProblem(token.line, f"brackets nested more than {MAX_DEPTH} deep")
        if steps > MAX_STEPS:
            raise PolicyProblem(token.line, f"more than {MAX_STEPS} operators in one policy")


def _check_syntax(statement: _Statement) -> None:
    try:
        policies = cedarpy.PolicySet.from_str(statement.text())
    except ValueError as problem:
        said = str(problem)
        if said == UNFINISHED:
            last = statement.tokens[-1].line
            what = f"the policy that begins on line {statement.line} does not end with a semicolon"
            raise PolicyProblem(last, what) from None
        raise PolicyProblem(_line_of_syntax(statement, said), said) from None
    if policies.templates():
        line = next((one.line for one in statement.tokens if one.text == "?"), statement.line)
        raise PolicyProblem(line, "a template permits nothing here: name who and what")


def _line_of_syntax(statement: _Statement, said: str) -> int:
    """The first line with which the engine no longer waits for more; or where the word stands."""
    last = statement.tokens[-1].line
    for line in sorted({token.line for token in statement.tokens} - {last}):
        try:
            cedarpy.PolicySet.from_str(statement.text(line))
        except ValueError as problem:
            if str(problem) != UNFINISHED:
                return line
    return last if said.startswith(SYNTAX) else _line_of_word(statement, said, last)


def _line_of_word(statement: _Statement, said: str, otherwise: int) -> int:
    """Where the first of the words that a message quotes stands in the policy."""
    for found in QUOTED.finditer(said):
        word = next(part for part in found.groups() if part)
        for name in (word, *re.findall(r'"[^"]*"|\w+', word)):
            for token in statement.tokens:
                if token.text == name:
                    return token.line
    return otherwise


def _check_names(text: str, statements: list[_Statement]) -> None:
    """Every action, entity and member that the policies speak of is in the schema."""
    for error in cedarpy.validate_policies(text, _schema()).errors:
        said = re.sub(r"(for )?policy `policy\d+`, ", "", error.error)
        if not error.policy_id:
            raise PolicyProblem(0, said)
        statement = statements[policy_number(error.policy_id)]
        raise PolicyProblem(_line_of_word(statement, said, statement.line), said)


def _check_literals(text: str, statements: list[_Statement]) -> frozenset[str] | None:
    """The domains that the policies name; None when the engine can't list them.

    A domain or address written as it is never compared would silently match nobody: refused.
    """
    try:
        named = pst.entity_uids(cedarpy.policies_to_pst(text))
    except ValueError:  # nested too deeply for its list, and not for its decisions
        return None
    for one in sorted(named, key=str):
        kind = str(one.type)
        wanted = CANONICAL[kind](one.id) if kind in CANONICAL else one.id
        if wanted != one.id:
            rather = f'write {kind}::"{wanted}"' if wanted else "this is none"
            raise PolicyProblem(_line_of_literal(statements, one.id), f"{one}: {rather}")
    return frozenset(one.id for one in named if str(one.type) == "Domain")


def _line_of_literal(statements: list[_Statement], name: str) -> int:
    for statement in statements:
        for token in statement.tokens:
            if token.text == f'"{name}"':
                return token.line
    return 0  # written with escapes


def _annotations(text: str, statements: list[_Statement]) -> dict[str, Named]:
    """What each policy is called, by the engine's name for it: its @id, or the line it is on."""
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    named = {}
    for name, policy in parsed.items():
        told = policy.get("annotations") or {}
        line = statements[policy_number(name)].line
        called = " ".join((told.get("id") or "").split())[:100] or f"line-{line}"
        named[name] = Named(called, (told.get("ask") or "")[:300])
    return named


@lru_cache(maxsize=1)
def _schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str(SCHEMA.read_text(encoding="utf-8"))


def policy_number(name: str) -> int:
    """The place in the text of the policy that the engine calls policy<N>."""
    return int(name.removeprefix("policy"))
