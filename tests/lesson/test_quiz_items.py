"""The quiz before and after the lessons: its sixteen items, and how a mistake in one is named."""

from __future__ import annotations

import re

import pytest

from dialtone_kit.lesson.misconceptions import misconceptions
from dialtone_kit.lesson.questions import BadQuestions
from dialtone_kit.lesson.quiz_items import FORMS, OPEN, items, parse

# What each pair is about: the codes that a class gains on, by form A and by form B alike.
PAIRS = {
    "stolen": {"M08", "M20"},
    "again": {"M01", "M35"},
    "asked": {"M02", "M16"},
    "address": {"M03", "M04"},
    "believe": {"M19", "M20"},
    "covered": {"M05", "M22"},
    "pace": {"M21", "M36"},
    "for-whom": {"M24", "M29"},
}
# Test-wise readers go by these: a wrong choice is the absolute one, the right one the careful one.
TELLING = re.compile(
    r"\b(always|never|all|every|usually|often|sometimes|may|might|probably|generally)\b", re.I
)
ALL = [item for form in FORMS for item in items(form)]
every_item = pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)


def plain(choice):
    return choice.text.replace("`", "")


def codes(item):
    return sorted(choice.code for choice in item.choices if choice.code)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_has_the_eight_pairs_in_the_same_order(form):
    assert [item.pair for item in items(form)] == list(PAIRS)
    assert {item.form for item in items(form)} == {form}


@every_item
def test_an_item_has_four_choices_and_i_do_not_know_yet(item):
    assert len(item.choices) == 5
    assert item.choices[-1] is OPEN
    assert len({choice.text for choice in item.choices}) == 5
    assert len(item.question.split()) <= 45


@every_item
def test_each_wrong_choice_has_a_code_that_exists_and_a_reason(item):
    for n, choice in enumerate(item.choices[:-1]):
        assert (choice.code is None) == (n == item.right)
        assert choice.code is None or choice.code in misconceptions()
        assert len(choice.why.split()) >= 7


@pytest.mark.parametrize("pair", PAIRS)
def test_both_forms_of_a_pair_offer_the_same_misconceptions(pair):
    first, second = (item for item in ALL if item.pair == pair)
    assert codes(first) == codes(second)
    assert PAIRS[pair] <= set(codes(first))


@every_item
def test_the_choices_are_of_one_length(item):
    lengths = [len(plain(choice)) for choice in item.choices[:-1]]
    assert max(lengths) <= 1.5 * min(lengths)


@pytest.mark.parametrize("form", FORMS)
def test_neither_the_longest_nor_the_shortest_choice_is_the_right_one_more_often_than_by_luck(form):
    ranks = []
    for item in items(form):
        lengths = [len(plain(choice)) for choice in item.choices[:-1]]
        ranks.append(sorted(lengths).index(lengths[item.right]))
    assert ranks.count(0) <= 3
    assert ranks.count(3) <= 3


@every_item
def test_no_choice_is_given_away_by_a_careful_or_an_absolute_word(item):
    assert [choice.text for choice in item.choices if TELLING.search(choice.text)] == []


@pytest.mark.parametrize("form", FORMS)
def test_no_right_answer_is_in_another_item_of_the_form(form):
    for item in items(form):
        right = plain(item.choices[item.right]).lower()
        rest = " ".join(
            part.replace("`", "").lower()
            for other in items(form)
            if other is not item
            for part in (other.question, *(choice.text for choice in other.choices))
        )
        words = re.findall(r"[a-z0-9:/.?=']+", right)
        runs = [" ".join(words[n : n + 6]) for n in range(max(1, len(words) - 5))]
        spaced = " ".join(re.findall(r"[a-z0-9:/.?=']+", rest))
        assert [run for run in runs if run in spaced] == []


GOOD = "\n".join(
    f"""
[[item]]
pair = "x"
form = "{form}"
question = "?"
choices = [{{text="a", why="w", right=true}}, {{text="b", why="w", code="M01"}},
           {{text="c", why="w", code="M02"}}, {{text="d", why="w", code="M03"}}]"""
    for form in FORMS
)


def test_an_item_is_read_with_form_and_pair():
    first, second = parse(GOOD)
    assert (first.id, first.form, first.pair) == ("A.x", "A", "x")
    assert second.id == "B.x"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('form = "B"', 'form = "C"'), "a form is A or B"),
        (('form = "B"', 'form = "A"'), "A.x is there twice"),
        (('pair = "x"', 'pair = "y"'), "only form A of y"),
        ((', code="M03"', ""), "has the code of its misconception"),
        ((', {text="d", why="w", code="M03"}', ""), "an item has four choices"),
        (("[[item]]", "[[items]]"), "unknown member 'items'"),
        (("[[item]]", "[[item]"), "quiz: "),
        (('question = "?"', ""), "A of x: question is missing"),
    ],
)
def test_a_mistake_in_the_file_is_named(change, message):
    with pytest.raises(BadQuestions, match=re.escape(message)):
        parse(GOOD.replace(*change, 1))
