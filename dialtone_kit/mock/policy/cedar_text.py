"""Cedar source: compiled once and cached, with the line number of whatever is wrong.

The engine (cedarpy) reports what is wrong but not where, and deeply nested source would crash the
process. So the source is checked before the engine reads it, and its messages get a line after.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import cedarpy
from cedarpy import pst

from dialtone_kit.base.email import canonical_domain, canonical_email

KIT_POLICIES = Path(__file__).parent  # the kit's own .cedar files and their README
SCHEMA = KIT_POLICIES / "schema.cedarschema"
MAX_TEXT = 64 * 1024  # characters of a policy text
MAX_DEPTH = 40  # nested brackets; the engine's own stack overflows after some hundreds
MAX_STRING = 500  # characters of one in a policy: `like` takes the product of two
MAX_STEPS = 200  # operators in one policy: && || if . and so on

# As the engine reads it: a comment ends at a lone carriage return, too. A string without an end
# takes the rest: otherwise, each of its characters would be tried as the beginning of another.
TOKEN = re.compile(r'//[^\r\n]*|"(?:[^"\\]|\\.)*+"?|\w+|::|&&|\|\||[=!<>]=|\S', re.DOTALL)
END_OF_LINE = re.compile(r"\r\n?|\n")
OPENING, CLOSING = "([{", ")]}"
STEPS = {"&&", "||", "+", "-", "*", ".", "if", "!", "==", "!=", "<", ">", "<=", ">=", "[", "{", "("}
UNFINISHED = "unexpected end of input"
# Errors found while scanning; the engine finds all others once the policy is complete.
SYNTAX = ("unexpected token", "invalid token")
QUOTED = re.compile(r"`([^`]+)`|'([^']+)'|: (@?[\w:]+)$|(\"[^\"]+\")")
CANONICAL = {"Domain": canonical_domain, "Sponsor": canonical_email}


class PolicyProblem(Exception):
    """Policy source that can't be used. `line` counts from 1; 0 when no line is to blame."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}" if line else text)
        self.line, self.text = line, text


@dataclass(frozen=True)
class Named:
    """A policy's annotations: its `@id`, and in `@ask` what to ask for instead."""

    id: str
    ask: str = ""


@dataclass(frozen=True, eq=False)
class Policies:
    """Source that the engine accepted. `version` changes whenever the source does."""

    version: str
    handle: cedarpy.PolicySet = field(repr=False)
    named: Mapping[str, Named] = field(repr=False)
    domains: frozenset[str] | None = field(repr=False)  # those it names; None: unknown


@lru_cache(maxsize=64)
def compiled(text: str) -> Policies | PolicyProblem:
    """The policies in `text`, or what is wrong with it and where. Both are cached."""
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
    """One policy in `whole`, up to and including its semicolon."""

    whole: str = field(repr=False)
    tokens: tuple[_Token, ...]

    @property
    def line(self) -> int:
        return self.tokens[0].line

    def text(self, upto: int | None = None) -> str:
        """The policy's source; with `upto`, only as far as that line."""
        last = [one for one in self.tokens if upto is None or one.line <= upto][-1]
        return self.whole[self.tokens[0].start : last.start + len(last.text)]


def _compile(text: str) -> Policies:
    if len(text) > MAX_TEXT:
        raise PolicyProblem(0, f"a policy text has at most {MAX_TEXT} characters")
    try:
        version = sha256(text.encode()).hexdigest()[:12]
    except UnicodeEncodeError as problem:
        line = _lines_in(text[: problem.start]) + 1
        raise PolicyProblem(
            line, "half a character (a lone surrogate), which no file can hold"
        ) from None
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
    for match in TOKEN.finditer(text):
        line += _lines_in(text[seen : match.start()])
        seen = match.start()
        if match[0].startswith("//"):
            continue
        tokens.append(_Token(match[0], match.start(), line))
        if match[0] == ";":
            yield _Statement(text, tuple(tokens))
            tokens = []
    if tokens:
        yield _Statement(text, tuple(tokens))


def _lines_in(text: str) -> int:
    return sum(1 for _ in END_OF_LINE.finditer(text))


