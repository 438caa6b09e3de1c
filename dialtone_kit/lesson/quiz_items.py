"""The quiz that is asked before and after the lessons: eight pairs, an item of each in two forms.

Form A and form B ask about the same eight things in other situations. content/quiz/items.toml:

    [[item]]
    pair = "stolen"
    form = "A"
    question = "A short situation, then one question."
      [[item.choices]]      # four, one of them right; a fifth, "I don't know yet", is added
      text = "…"
      why = "…"
      code = "M08"          # each wrong one has the code of a misconception that leads to it
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

from dialtone_kit.lesson.questions import BadQuestions, choices_of, only, text_of
from dialtone_kit.widgets.choices import Choice, Question

Form = Literal["A", "B"]
FORMS: tuple[Form, Form] = ("A", "B")
CHOICES = 4
OPEN = Choice("I don't know yet", "", open=True)


@cache
def items(form: Form) -> tuple[Question, ...]:
    """The items of `form`, in the order of the file."""
    file = resources.files("dialtone_kit.lesson.content").joinpath("quiz/items.toml")
    return tuple(item for item in parse(file.read_text(encoding="utf-8")) if item.form == form)


def parse(text: str) -> tuple[Question, ...]:
    """All items in `text`, an items.toml. Raises BadQuestions, which names item and mistake."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadQuestions(f"quiz: {error}") from None
    only(document, {"item"}, "quiz")
    found = tuple(_item(table) for table in document.get("item", []))
    ids = [item.id for item in found]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise BadQuestions(f"quiz: {twice[0]} is there twice")
    alone = sorted({f"{item.form} of {item.pair}" for item in found if _other(item.id) not in ids})
    if alone:
        raise BadQuestions(f"quiz: only form {alone[0]} is there")
    return found


def _item(table: Mapping[str, object]) -> Question:
    form, pair = text_of(table, "form", "quiz"), text_of(table, "pair", "quiz")
    name = f"quiz: {form} of {pair}"
    only(table, {"pair", "form", "question", "choices"}, name)
    if form not in FORMS:
        raise BadQuestions(f"{name}: a form is A or B")
    choices = choices_of(table, name)
    if len(choices) != CHOICES:
        raise BadQuestions(f"{name}: an item has four choices")
    if not all(choice.right or choice.code for choice in choices):
        raise BadQuestions(f"{name}: a wrong choice has the code of its misconception")
    question = text_of(table, "question", name)
    return Question(f"{form}.{pair}", question, (*choices, OPEN), form=form, pair=pair)


def _other(item_id: str) -> str:
    return f"{'B' if item_id[0] == 'A' else 'A'}{item_id[1:]}"
