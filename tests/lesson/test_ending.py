"""The end of a lesson: skills, predictions next to what happened, minutes, what comes next."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from dialtone_kit.classroom.running import run_job
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.ending import ending, seconds_spent
from dialtone_kit.lesson.ending_view import shown
from dialtone_kit.lesson.exercises.verdict import Verdict
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.work import Work
from dialtone_kit.widgets.choices import Pick
from dialtone_kit.wire.record import record

START = 1_700_000_000


@pytest.fixture
def clock():
    return [START]


@pytest.fixture
def progress(tmp_path, clock):
    return Progress(tmp_path / "progress.jsonl", now=lambda: clock[0])


def at(minutes, kind, lesson="03", **more):
    moment = datetime.fromtimestamp(START + 60 * minutes, UTC).isoformat()
    return {"v": 1, "at": moment, "lesson": lesson, "kind": kind, **more}


def predict(progress, name, choice, sure):
    progress.predicted(Pick.of(catalog.prediction(name), choice, sure))


def sent(method, url, status, body=""):
    return record(httpx.Request(method, url), httpx.Response(status, text=body), 0.1)


# -- minutes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "minutes"),
    [
        ([at(0, "opened"), at(4, "tried"), at(9, "done")], 9),
        # a break of 31 minutes is not counted, one of 10 is
        ([at(0, "opened"), at(4, "tried"), at(35, "tried"), at(45, "done")], 14),
        # opened again after a dead kernel: the same run
        ([at(0, "opened"), at(4, "tried"), at(6, "opened"), at(9, "done")], 9),
        # run again later: the last run counts, and what lies between does not
        ([at(0, "opened"), at(4, "done"), at(9, "opened"), at(11, "done")], 2),
        # the cell with done() run once more
        ([at(0, "opened"), at(4, "done"), at(9, "done")], 4),
        # another lesson in between: its minutes are its own
        ([at(0, "opened"), at(2, "opened", "04"), at(8, "tried", "04"), at(9, "done")], 1),
        # a clock that was set back takes nothing away
        ([at(20, "opened"), at(2, "tried"), at(5, "done")], 3),
        ([at(0, "opened"), {**at(0, "tried"), "at": ""}, at(5, "done")], 0),
    ],
)
def test_the_minutes_are_those_in_which_something_was_done(events, minutes):
    assert seconds_spent("03", events) == 60 * minutes


def test_without_a_beginning_or_an_end_there_are_no_minutes():
    assert seconds_spent("03", [at(0, "opened")]) is None
    assert seconds_spent("03", [at(5, "done")]) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(30, "less than a minute"), (61, "2 minutes"), (540, "9 minutes")]
)
def test_the_minutes_are_said_to_a_person_alone(progress, clock, seconds, said):
    progress.opened("03")
    clock[0] += seconds
    progress.done("03")
    made, exercises = ending("03", progress, []), Work("03", progress, interactive=True).report()
    assert (
        f"It took you {said}. Pauses of more than 10" in shown(made, exercises, minutes=True).text
    )
    assert "minute" not in shown(made, exercises, minutes=False).text


# -- predictions -------------------------------------------------------------------------------


def test_predictions_are_shown_with_what_happened_surprises_first(progress):
    predict(progress, "03.short-coordinate", 1, "sure")  # right
    predict(progress, "03.same-proof-twice", 0, "sure")  # wrong
    predict(progress, "03.stolen-token", 0, "unsure")  # wrong
    end = ending("03", progress, [])
    assert [one.item.id for one in end.predictions] == [
        "03.same-proof-twice",
        "03.stolen-token",
        "03.short-coordinate",
        "03.where-is-the-key",
    ]
    page = Work("03", progress, interactive=True).done([])
    lines = page.text.splitlines()
    first = lines.index(
        "✗ not quite, and sure: What does the token endpoint answer to the second copy of a proof "
        "that it has just accepted?"
    )
    assert lines[first + 1] == "    you said: 200 again: the proof is still fresh"
    assert lines[first + 2] == (
        "    what happened: The second copy was refused by the rule `jti_is_new`."
    )
    places = [
        page.html.index(f"> {words}"[2:])
        for words in ("not quite, and sure", "not quite, and unsure")
    ]
    assert places == sorted(places)
    assert "What surprised you" in page.html


def test_a_prediction_stands_under_surprises_only_if_it_was_wrong(progress):
    predict(progress, "03.stolen-token", 0, "sure")
    predict(progress, "03.short-coordinate", 1, "sure")
    html = Work("03", progress, interactive=True).done([]).html
    marks = ("surprised you<", "not quite, and sure", "you expected<", "right, and sure")
    marks += ("didn't predict<", "not answered")
    places = [html.index(mark) for mark in marks]
    assert places == sorted(places)
    assert html.count("right, and sure") == 1


def test_a_wrong_answer_is_called_not_quite_wherever_it_is_shown(progress, monkeypatch):
    progress.checked("03.signature", "wrong", "M13")
    predict(progress, "03.stolen-token", 0, "sure")
    work = Work("03", progress, interactive=True)
    monkeypatch.setattr(run_job, "progress_file", lambda: progress.path)
    shown_ones = (work.report(), work.done([]))
    texts = [text for one in shown_ones for text in (one.text, one.html)]
    texts += [repr(Verdict("wrong", "Look again.")), run_job.exercises_of("03")]
    assert [text for text in texts if "not quite" not in text.lower()] == []
    assert [text for text in texts if "wrong" in text.lower()] == []


def test_the_first_answer_is_the_one_that_comes_back(progress):
    predict(progress, "03.stolen-token", 0, "sure")
    predict(progress, "03.stolen-token", 2, "sure")
    assert ending("03", progress, []).predictions[0].rank == 0


def test_an_answer_that_the_lesson_no_longer_has_is_not_shown(progress):
    progress.predicted(Pick("03.stolen-token", 9, False, "sure"))
    assert ending("03", progress, []).predictions[-1].pick is None


def test_unattended_the_text_is_short_and_has_nothing_of_the_clock(progress, clock):
    progress.opened("03")
    clock[0] += 400
    assert repr(Work("03", progress, interactive=False).done([])) == (
        "4 predictions not answered.\n"
        "○ x and y in 32 bytes: not tried\n"
        "○ Raw r‖s instead of DER: not tried\n"
        "○ Six broken proofs: not tried\n"
        "Next: lesson 04, What does the token prove?"
    )


def test_what_this_run_has_shown_is_shown_with_it(progress):
    url = "https://id.example/realms/default/token"
    trips = [
        sent("POST", url, 200, '{"access_token": "x"}'),
        sent("POST", url, 400, '{"error_description": "htm_matches: expected POST"}'),
    ]
    facts = {p.item.id: p.fact for p in ending("03", progress, trips).predictions}
    assert set(facts.values()) == {""}  # another refusal shows nothing of this
    trips.append(sent("POST", url, 400, '{"error_description": "jti_is_new: used before"}'))
    facts = {p.item.id: p.fact for p in ending("03", progress, trips).predictions}
    assert facts["03.same-proof-twice"] == "`POST /token` was answered 400, with “jti_is_new”."
    for other in (sent("GET", url, 400, "jti_is_new"), sent("POST", url + "s", 400, "jti_is_new")):
        assert not any(p.fact for p in ending("03", progress, [other]).predictions)


def test_a_request_without_an_answer_shows_nothing(progress):
    lost = record(httpx.Request("GET", "https://id.example/api/whoami"), None, 0.1, "timeout")
    assert not any(p.fact for p in ending("05", progress, [lost]).predictions)


# -- skills and exercises ----------------------------------------------------------------------


def test_a_skill_is_reached_when_all_its_exercises_are_right(progress):
    progress.checked("05.make-request", "right")
    progress.checked("05.htu", "right")
    progress.checked("05.ath", "wrong", "M05")
    page = Work("05", progress, interactive=False).done([])
    assert "You can name the `htu` of any URL." in page.text
    assert "You can prove a call" not in page.text
    assert "✓ You can name the <code>htu</code> of any URL." in page.html
    assert "○ Prove a call by hand, with token and key. Exercise “The missing ath”: not quite." in (
        page.html
    )
    assert "What you can do now" in page.html
    assert "Still to do" in page.html


def test_exercises_come_with_their_tries(progress):
    progress.checked("03.signature", "wrong", "M13")
    progress.checked("03.signature", "right")
    assert "✓ Raw r‖s instead of DER: right (2 tries)" in (
        Work("03", progress, interactive=False).done([]).text
    )


def test_a_lesson_without_exercises_or_skills_ends_as_well(progress):
    page = Work("00", progress, interactive=False).done([])
    assert "Next: lesson 01" in page.text
    assert "What you can do now" not in page.html
    assert 'href="01-discovery.ipynb"' in page.html


def test_the_page_is_escaped_and_needs_no_script_or_style_sheet(progress):
    page = Work("04", progress, interactive=True).done([]).html
    assert "<script" not in page
    assert "<style" not in page
    assert 'aria-label="The end of lesson 04"' in page
    assert page.count('scope="row"') == 6  # three predictions, three exercises
