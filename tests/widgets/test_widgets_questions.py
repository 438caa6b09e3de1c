"""Predictions, quizzes, the inbox and the token explorer without a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from dialtone_kit import widgets
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.widgets import InboxView, Prediction, Quiz
from dialtone_kit.widgets.choices import Choice, Pick, Question
from dialtone_kit.widgets.panel import Panel

EXPORTED = [getattr(widgets, name) for name in widgets.__all__]
PANELS = [kind for kind in EXPORTED if isinstance(kind, type) and issubclass(kind, Panel)]

SECRET = "sec_" + "Zq3" * 15


def question(name):
    choices = (
        Choice("a", "why not a", code="M01"),
        Choice("b", "why b", right=True),
        Choice("c", "why c"),
    )
    return Question(f"02.{name}", f"What of {name}?", choices)


@pytest.fixture
def kept():
    return []


def send(panel, kind, **more):
    panel.receive({"kind": kind, "round": panel.round, **more})


# -- prediction ------------------------------------------------------------------------------


def test_a_prediction_tells_nothing_before_it_is_answered(kept):
    asked = Prediction(question("x"), kept.append).state()["items"][0]
    assert asked["choices"] == ["a", "b", "c"]
    assert not {"right", "whys"} & asked.keys()
    assert "why" not in repr(asked)


def test_an_answer_is_recorded_and_explained(kept):
    prediction = Prediction(question("x"), kept.append)
    send(prediction, "answer", choices=[0], confidence="sure")
    assert kept == [Pick("02.x", 0, False, "sure", "M01")] == [prediction.answer]
    shown = prediction.state()["items"][0]
    assert (shown["chosen"], shown["right"], shown["confidence"]) == (0, 1, "sure")
    assert shown["whys"] == ["why not a", "why b", "why c"]


def test_a_second_answer_to_the_same_asking_is_not_kept(kept):
    prediction = Prediction(question("x"), kept.append)
    send(prediction, "answer", choices=[0], confidence="sure")
    send(prediction, "answer", choices=[1], confidence="sure")
    assert len(kept) == 1
    send(prediction, "again")
    assert prediction.answer is None
    send(prediction, "answer", choices=[1], confidence="unsure")
    assert kept[1] == Pick("02.x", 1, True, "unsure")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"choices": [0]},
        {"choices": [3], "confidence": "sure"},
        {"choices": 1},
        {"choices": [-1], "confidence": "sure"},
        {"choices": [True], "confidence": "sure"},
        {"choices": [None], "confidence": "sure"},
        {"choices": [1], "confidence": "very"},
    ],
)
def test_half_an_answer_is_none(kept, answer):
    prediction = Prediction(question("x"), kept.append)
    send(prediction, "answer", **answer)
    assert kept == []
    assert "Choose an answer" in prediction.state()["problem"]["text"]


def test_an_earlier_answer_is_shown_as_such_if_it_fits(kept):
    earlier = Pick("02.x", 1, True, "sure")
    assert Prediction(question("x"), kept.append, answered=earlier).state()["earlier"] is True
    for position in (7, -1, None):  # the file was edited since
        gone = Pick("02.x", position, True, "sure")
        assert Prediction(question("x"), kept.append, answered=gone).answer is None


def test_an_answer_that_can_not_be_kept_is_said(kept):
    def fails(answer):
        raise OSError("no space left")

    prediction = Prediction(question("x"), fails)
    send(prediction, "answer", choices=[1], confidence="sure")
    assert "no space left" in prediction.state()["problem"]["text"]


def test_without_a_person_nothing_is_asked(kept):
    for panel in (
        Prediction(question("x"), kept.append, False),
        Quiz([question("x")], kept.append, False),
    ):
        assert "nobody is here" in repr(panel)
        assert panel._repr_mimebundle_() == {"text/plain": repr(panel)}


def test_a_text_form_asks_its_question_with_its_choices_and_gives_nothing_away(kept):
    item = question("x")
    choices = [choice.text for choice in item.choices]
    for form in (Prediction, lambda *a: Quiz([item], *a[1:])):
        for interactive in (True, False):
            text = repr(form(item, kept.append, interactive))
            assert all(part in text for part in [item.question, *choices])
            assert "\n" not in text
            assert not any(choice.why and choice.why in text for choice in item.choices)


@pytest.mark.parametrize("kind", PANELS)
def test_every_widget_has_a_question_for_where_nothing_draws_it(kind):
    own_words = kind.question or kind.asks is not Panel.asks
    assert own_words
    assert not kind.question or kind.question.endswith("?")


# -- quiz ------------------------------------------------------------------------------------


def test_a_quiz_is_marked_as_a_whole(kept):
    quiz = Quiz([question("x"), question("y")], kept.append)
    send(quiz, "answer", choices=[1, 0])
    assert [answer.right for answer in quiz.answers] == [True, False] == [a.right for a in kept]
    assert quiz.state()["right"] == 1


def test_an_open_question_is_named_and_nothing_is_kept(kept):
    quiz = Quiz([question("x"), question("y"), question("z")], kept.append)
    send(quiz, "answer", choices=[None, 1])
    assert kept == []
    assert quiz.state()["problem"]["text"] == "Still open: question 1, 3."


def test_a_quiz_before_the_lessons_tells_nothing(kept):
    quiz = Quiz([question("x")], kept.append, tell=False)
    send(quiz, "answer", choices=[1])
    assert len(kept) == 1
    assert quiz.state()["right"] is None
    assert "why" not in repr(quiz.state()["items"])


def survey_item(name):
    asked = question(name)
    more = Choice("I don't know yet", "", open=True)
    return replace(asked, id=f"A.{name}", choices=(*asked.choices, more), form="A", pair=name)


def test_a_quiz_that_asks_for_it_takes_no_answer_without_how_sure(kept):
    quiz = Quiz([survey_item("x"), survey_item("y")], kept.append, ask_sure=True)
    send(quiz, "answer", choices=[1, 0], sure=["sure", None])
    assert kept == []
    assert quiz.state()["problem"]["text"] == "Still open: question 2."
    send(quiz, "answer", choices=[1, 0], sure=["sure", "unsure"])
    assert kept == [
        Pick("A.x", 1, True, "sure", None, "A", "x"),
        Pick("A.y", 0, False, "unsure", "M01", "A", "y"),
    ]


def test_who_does_not_know_yet_is_not_asked_how_sure(kept):
    quiz = Quiz([survey_item("x")], kept.append, ask_sure=True)
    assert quiz.state()["items"][0]["open"] == 3
    send(quiz, "answer", choices=[3], sure=["sure"])
    assert kept == [Pick("A.x", 3, False, None, None, "A", "x")]


def test_a_sheet_answered_earlier_is_shown_as_such_when_it_is_whole(kept):
    items = [survey_item("x"), survey_item("y")]
    picks = [Pick.of(items[1], 0, "sure"), Pick.of(items[0], 1, "unsure")]
    quiz = Quiz(items, kept.append, tell=False, ask_sure=True, answered=picks)
    assert [pick.id for pick in quiz.answers] == ["A.x", "A.y"]
    assert quiz.state()["earlier"] is True
    assert [shown["chosen"] for shown in quiz.state()["items"]] == [1, 0]
    send(quiz, "again")
    assert (quiz.answers, quiz.state()["earlier"]) == ((), False)
    assert Quiz(items, kept.append, answered=picks[:1]).answers == ()
    assert Quiz(items, kept.append, answered=[picks[0], replace(picks[1], choice=9)]).answers == ()


# -- inbox -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mail:
    id: str
    sent_at: str | datetime
    subject: str = "Your code"
    to: str = "you@example.com"
    text: str = "ABCD-2345"
    code: str | None = "ABCD-2345"


def test_an_email_names_its_code_for_the_copy_button():
    view = InboxView(lambda: [Mail("1", "2026"), Mail("2", "2025", code=None)])
    send(view, "refresh")
    assert [mail["code"] for mail in view.state()["mails"]] == ["ABCD-2345", ""]


def test_emails_come_newest_first_when_the_view_asks():
    box = [Mail("1", "2026-11-24T10:00:00Z"), Mail("2", datetime(2026, 11, 24, 11, tzinfo=UTC))]
    view = InboxView(lambda: box)
    assert view.state()["mails"] is None
    send(view, "refresh")
    assert [mail["id"] for mail in view.state()["mails"]] == ["2", "1"]
    assert "ABCD" not in repr(view)


def test_without_a_person_the_emails_are_counted_and_not_shown():
    view = InboxView(lambda: [Mail("1", "2026-11-24T10:00:00Z")], interactive=False)
    assert "1 email." in repr(view)
    assert "ABCD" not in repr(view)
    assert "example.com" not in repr(view)


@pytest.mark.row("U1")
def test_an_email_cannot_act_on_the_page():
    mail = Mail("1", "2026", subject="\u202eedoc", text="\x1b[31mred\nline")
    view = InboxView(lambda: [mail])
    send(view, "refresh")
    assert view.state()["mails"][0]["subject"] == "\\u202eedoc"
    assert view.state()["mails"][0]["text"] == "\\x1b[31mred\nline"


def test_an_inbox_that_does_not_answer_keeps_what_it_had():
    answers = [[Mail("1", "2026")], ServiceUnreachable("No connection.")]

    def fetch():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    view = InboxView(fetch)
    send(view, "refresh")
    send(view, "refresh")
    assert view.state()["problem"]["text"] == "No connection."
    assert len(view.state()["mails"]) == 1
