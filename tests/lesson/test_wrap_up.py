"""What lesson 13 stands on: strangers, sentences, estimates, marks, and the report on disk."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from types import SimpleNamespace

import pytest

from dialtone_kit import start
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.by_code import by_code, worst_code
from dialtone_kit.lesson.content.lesson_13 import capstone
from dialtone_kit.lesson.content.lesson_13.capstone import judge_everywhere
from dialtone_kit.lesson.content.lesson_13.teaching import judge_sentence
from dialtone_kit.lesson.estimates import expected
from dialtone_kit.lesson.exercises import Wrong, patience
from dialtone_kit.lesson.exercises.checking import check
from dialtone_kit.lesson.marks import map_shown, marks
from dialtone_kit.lesson.misconceptions import misconceptions
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.questions import BadQuestions, parse
from dialtone_kit.lesson.quiz_items import items
from dialtone_kit.lesson.report import renew_report, report_of, write_report
from dialtone_kit.lesson.survey import Survey
from dialtone_kit.lesson.work import Work
from dialtone_kit.widgets.choices import Pick
from dialtone_kit.wire.recorder import Wire
from tests.support.books import FOLDER, cells, source
from tests.support.wrong_answers.lesson_13 import _dialtone

START = 1_700_000_000


@pytest.fixture
def clock():
    return [START]


@pytest.fixture
def progress(tmp_path, clock):
    return Progress(tmp_path / "state" / "progress.jsonl", now=lambda: clock[0])


def answer(progress, asked, pair, *, right, sure="sure", form="A"):
    item = next(item for item in items(form) if item.pair == pair)
    wrong = next(n for n, choice in enumerate(item.choices) if choice.code)
    pick = Pick.of(item, item.right if right else wrong, sure)
    progress.surveyed(pick, asked, "00")
    return pick.code


# -- strangers ---------------------------------------------------------------------------------


def test_a_right_answer_says_how_many_requests_it_took():
    assert judge_everywhere(_dialtone, Wire()) == 7


def test_what_was_sent_is_in_the_lessons_wire_without_its_secrets():
    wire = Wire()
    judge_everywhere(_dialtone, wire)
    assert [trip.status for trip in wire.round_trips].count(429) == 6  # twice at each of three
    assert "sec_" not in wire.show(9).text
    assert "eyJ" not in wire.show(9).text


def test_no_two_strangers_are_alike():
    met = []

    def seen(issuer, credentials, http, sleep):
        met.append((issuer.split("/", 3)[3], credentials.client_id, credentials.token_endpoint))
        return _dialtone(issuer, credentials, http, sleep)

    judge_everywhere(seen, Wire())
    assert all(len(set(column)) == 3 for column in zip(*met, strict=True))


def test_an_answer_kept_from_an_earlier_service_is_refused():
    kept = []

    def remembers(*given):
        kept.append(kept[0] if kept else _dialtone(*given))
        return kept[-1]

    with pytest.raises(Wrong, match="No request has arrived"):
        judge_everywhere(remembers, Wire())


def test_nothing_that_a_function_is_given_leads_to_the_answer():
    """`http` holds the tally and no more: what whoami says is made when it is asked."""

    def looks(issuer, credentials, http, sleep):
        tally = http.event_hooks["request"][0].__self__
        assert not [one for one in vars(tally).values() if one not in (0, 0.0, "", (0, ""), None)]
        return {}

    with pytest.raises(Wrong, match="No request has arrived"):
        judge_everywhere(looks, Wire())


def test_someone_who_waits_for_real_is_told_so(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.6)

    def waits(issuer, credentials, http, sleep):
        return _dialtone(issuer, credentials, http, time.sleep)

    lesson = SimpleNamespace(wire=Wire())
    verdict = check(catalog.exercise("13.dialtone"), waits, lesson)
    assert (verdict.outcome, verdict.sentence) == ("wrong", capstone.REALLY_SLEEPS)


def test_a_check_that_takes_too_long_leaves_no_realm_and_no_file_behind(
    shared_home, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lesson, met = start(13, credentials=False), []
    config = os.environ["DIALTONE_CONFIG_DIR"]

    def sleeps(client, tokens):
        met.append(client.issuer)
        time.sleep(60)

    for seconds in (0.8, 4.0):  # on a busy machine, to set the scene takes longer
        monkeypatch.setattr(patience, "PATIENCE", seconds)
        verdict = check(catalog.exercise("13.clean"), sleeps, lesson)
        if met:
            break
    assert (verdict.outcome, len(met)) == ("wrong", 1)
    assert lesson.http.get(f"{met[0]}/.well-known/openid-configuration").status_code == 404
    assert os.environ["DIALTONE_CONFIG_DIR"] == config
    assert [one for one in tmp_path.iterdir() if one.name.startswith("tmp")] == []


# -- a sentence --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", misconceptions())
def test_the_solution_fits_whatever_the_worst_code_is(code):
    lesson = SimpleNamespace(
        worst_code=lambda: code,
        misconception=lambda name: SimpleNamespace(text=show_text(name)),
        check=lambda name, text: judge_sentence(text, misconceptions()[code]),
    )
    book = cells(FOLDER / "solutions" / "13-wrap-up.ipynb")
    exec(next(source(c) for c in book if c["id"] == "l13-exercise-teach"), {"lesson": lesson})


def show_text(code):
    from dialtone_kit.lesson.misconceptions import misconception, show

    return show(misconception(code)).text


def test_a_sentence_in_another_script_is_not_judged():
    lesson = SimpleNamespace(worst_code=lambda: "M01")
    teach = catalog.exercise("13.teach")
    verdict = check(teach, "再送するたびに新しい証明を作らないと、サーバーは断ります。", lesson)
    assert verdict.outcome == "can't tell"
    assert "reads English" in verdict.sentence
    mixed = "Each attempt (再送) gets its own `jti`: a proof that went out is spent, answer or not."
    assert check(teach, mixed, lesson).outcome == "right"


def test_the_sentence_that_was_right_last_is_kept_without_a_secret(progress):
    progress.wrote("13.teach", "First.")
    progress.wrote("13.teach", f"Then sec_{'aB3_' * 11} was gone.")
    assert "aB3_" not in progress.path.read_text("utf-8")
    assert progress.sentence("13.teach").startswith("Then ")
    progress.reset_exercise("13.teach")
    assert progress.sentence("13.teach") == ""


# -- the record --------------------------------------------------------------------------------


def test_sure_and_wrong_at_the_end_comes_first(progress):
    often = answer(progress, "pre", "stolen", right=False)
    unsure = answer(progress, "post", "covered", right=False, sure="unsure", form="B")
    last = answer(progress, "post", "pace", right=False, form="B")
    for _ in range(3):
        progress.checked("13.dialtone", "wrong", "M06")
    rows = by_code(progress)
    assert [row.code for row in rows] == [last, often, "M06", unsure]
    assert worst_code(progress) == last
    assert (rows[2].during, rows[2].sure_during) == (3, 0)


def test_without_a_record_the_worst_is_the_commonest(progress):
    answer(progress, "pre", "pace", right=True)
    assert by_code(progress) == []
    assert worst_code(progress) == "M01"


def test_an_estimate_stands_next_to_what_happened(progress, clock):
    sheet = Work("13", progress, interactive=True).estimate()
    sheet.receive({"kind": "answer", "round": sheet.round, "choices": [1, 2, 0], "sure": []})
    clock[0] += 11 * 60
    progress.checked("13.dialtone", "wrong", "M16")
    progress.checked("13.dialtone", "wrong", "M06")
    assert [one.happened for one in expected("13", progress)] == [
        "not solved yet",
        "M16",
        "not solved yet",
    ]
    progress.checked("13.dialtone", "right", None, 8)
    progress.checked("13.dialtone", "right", None, 7)
    told = expected("13", progress)
    assert [one.said for one in told] == ["6 or 7", "M06: the clock", "up to 5"]
    assert [one.happened for one in told] == ["8", "M16", "11"]
    progress.reset_lesson("13")
    assert {one.said for one in expected("13", progress)} == {""}


def test_a_first_mistake_without_a_code_is_another_one(progress):
    progress.checked("13.dialtone", "wrong", None)
    progress.checked("13.dialtone", "wrong", "M36")
    assert expected("13", progress)[1].happened == "another"


def test_an_estimate_after_the_first_try_is_told_as_that(progress):
    progress.checked("13.dialtone", "wrong", "M36")
    sheet = Work("13", progress, interactive=True).estimate()
    sheet.receive({"kind": "answer", "round": sheet.round, "choices": [1, 3, 0], "sure": []})
    told = [one.said for one in expected("13", progress)]
    assert told[1] == "M36: the wait (said after the first try)"


def test_what_was_reset_no_longer_counts(progress):
    progress.checked("05.ath", "wrong", "M05")
    progress.checked("04.mine", "wrong", "M20")
    progress.checked("13.dialtone", "wrong", "M16")
    progress.reset_exercise("05.ath")
    assert {row.code for row in by_code(progress)} == {"M20", "M16"}
    progress.reset_lesson("04")
    assert {row.code for row in by_code(progress)} == {"M16"}
    progress.checked("04.mine", "wrong", "M19")
    assert {row.code for row in by_code(progress)} == {"M16", "M19"}


def test_resetting_another_exercise_leaves_the_capstone_solved(progress):
    sheet = Work("13", progress, interactive=True).estimate()
    sheet.receive({"kind": "answer", "round": sheet.round, "choices": [1, 2, 0], "sure": []})
    progress.checked("13.dialtone", "right", None, 8)
    progress.reset_exercise("13.teach")
    assert expected("13", progress)[0].happened == "8"
    progress.reset_exercise("13.dialtone")
    assert expected("13", progress)[0].happened == "not solved yet"


def test_an_estimate_is_kept_and_never_marked(progress):
    sheet = Work("13", progress, interactive=True).estimate()
    sheet.receive({"kind": "answer", "round": sheet.round, "choices": [0, 0, 0], "sure": []})
    assert "right" not in {key for item in sheet.state()["items"] for key in item}
    assert {event["kind"] for event in progress.events()} == {"estimated"}
    assert Work("13", progress, interactive=True).estimate().state()["earlier"] is True


def test_a_choice_of_an_estimate_is_a_string():
    text = '[[estimate]]\nid = "13.one"\nquestion = "How many?"\nchoices = [1]\n'
    with pytest.raises(BadQuestions, match="are strings"):
        parse(text, "13")
    assert parse(text.replace("[1]", '["1"]'), "13").estimates[0].id == "13.one"


def test_the_map_has_a_learners_own_marks(progress):
    progress.opened("03")
    progress.checked("03.signature", "wrong", "M13")
    progress.opened("04")
    progress.done("04")
    by_number = {one.book.number: one for one in marks(progress)}
    assert [by_number[n].state for n in ("03", "04", "05")] == ["begun", "done", "open"]
    assert sorted(by_number["03"].exercises) == ["not tried", "not tried", "wrong"]
    assert "03-dpop-token.ipynb" in map_shown(progress).html


def test_with_nobody_here_the_last_quiz_is_form_b_and_answers_nothing(progress):
    quiz = Survey("13", progress).quiz("post", interactive=False, tell=True)
    assert quiz.outcome().startswith("Quiz: 8 questions not asked, because nobody is here.")
    assert items("B")[0].question in quiz.outcome()
    assert progress.events() == []


# -- the report --------------------------------------------------------------------------------


def test_a_report_is_one_private_file_and_shows_no_markup_of_a_learner(progress, tmp_path):
    answer(progress, "pre", "stolen", right=False)
    progress.wrote("13.teach", "<script>alert(1)</script> & more")
    shown = write_report(report_of(progress, START), tmp_path / "state")
    file = tmp_path / "state" / "report.html"
    page = file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "14 November 2023" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page + shown.html
    assert not [word for word in ("http:", "https:", "src=", "href=") if word in page]


def test_a_report_without_any_record_says_so(progress, tmp_path):
    text = write_report(report_of(progress, START), tmp_path / "state").html
    assert "No quiz was answered." in text
    assert "No misconception came up." in text
    assert "Your own sentence" not in text


def test_a_report_that_cannot_be_written_is_shown_with_the_reason(progress, tmp_path):
    (tmp_path / "state").write_text("a file, where a folder should be")
    text = write_report(report_of(progress, START), tmp_path / "state").text
    assert "The file was not written." in text
    assert "No quiz was answered." in text


def test_before_and_after_are_told_apart(progress, tmp_path):
    answer(progress, "pre", "asked", right=False)
    answer(progress, "post", "asked", right=True, form="B")
    report = report_of(progress, START)
    assert (report.before, report.after) == (0, 1)
    assert "Before: 0 of 8 right. After: 1 of 8 right." in write_report(report, tmp_path).text


def test_the_end_of_a_lesson_brings_a_report_that_was_written_up_to_date(progress, tmp_path):
    renew_report(progress, START, tmp_path)
    assert not (tmp_path / "report.html").exists()  # nobody asked for one
    write_report(report_of(progress, START), tmp_path)
    before = (tmp_path / "report.html").read_text("utf-8")
    progress.done("13")
    renew_report(progress, START, tmp_path)
    after = (tmp_path / "report.html").read_text("utf-8")
    assert after.count("done") > before.count("done")


def test_the_report_counts_how_often_a_code_came_up_and_how_often_for_sure(progress):
    answer(progress, "post", "pace", right=False, form="B")
    code = by_code(progress)[0].code
    for _ in range(4):
        progress.checked("13.dialtone", "wrong", code)
    html = write_report(report_of(progress, START), progress.path.parent).html
    assert "4 times" in html
    assert "✗ and sure: once" in html
