"""Which form of the quiz a learner gets, in which order, and what is kept of the answers."""

from __future__ import annotations

import pytest
from filelock import FileLock

from dialtone_kit.lesson.progress import Drawn, Progress
from dialtone_kit.lesson.quiz_items import FORMS, items
from dialtone_kit.lesson.survey import Survey, order_of
from dialtone_kit.widgets.choices import Pick


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "state" / "progress.jsonl", now=lambda: 1_700_000_000)


def sheet(survey, asked="pre", tell=False):
    return survey.quiz(asked, interactive=True, tell=tell)


def answer_all(quiz, choice=0, sure="sure"):
    count = len(quiz.state()["items"])
    quiz.receive(
        {"kind": "answer", "round": quiz.round, "choices": [choice] * count, "sure": [sure] * count}
    )


@pytest.mark.parametrize(("seat", "form"), [(0, "A"), (7, "B"), (12, "A")])
def test_a_seat_decides_the_form(progress, seat, form):
    survey = Survey("00", progress, seat=seat)
    assert survey.form("pre") == form
    assert survey.form("post") != form


def test_without_a_seat_the_form_is_drawn_once_and_kept(tmp_path):
    drawn = set()
    for n in range(40):
        learner = Progress(tmp_path / str(n) / "progress.jsonl")
        form = Survey("00", learner).form("pre")
        assert Survey("13", learner).form("pre") == form
        assert len(learner.events()) == 1
        drawn.add(form)
    assert drawn == set(FORMS)


def test_a_seat_given_later_counts_until_the_first_quiz_is_answered(progress):
    survey = Survey("00", progress, seat=1)
    assert survey.form("pre") == "B"
    assert Survey("00", progress, seat=2).form("pre") == "A"
    answer_all(sheet(Survey("00", progress, seat=2)))
    assert Survey("00", progress, seat=3).form("pre") == "A"
    assert Survey("13", progress).form("post") == "B"


def test_a_lesson_begun_again_asks_the_same_form_again(progress):
    survey = Survey("00", progress, seat=1)
    answer_all(sheet(survey))
    progress.reset_lesson("00")
    again = sheet(Survey("00", progress))
    assert again.answers == ()
    assert [item["id"][0] for item in again.state()["items"]] == ["B"] * 8


def test_the_reset_of_one_lesson_keeps_the_quiz_of_another(progress):
    answer_all(sheet(Survey("00", progress), "pre"))
    answer_all(sheet(Survey("13", progress), "post"))
    progress.reset_lesson("00")
    assert not progress.survey("pre")
    assert len(progress.survey("post")) == 8


def test_two_learners_see_the_choices_in_another_order_and_the_same_one_always_in_one():
    item = items("A")[0]
    orders = {tuple(order_of(item, str(seed))) for seed in range(200)}
    assert len(orders) == 24  # all there are: "I don't know yet" stays last
    assert {order[-1] for order in orders} == {4}
    assert order_of(item, "seed") == order_of(item, "seed")
    assert {order_of(item, str(seed))[0] for seed in range(50)} == {0, 1, 2, 3}


def test_an_answer_is_kept_by_its_place_in_the_file_with_form_pair_and_code(progress):
    survey = Survey("00", progress, seat=0)
    quiz = sheet(survey)
    first = quiz.state()["items"][0]
    answer_all(quiz, 2, "unsure")
    event = next(event for event in progress.events() if event.get("id") == first["id"])
    item = items("A")[0]
    assert item.choices[event["choice"]].text == first["choices"][2]
    assert {k: event[k] for k in ("v", "lesson", "kind", "form", "pair", "asked")} == {
        "v": 1, "lesson": "00", "kind": "quizzed", "form": "A", "pair": "stolen", "asked": "pre",
    }  # fmt: skip
    assert event["confidence"] == "unsure"
    assert event["right"] == (event["choice"] == item.right)
    assert event["code"] == item.choices[event["choice"]].code


def test_who_does_not_know_yet_is_kept_as_wrong_without_a_code(progress):
    answer_all(sheet(Survey("00", progress)), 4)
    assert {(p.choice, p.right, p.code, p.confidence) for p in progress.survey("pre").values()} == {
        (4, False, None, None)
    }


def test_the_first_quiz_is_not_marked_and_the_last_one_is(progress):
    survey = Survey("00", progress)
    first, last = sheet(survey, "pre"), sheet(survey, "post", tell=True)
    answer_all(first)
    answer_all(last)
    assert first.state()["right"] is None
    assert not any({"right", "whys"} & item.keys() for item in first.state()["items"])
    assert last.state()["right"] == sum(pick.right for pick in progress.survey("post").values())
    assert {pick.form for pick in progress.survey("pre").values()} != {
        pick.form for pick in progress.survey("post").values()
    }


def test_a_sheet_opened_again_shows_the_first_answers_where_they_were_given(progress):
    quiz = sheet(Survey("00", progress))
    answer_all(quiz, 1)
    quiz.receive({"kind": "again", "round": quiz.round})
    answer_all(quiz, 3)
    again = sheet(Survey("00", progress))
    assert again.state()["earlier"] is True
    assert [item["chosen"] for item in again.state()["items"]] == [1] * 8
    assert again.state()["items"][5]["choices"] == quiz.state()["items"][5]["choices"]


def test_nothing_is_drawn_while_no_one_is_here(progress):
    quiz = Survey("00", progress).quiz("pre", interactive=False, tell=False)
    assert repr(quiz).startswith("Quiz: 8 questions not asked, because nobody is here.")
    assert progress.events() == []


def test_an_edited_file_breaks_no_sheet(progress):
    first = Survey("00", progress, seat=0)
    answer_all(sheet(first))
    for line in (
        '{"v":1,"at":"","lesson":"00","kind":"formed","form":"Z","seed":"1"}',
        '{"v":1,"at":"","lesson":"00","kind":"formed","form":"B","seed":7}',
        '{"v":1,"at":"","lesson":"00","kind":"quizzed","id":"A.stolen","form":"Q","asked":"pre"}',
    ):
        with progress.path.open("a") as file:
            file.write(line + "\n")
    assert len(sheet(Survey("00", progress)).answers) == 8
    kept = progress.path.read_text().replace('"choice": ', '"choice": 1')
    progress.path.write_text(kept)
    assert sheet(Survey("00", progress)).answers == ()


def test_where_nothing_can_be_kept_the_form_stays_for_this_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr("dialtone_kit.lesson.events.LOCK_SECONDS", 0.01)
    said = []
    progress = Progress(tmp_path / "progress.jsonl", say=said.append)
    with FileLock(f"{progress.path}.lock"):
        survey = Survey("00", progress)
        forms = {survey.form("pre") for _ in range(12)}
        assert len(forms) == 1
    assert len(said) == 1


def test_an_older_kit_reads_past_what_it_does_not_know(progress):
    answer_all(sheet(Survey("00", progress, seat=0)))
    assert {event["v"] for event in progress.events()} == {1}
    before = progress.export()
    with progress.path.open("a") as file:
        file.write('{"v":1,"at":"","lesson":"00","kind":"dreamt","id":"00.x","of":"sheep"}\n')
    assert progress.export() == before
    assert before["form"]["form"] == "A"
    assert isinstance(progress.form(lambda kept, answered: kept or Drawn("B", "")), Drawn)
    assert progress.survey("pre")["A.stolen"] == Pick.of(
        items("A")[0],
        progress.survey("pre")["A.stolen"].choice,
        "sure",
    )
