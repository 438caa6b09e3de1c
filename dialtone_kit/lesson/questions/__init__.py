"""A lesson's questions, `NN.toml` beside this file: predictions and quiz items, checked as read.

    [[prediction]]
    id = "02.who-gets-the-code"
    question = "Text; `code` stands between backticks."
      [[prediction.choices]]
      text = "what the learner can choose"
      why = "the sentence shown after this choice"
      right = true            # exactly one choice has it
      [[prediction.choices]]
      text = "…"
      why = "…"
      code = "M25"            # the misconception behind a wrong choice (CONTRIBUTING.md lists them)

`[[quiz]]` looks the same, and may name a `pair`: the id of the item that asks the same thing in
the other form, so that a report can compare before and after.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from dialtone_kit.base.errors import DialtoneError

_ID = re.compile(r"(\d\d)\.[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE = re.compile(r"M\d\d")
_KINDS = ("prediction", "quiz")


class BadQuestions(DialtoneError):
    """A question file can't be used; the message names the file, the item and what is wrong."""


@dataclass(frozen=True)
class Choice:
    """One thing to choose, and what to say to somebody who chose it."""

    text: str
    why: str
    right: bool = False
    code: str | None = None


@dataclass(frozen=True)
class Question:
    """A question with its choices; `pair` is the same item in the other form of a quiz."""

    id: str
    question: str
    choices: tuple[Choice, ...]
    pair: str | None = None

    @property
    def right(self) -> int:
        """The position of the right choice."""
        return next(n for n, choice in enumerate(self.choices) if choice.right)


@dataclass(frozen=True)
class Questions:
    """All questions of one lesson, by id, in the order of the file."""

    predictions: Mapping[str, Question]
    quiz: Mapping[str, Question]


def load(number: str, folder: Traversable | None = None) -> Questions:
    """The questions of lesson `number` ("02"); a lesson without a file has none."""
    file = (folder if folder is not None else resources.files(__name__)).joinpath(f"{number}.toml")
    return parse(file.read_text(encoding="utf-8"), number) if file.is_file() else Questions({}, {})


def prediction(question_id: str) -> Question:
    """The prediction with this id, such as "02.who-gets-the-code"."""
    found = load(question_id[:2]).predictions
    if question_id not in found:
        known = ", ".join(found) or "none"
        raise DialtoneError(f"No prediction {question_id}. Lesson {question_id[:2]} has: {known}.")
    return found[question_id]


def quiz(number: str) -> tuple[Question, ...]:
    """The quiz of lesson `number`, in order."""
    items = tuple(load(number).quiz.values())
    if not items:
        raise DialtoneError(f"Lesson {number} has no quiz.")
    return items


def parse(text: str, number: str) -> Questions:
    """The questions in `text`, the content of `<number>.toml`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadQuestions(f"{number}.toml: {error}") from None
    unknown = set(document) - set(_KINDS)
    if unknown:
        raise BadQuestions(f"{number}.toml: unknown table {sorted(unknown)[0]!r}")
    found = {kind: dict(_items(document.get(kind, []), number)) for kind in _KINDS}
    both = found["prediction"].keys() & found["quiz"].keys()
    if both:
        raise BadQuestions(f"{number}.toml: {sorted(both)[0]} stands twice")
    return Questions(found["prediction"], found["quiz"])


def _items(tables: list[dict[str, object]], number: str) -> Iterator[tuple[str, Question]]:
    seen: set[str] = set()
    for table in tables:
        item = _question(table, number)
        if item.id in seen:
            raise BadQuestions(f"{number}.toml: {item.id} stands twice")
        seen.add(item.id)
        yield item.id, item


def _question(table: Mapping[str, object], number: str) -> Question:
    name = f"{number}.toml: {table.get('id', 'an item without id')}"
    identifier = _text(table, "id", name)
    found = _ID.fullmatch(identifier)
    if found is None or found[1] != number:
        raise BadQuestions(f"{name}: an id here looks like {number}.two-words")
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
        raise BadQuestions(f"{name}: {key} is missing or not a text")
    return " ".join(value.split())


def _only(table: Mapping[str, object], known: set[str], name: str) -> None:
    extra = set(table) - known
    if extra:
        raise BadQuestions(f"{name}: unknown member {sorted(extra)[0]!r}")
