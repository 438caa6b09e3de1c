"""Reads a lesson's questions, content/lesson_NN/questions.toml: predictions, quiz items, skills.

    [[prediction]]
    id = "02.what-it-holds"
    question = "Text; `code` goes between backticks."
    outcome = "What happens, in one short sentence: done() shows it next to the prediction."
    seen = { request = "POST /register/confirm", status = 409, text = "conflict" }
      [[prediction.choices]]
      text = "what the learner can choose"
      why = "the sentence shown under this choice, once the question is answered"
      right = true            # exactly one choice has it
      [[prediction.choices]]
      text = "…"
      why = "…"
      code = "M25"            # the misconception behind a wrong choice

    [[skill]]
    text = "count the tries, and stop before the lock"   # completes "You can …"
    exercises = ["02.tries"]  # what has to be right for it

    [[estimate]]              # about the learner: no choice is right
    id = "13.requests"
    question = "How many requests will you need?"
    choices = ["7", "8 or 9"]

`seen` may be left out. It describes the request of this lesson that shows the outcome: method and
end of the path, status, and `text` in the response, which is optional too. `[[quiz]]` looks like a
prediction without outcome and `seen`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.widgets.choices import Choice, Question

_ID = re.compile(r"(\d\d)\.[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE = re.compile(r"M\d\d")
_KINDS = ("prediction", "quiz", "skill", "estimate")


class BadQuestions(DialtoneError):
    """A question file can't be used; the message names the lesson, the item and the mistake."""


@dataclass(frozen=True)
class Skill:
    """Something that a learner can do once these exercises are right."""

    text: str
    exercises: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """The request that shows a prediction's outcome: method, end of the path, status, text."""

    method: str
    path: str
    status: int
    text: str


@dataclass(frozen=True)
class Questions:
    """All questions of one lesson, by id, in the order of the file; `seen` by prediction."""

    predictions: Mapping[str, Question]
    quiz: Mapping[str, Question]
    skills: tuple[Skill, ...] = ()
    seen: Mapping[str, Seen] = field(default_factory=dict)
    estimates: tuple[Question, ...] = ()


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
    predictions = document.get("prediction", [])
    asked = dict(_items(predictions, number, {"outcome", "seen"}))
    quiz = dict(_items(document.get("quiz", []), number))
    both = asked.keys() & quiz.keys()
    if both:
        raise BadQuestions(f"{where}: {sorted(both)[0]} is there twice")
    skills = tuple(_skill(table, number) for table in document.get("skill", []))
    shown = [table for table in predictions if "seen" in table]
    seen = {table["id"]: _seen(table["seen"], table["id"]) for table in shown}
    estimates = tuple(_estimate(table, number) for table in document.get("estimate", []))
    return Questions(asked, quiz, skills, seen, estimates)


def _items(
    tables: list[dict[str, object]], number: str, more: Set[str] = frozenset()
) -> Iterator[tuple[str, Question]]:
    seen: set[str] = set()
    for table in tables:
        item = _question(table, number, more)
        if item.id in seen:
            raise BadQuestions(f"lesson {number}: {item.id} is there twice")
        seen.add(item.id)
        yield item.id, item


def _question(table: Mapping[str, object], number: str, more: Set[str]) -> Question:
    name, identifier = _named(table, number)
    only(table, {"id", "question", "choices", *more}, name)
    outcome = text_of(table, "outcome", name) if "outcome" in more else ""
    return Question(identifier, text_of(table, "question", name), choices_of(table, name), outcome)


def _estimate(table: Mapping[str, object], number: str) -> Question:
    name, identifier = _named(table, number)
    only(table, {"id", "question", "choices"}, name)
    texts = table.get("choices")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadQuestions(f"{name}: the choices of an estimate are strings")
    choices = tuple(Choice(text, "") for text in texts)
    return Question(identifier, text_of(table, "question", name), choices)


def _named(table: Mapping[str, object], number: str) -> tuple[str, str]:
    """What BadQuestions calls an item, and its id."""
    name = f"lesson {number}: {table.get('id', 'an item without an id')}"
    identifier = text_of(table, "id", name)
    match = _ID.fullmatch(identifier)
    if match is None or match[1] != number:
        raise BadQuestions(f"{name}: an id here has the form {number}.two-words")
    return name, identifier


def _seen(table: object, name: str) -> Seen:
    if not isinstance(table, dict) or type(table.get("status")) is not int:
        raise BadQuestions(f"{name}: seen needs a request and a status, a number")
    only(table, {"request", "status", "text"}, f"{name}: seen")
    match = re.fullmatch(r"([A-Z]+) (/\S*)", text_of(table, "request", name))
    if match is None:
        raise BadQuestions(f"{name}: seen's request has the form GET /path")
    text = text_of(table, "text", name) if "text" in table else ""
    return Seen(match[1], match[2], table["status"], text)


def _skill(table: Mapping[str, object], number: str) -> Skill:
    name = f"lesson {number}: a skill"
    only(table, {"text", "exercises"}, name)
    ids = table.get("exercises")
    if not isinstance(ids, list) or not ids or not all(str(id)[:3] == f"{number}." for id in ids):
        raise BadQuestions(f"{name}: exercises lists ids of this lesson's exercises")
    return Skill(text_of(table, "text", name), tuple(map(str, ids)))


def choices_of(table: Mapping[str, object], name: str) -> tuple[Choice, ...]:
    """The choices of an item, one of them right. `name` is for BadQuestions."""
    tables = table.get("choices")
    if not isinstance(tables, list) or len(tables) < 2:
        raise BadQuestions(f"{name}: at least two choices are needed")
    choices = tuple(_choice(choice, name) for choice in tables)
    if sum(choice.right for choice in choices) != 1:
        raise BadQuestions(f"{name}: exactly one choice must be right")
    return choices


def _choice(table: Mapping[str, object], name: str) -> Choice:
    only(table, {"text", "why", "right", "code"}, name)
    right = table.get("right", False)
    if not isinstance(right, bool):
        raise BadQuestions(f"{name}: right is true or false")
    code = text_of(table, "code", name) if "code" in table else None
    if code is not None and (right or _CODE.fullmatch(code) is None):
        raise BadQuestions(f"{name}: a code, such as M25, belongs to a wrong choice")
    return Choice(text_of(table, "text", name), text_of(table, "why", name), right, code)


def text_of(table: Mapping[str, object], key: str, name: str) -> str:
    """The string under `key`, with single spaces. Raises BadQuestions if there is none."""
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadQuestions(f"{name}: {key} is missing or not a string")
    return " ".join(value.split())


def only(table: Mapping[str, object], known: Set[str], name: str) -> None:
    """Refuse a member that nothing reads. Raises BadQuestions."""
    extra = set(table) - known
    if extra:
        raise BadQuestions(f"{name}: unknown member {sorted(extra)[0]!r}")
