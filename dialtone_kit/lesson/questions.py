"""Reads a lesson's questions, content/lesson_NN/questions.toml: predictions and quiz items.

    [[prediction]]
    id = "02.who-gets-the-code"
    question = "Text; `code` goes between backticks."
      [[prediction.choices]]
      text = "what the learner can choose"
      why = "the sentence shown after this choice"
      right = true            # exactly one choice has it
      [[prediction.choices]]
      text = "…"
      why = "…"
      code = "M25"            # the misconception behind a wrong choice

`[[quiz]]` looks the same, and may name a `pair`: the id of the item that asks the same thing in
the other form, so that a report can compare before and after.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.widgets.choices import Choice, Question

_ID = re.compile(r"(\d\d)\.[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE = re.compile(r"M\d\d")
_KINDS = ("prediction", "quiz")


class BadQuestions(DialtoneError):
    """A question file can't be used; the message names the lesson, the item and the mistake."""


@dataclass(frozen=True)
class Questions:
    """All questions of one lesson, by id, in the order of the file."""

    predictions: Mapping[str, Question]
    quiz: Mapping[str, Question]


def parse(text: str, number: str) -> Questions:
    """The questions in `text`, the questions.toml of lesson `number`."""
    where = f"lesson {number}"
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadQuestions(f"{where}: {error}") from None
    unknown = set(document) - set(_KINDS)
    if unknown:
        raise BadQuestions(f"{where}: unknown table {sorted(unknown)[0]!r}")
    items = {kind: dict(_items(document.get(kind, []), number)) for kind in _KINDS}
    both = items["prediction"].keys() & items["quiz"].keys()
    if both:
        raise BadQuestions(f"{where}: {sorted(both)[0]} is there twice")
    return Questions(items["prediction"], items["quiz"])


def _items(tables: list[dict[str, object]], number: str) -> Iterator[tuple[str, Question]]:
    seen: set[str] = set()
    for table in tables:
        item = _question(table, number)
        if item.id in seen:
            raise BadQuestions(f"lesson {number}: {item.id} is there twice")
        seen.add(item.id)
        yield item.id, item


def _question(table: Mapping[str, object], number: str) -> Question:
    name = f"lesson {number}: {table.get('id', 'an item without an id')}"
    identifier = _text(table, "id", name)
    match = _ID.fullmatch(identifier)
    if match is None or match[1] != number:
        raise BadQuestions(f"{name}: an id here has the form {number}.two-words")
    _only(table, {"id", "question", "choices", "pair"}, name)
    tables = table.get("choices")
    if not isinstance(tables, list) or len(tables) < 2:
        raise BadQuestions(f"{name}: at least two choices are needed")
    choices = tuple(_choice(choice, name) for choice in tables)
    if sum(choice.right for choice in choices) != 1:
        raise BadQuestions(f"{name}: exactly one choice must be right")
    pair = _text(table, "pair", name) if "pair" in table else None
    return Question(identifier, _text(table, "question", name), choices, pair)


def _choice(table: Mapping[str, object], name: str) -> Choice:
    _only(table, {"text", "why", "right", "code"}, name)
    right = table.get("right", False)
    if not isinstance(right, bool):
        raise BadQuestions(f"{name}: right is true or false")
    code = _text(table, "code", name) if "code" in table else None
    if code is not None and (right or _CODE.fullmatch(code) is None):
        raise BadQuestions(f"{name}: a code, such as M25, belongs to a wrong choice")
    return Choice(_text(table, "text", name), _text(table, "why", name), right, code)


def _text(table: Mapping[str, object], key: str, name: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadQuestions(f"{name}: {key} is missing or not a string")
    return " ".join(value.split())


def _only(table: Mapping[str, object], known: set[str], name: str) -> None:
    extra = set(table) - known
    if extra:
        raise BadQuestions(f"{name}: unknown member {sorted(extra)[0]!r}")