def _check_size(statement: _Statement) -> None:
    """Refuse what would overflow the stack of the engine's parser, or take long to decide."""
    depth = steps = 0
    for token in statement.tokens:
        depth += (token.text in OPENING) - (token.text in CLOSING)
        steps += token.text in STEPS
        if token.text.startswith('"') and len(token.text) > MAX_STRING + 2:
            raise PolicyProblem(token.line, f"a string of more than {MAX_STRING} characters")
        if depth > MAX_DEPTH:
            raise PolicyProblem(token.line, f"brackets nested more than {MAX_DEPTH} deep")
        if steps > MAX_STEPS:
            raise PolicyProblem(token.line, f"more than {MAX_STEPS} operators in one policy")


def _check_syntax(statement: _Statement) -> None:
    try:
        policies = cedarpy.PolicySet.from_str(statement.text())
    except ValueError as problem:
        message = str(problem)
        if message == UNFINISHED:
            last = statement.tokens[-1].line
            what = f"the policy that begins on line {statement.line} does not end with a semicolon"
            raise PolicyProblem(last, what) from None
        raise PolicyProblem(_line_of_syntax(statement, message), message) from None
    if policies.templates():
        line = next((one.line for one in statement.tokens if one.text == "?"), statement.line)
        raise PolicyProblem(
            line, "a template permits nothing here: name the principal and the resource"
        )


def _line_of_syntax(statement: _Statement, message: str) -> int:
    """The first line where the source is wrong, not just unfinished; else that of a quoted word."""
    *lines, last = sorted({token.line for token in statement.tokens})
    # What is wrong after a line stays wrong, however much follows: no need to parse at each line.
    found = bisect_left(lines, True, key=lambda line: _is_wrong(statement.text(line)))
    if found < len(lines):
        return lines[found]
    return last if message.startswith(SYNTAX) else _line_of_word(statement, message, last)


def _is_wrong(beginning: str) -> bool:
    """Whether no continuation could make a policy of it."""
    try:
        cedarpy.PolicySet.from_str(beginning)
    except ValueError as problem:
        return str(problem) != UNFINISHED
    return False


def _line_of_word(statement: _Statement, message: str, otherwise: int) -> int:
    """The line of the first word that the message quotes and that the policy contains."""
    for match in QUOTED.finditer(message):
        word = next(part for part in match.groups() if part)
        for name in (word, *re.findall(r'"[^"]*"|\w+', word)):
            for token in statement.tokens:
                if token.text == name:
                    return token.line
    return otherwise


def _check_names(text: str, statements: list[_Statement]) -> None:
    """Every action, entity and member that the policies use is in the schema."""
    for error in cedarpy.validate_policies(text, _schema()).errors:
        message = re.sub(r"(for )?policy `policy\d+`, ", "", error.error)
        if not error.policy_id:
            raise PolicyProblem(0, message)
        statement = statements[policy_number(error.policy_id)]
        raise PolicyProblem(_line_of_word(statement, message, statement.line), message)


def _check_literals(text: str, statements: list[_Statement]) -> frozenset[str] | None:
    """The domains that the policies name; None if the engine can't list them.

    A domain or address in another than its canonical spelling would never match: it is refused.
    """
    try:
        named = pst.entity_uids(cedarpy.policies_to_pst(text))
    except ValueError:  # nested too deeply to be listed, though not to be decided
        return None
    for one in sorted(named, key=str):
        kind = str(one.type)
        wanted = CANONICAL[kind](one.id) if kind in CANONICAL else one.id
        if wanted != one.id:
            advice = f'write {kind}::"{wanted}"' if wanted else "this is not a valid one"
            raise PolicyProblem(_line_of_literal(statements, one.id), f"{one}: {advice}")
    return frozenset(one.id for one in named if str(one.type) == "Domain")


def _line_of_literal(statements: list[_Statement], name: str) -> int:
    for statement in statements:
        for token in statement.tokens:
            if token.text == f'"{name}"':
                return token.line
    return 0  # it is written with escapes


def _annotations(text: str, statements: list[_Statement]) -> dict[str, Named]:
    """Each policy's name and advice by the engine's id. Without an @id, its line is its name."""
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    named = {}
    for name, policy in parsed.items():
        annotations = policy.get("annotations") or {}
        line = statements[policy_number(name)].line
        called = " ".join((annotations.get("id") or "").split())[:100] or f"line-{line}"
        named[name] = Named(called, (annotations.get("ask") or "")[:300])
    return named


@lru_cache(maxsize=1)
def _schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str(SCHEMA.read_text(encoding="utf-8"))


def policy_number(name: str) -> int:
    """The position in the source of the policy that the engine calls policy<N>."""
    return int(name.removeprefix("policy"))
