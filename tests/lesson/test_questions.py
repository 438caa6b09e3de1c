"""The question files: what can be read, and how each mistake in one is reported."""

from __future__ import annotations

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.questions import BadQuestions, Seen, Skill, parse

GOOD = """
[[prediction]]
id = "02.what-next"
question = "What   comes\\n next?"
outcome = "This."
seen = { request = "GET /api/x", status = 200, text = "this" }
  [[prediction.choices]]
  text = "this"
  why = "because"
  right = true
  [[prediction.choices]]
  text = "that"
  why = "no"
  code = "M25"
"""
SHIPPED = [lesson.number for lesson in catalog.notebooks()]


def test_a_question_is_read_with_its_choices_in_order():
    found = parse(GOOD, "02").predictions["02.what-next"]
    assert found.question == "What comes next?"
    assert [choice.text for choice in found.choices] == ["this", "that"]
    assert (found.right, found.choices[1].code, found.outcome) == (0, "M25", "This.")
    assert parse(GOOD, "02").seen == {"02.what-next": Seen("GET", "/api/x", 200, "this")}


def test_a_skill_names_what_has_to_be_right_for_it():
    text = '[[skill]]\ntext = "read a document"\nexercises = ["02.facts", "02.more"]'
    assert parse(text, "02").skills == (Skill("read a document", ("02.facts", "02.more")),)


def test_choices_may_be_on_one_line_as_well():
    text = (
        '[[quiz]]\nid = "00.a-b"\nquestion = "?"\n'
        'choices = [{text="x", why="w"}, {text="y", why="v", right=true}]'
    )
    assert parse(text, "00").quiz["00.a-b"].right == 1


def test_a_lesson_that_is_not_there_has_no_questions_and_no_exercises():
    assert not catalog.questions("77").predictions
    assert not catalog.exercises("77")


@pytest.mark.parametrize("number", SHIPPED)
def test_every_shipped_file_is_good(number):
    found = catalog.questions(number)
    assert found.predictions or found.quiz


def test_an_unknown_prediction_is_named_with_those_that_exist():
    with pytest.raises(DialtoneError, match=r"02\.what-it-holds"):
        catalog.prediction("02.nothing-like-it")


def test_a_lesson_without_a_quiz_says_so():
    with pytest.raises(DialtoneError, match="Lesson 77 has no quiz"):
        catalog.quiz("77")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("right = true", "right = false"), "exactly one choice must be right"),
        (("right = true", 'right = "yes"'), "right is true or false"),
        (('code = "M25"', "right = true"), "exactly one choice must be right"),
        (("right = true", 'right = true\ncode = "M01"'), "belongs to a wrong choice"),
        (('"M25"', '"typo"'), "belongs to a wrong choice"),
        (('why = "no"', ""), "why is missing"),
        (('text = "that"', 'text = " "'), "text is missing"),
        (('"02.what-next"', '"03.what-next"'), "has the form 02"),
        (('"02.what-next"', '"02.What_Next"'), "has the form 02"),
        (("question =", "qustion ="), "unknown member 'qustion'"),
        (("[[prediction]]", "[[predictions]]"), "lesson 02"),
        (('text = "that"', 'text = "that"\nhint = "x"'), "unknown member 'hint'"),
        (("[[prediction]]", "[[prediction]"), "lesson 02"),
        (('outcome = "This."', ""), "outcome is missing"),
        (("status = 200", 'status = "200"'), "status, a number"),
        (("GET /api/x", "/api/x"), "has the form GET /path"),
        (('text = "this" }', 'body = "this" }'), "unknown member 'body'"),
    ],
)
def test_a_mistake_in_a_file_is_named(change, message):
    with pytest.raises(BadQuestions, match=message):
        parse(GOOD.replace(*change, 1), "02")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('text = "x"', "exercises lists ids"),
        ('text = "x"\nexercises = []', "exercises lists ids"),
        ('text = "x"\nexercises = ["03.facts"]', "exercises lists ids"),
        ('exercises = ["02.facts"]', "text is missing"),
        ('text = "x"\nexercises = ["02.facts"]\nlevel = "core"', "unknown member 'level'"),
    ],
)
def test_a_mistake_in_a_skill_is_named(table, message):
    with pytest.raises(BadQuestions, match=message):
        parse(f"[[skill]]\n{table}", "02")


def test_an_id_is_there_once():
    with pytest.raises(BadQuestions, match="is there twice"):
        parse(GOOD + GOOD, "02")
    asked_again = (
        GOOD.replace("prediction", "quiz").replace("outcome =", "#").replace("seen =", "#")
    )
    with pytest.raises(BadQuestions, match="is there twice"):
        parse(GOOD + asked_again, "02")


def test_one_choice_is_not_a_question():
    with pytest.raises(BadQuestions, match="at least two"):
        parse(GOOD[: GOOD.rindex("  [[prediction.choices]]")], "02")
