"""The report: what happened, as one page that loads nothing and tables that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.class_events import RUNS
from dialtone_kit.classroom.class_report import ClassReport
from dialtone_kit.classroom.pages import exercise_title
from dialtone_kit.classroom.report_files import page, write_report
from dialtone_kit.classroom.reporting import make_report, report_on_runs
from dialtone_kit.classroom.session import open_session
from dialtone_kit.classroom.tables import csv_text
from tests.support.class_of import NOON, event, give, make_class, quizzed, tried

SIGNATURE = "03.signature"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_class(tmp_path / "class", 12)
    for seat in range(1, 11):
        give(made, seat, [quizzed(NOON, "pre", "stolen", right=False)])
        give(made, seat, [quizzed(NOON + 9, "post", "stolen", right=seat <= 6)])
    give(made, 1, [event(NOON + 20, "03", "opened"), tried(NOON + 80, SIGNATURE, "wrong", "M13")])
    give(made, 1, [tried(NOON + 140, SIGNATURE, "right"), event(NOON + 150, "03", "done")])
    give(made, 2, [tried(NOON + 30, SIGNATURE, "right")])
    give(made, 3, [event(NOON + 30, "13", "wrote", id="13.teach", text="my own sentence")])
    return made


def grade(folder: Path, *rows: tuple[int, str, str]) -> None:
    made = [{"seat": s, "exercise": e, "verdict": v, "code": "M13"} for s, e, v in rows]
    PrivateFolder(folder).write("grades.json", json.dumps({"grades": made, "told": []}))


def report(folder: Path) -> ClassReport:
    return make_report(open_session(folder), NOON + 600)


def tables(folder: Path, out: Path, *, names: bool = False) -> dict[str, list[dict[str, str]]]:
    written = write_report(report(folder), out, names=names)
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    return {
        path.name: list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        for path in written
        if path.suffix == ".csv"
    }


def test_a_row_for_each_learner_and_for_each_exercise_of_each(folder: Path, tmp_path: Path) -> None:
    made = tables(folder, tmp_path / "out")
    assert len(made["by-learner.csv"]) == 12
    assert made["by-learner.csv"][0] == {
        "seat": "1",
        "lessons_done": "1",
        "exercises_right": "1",
        "tries": "2",
        "hints": "0",
        "minutes": "2.2",
        "wrong_and_sure": "1",
        "last_event": "2026-11-26T12:02:30+00:00",
        "lessons_with_open_exercises": "1",
        "graded": "0",
        "graded_right": "0",
    }
    first, second = made["by-exercise.csv"]
    assert (first["seat"], first["exercise"], first["outcome"]) == ("1", SIGNATURE, "right")
    assert (first["tries"], first["minutes"], first["right_at_once"]) == ("2", "2.0", "no")
    assert (second["seat"], second["right_at_once"], second["graded"]) == ("2", "yes", "")


def test_the_page_leaves_out_exercises_that_nobody_tried(folder: Path) -> None:
    made = report(folder)
    assert [one.id for one in made.tried] == [SIGNATURE]
    html = page(made, names=False)
    assert exercise_title(SIGNATURE) in html
    assert exercise_title("03.six-proofs") not in html
    assert f"Not shown: {len(made.exercises) - 1} that nobody tried." in html


def test_misconceptions_and_the_gain_by_pair(folder: Path, tmp_path: Path) -> None:
    made = tables(folder, tmp_path / "out")
    codes = {row["code"]: row for row in made["by-misconception.csv"]}
    assert (codes["M08"]["learners_before"], codes["M08"]["sure_after"]) == ("10", "4")
    assert (codes["M13"]["learners_during"], codes["M13"]["sure_during"]) == ("1", "0")
    stolen = made["gain.csv"][0]
    assert (stolen["pair"], stolen["both_right_after"], stolen["gain"]) == ("stolen", "6", "0.6")
    assert (stolen["before_wrong_and_sure"], stolen["after_wrong_and_sure"]) == ("10", "4")
    assert (stolen["form_A_first_answered"], stolen["form_B_first_answered"]) == ("10", "0")
    assert {row["gain"] for row in made["gain.csv"][1:-1]} == {""}


def test_names_are_there_only_when_asked(folder: Path, tmp_path: Path) -> None:
    plain = page(report(folder), names=False)
    assert "Learner Number" not in plain
    assert "name" not in tables(folder, tmp_path / "plain")["by-learner.csv"][0]
    named = tables(folder, tmp_path / "named", names=True)
    assert named["by-exercise.csv"][0]["name"] == "Learner Number1"
    assert "Learner Number1" in page(report(folder), names=True)
    assert "example.com" not in page(report(folder), names=True)


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(folder: Path, tmp_path: Path) -> None:
    rows = [(1, "=HYPERLINK(1)", "a@example.com"), (2, "<img src=x>", "b@example.com")]
    PrivateFolder(folder).write("learners.csv", csv_text(("seat", "name", "email"), rows))
    made = tables(folder, tmp_path / "out", names=True)
    assert made["by-learner.csv"][0]["name"] == "'=HYPERLINK(1)"
    assert "<img" not in page(report(folder), names=True)


def test_the_page_loads_nothing_runs_nothing_and_has_no_sentence_of_a_learner(
    folder: Path,
) -> None:
    html = page(report(folder), names=False)
    assert "default-src 'none'" in html
    assert not re.search(r"<script|<link|src=|https?://|@import|url\(", html)
    assert "my own sentence" not in html


def test_grades_are_beside_what_the_learners_progress_says(folder: Path, tmp_path: Path) -> None:
    grade(folder, (1, SIGNATURE, "right"), (2, SIGNATURE, "not quite"), (4, "01.facts", "right"))
    rows = tables(folder, tmp_path / "out")["by-exercise.csv"]
    found = [(row["seat"], row["outcome"], row["graded"]) for row in rows]
    assert found == [
        ("1", "right", "right"),
        ("2", "right", "not quite"),
        ("4", "not tried", "right"),
    ]
    html = page(report(folder), names=False)
    assert "3 of them are by learners with a record, and 2 of these came out differently" in html


def test_a_learner_without_a_record_of_their_own_is_compared_with_nothing(folder: Path) -> None:
    grade(folder, (11, SIGNATURE, "right"), (1, SIGNATURE, "right"), (1, "03.coordinates", "right"))
    give(folder, 11, [tried(NOON, SIGNATURE, "wrong")], RUNS)
    made = report(folder)
    assert (made.graded, made.compared) == (3, 2)
    assert [(one.seat.learner.seat, one.id) for one in made.different] == [(1, "03.coordinates")]


def test_learners_who_only_handed_in_are_counted_and_have_their_grades(
    folder: Path, tmp_path: Path
) -> None:
    grade(folder, (11, SIGNATURE, "not quite"), (11, "03.coordinates", "right"))
    grade_rows = tables(folder, tmp_path / "out")
    learner = grade_rows["by-learner.csv"][10]
    assert (learner["graded"], learner["graded_right"], learner["last_event"]) == ("2", "1", "")
    slip = {row["code"]: row for row in grade_rows["by-misconception.csv"]}["M13"]
    assert (slip["learners_during"], slip["learners_graded"]) == ("1", "1")
    html = page(report(folder), names=False)
    assert "10 of 12 learners did something, 1 handed in." in html
    assert "1 of 2 right" in html
    assert [(one.id, one.learners, one.code) for one in report(folder).grades] == [
        ("03.coordinates", 1, ""),
        (SIGNATURE, 1, "M13"),
    ]


def test_a_class_of_hand_ins_alone_gets_a_page_about_these(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 13)
    grade(folder, (1, SIGNATURE, "not quite"), (2, SIGNATURE, "right"))
    html = page(report(folder), names=False)
    assert "0 of 13 learners did something, 2 handed in." in html
    assert "Handed in and graded" in html
    assert "M13" in html
    for empty in (
        "Nobody tried any yet.",
        "The quiz before and after",
        "own record",
        'id="lessons"',
    ):
        assert empty not in html


def test_a_page_without_grades_has_no_columns_for_them(folder: Path) -> None:
    assert "raded" not in page(report(folder), names=False)


def test_a_lesson_that_ended_with_exercises_open_is_told_from_one_that_is_right(
    folder: Path,
) -> None:
    for name in ("03.coordinates", "03.six-proofs"):
        give(folder, 2, [tried(NOON + 40, name, "right")])
    give(folder, 2, [event(NOON + 50, "03", "done")])
    give(folder, 4, [event(NOON + 50, "00", "done")])  # it has no exercises
    rows = {one.number: (one.done, one.open) for one in report(folder).lessons}
    assert (rows["03"], rows["00"]) == ((2, 1), (1, 0))
    assert ">1 (1 open)<" in page(report(folder), names=False)


def test_unattended_runs_have_a_report_of_their_own(folder: Path) -> None:
    grade(folder, (11, SIGNATURE, "right"))
    give(folder, 11, [event(NOON, "01", "opened"), event(NOON + 9, "01", "done")], RUNS)
    assert report(folder).begun == 10
    runs = report_on_runs(open_session(folder), NOON + 600)
    assert (runs.begun, runs.graded) == (1, 0)
    assert "It is not what learners did." in page(runs, names=False)


def test_grades_that_are_damaged_are_left_out_and_said(folder: Path) -> None:
    PrivateFolder(folder).write("grades.json", '{"grades": [{"seat": 1}]}')
    made = report(folder)
    assert made.graded == 0
    assert "Run `dialtone class grade` again" in made.remarks[0]


def test_a_class_without_events_gets_a_report_that_says_so(tmp_path: Path) -> None:
    made = report(make_class(tmp_path / "class", 2))
    assert made.remarks[0].startswith("There are no events yet.")
    assert "0 of 2 learners did something" in page(made, names=False)
    assert "Nobody tried any yet." in page(made, names=False)
