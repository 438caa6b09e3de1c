"""The report: private files that a spreadsheet can open, and lines for what a person must see."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from dialtone_kit.classroom.grading.report import keep, table, to_look_at
from dialtone_kit.classroom.grading.run import Grade, Graded
from dialtone_kit.classroom.session import Learner
from dialtone_kit.classroom.tables import read_csv_text
from dialtone_kit.lesson.exercises.checking import TOO_LONG

BOB = Learner(2, "Bob [red]", "bob@example.com")
GRADE = Grade(BOB, "03", "03.signature", "wrong", "M11", "You dropped a zero.", (), "b.ipynb")
ALL = Graded(
    [
        replace(GRADE, exercise="03.coordinates", outcome="right", code="", own="right"),
        replace(GRADE, own="right"),
        replace(
            GRADE,
            learner=Learner(1, "=HYPERLINK()", "a@example.com"),
            outcome="can't tell",
            sentence="The cell is missing.",
            notes=("the exercises are in another order",),
        ),
    ],
    refused=["x.zip: It is encrypted."],
)


def test_the_files_are_private_and_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    files = keep(ALL, folder)
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]
    rows = list(read_csv_text(files[0].read_bytes()))
    assert [(row["seat"], row["verdict"], row["own record"]) for row in rows] == [
        ("1", "can't tell", ""),
        ("2", "right", "right"),
        ("2", "not quite", "right"),
    ]
    assert rows[2]["code"] == "M11"
    kept = json.loads(files[1].read_text())
    assert [row["exercise"] for row in kept["grades"]] == [row["exercise"] for row in rows]
    assert kept["not graded"] == ALL.refused


def test_a_spreadsheet_computes_nothing_of_a_learners(tmp_path: Path) -> None:
    text = keep(ALL, tmp_path / "class")[0].read_text("utf-8-sig")
    assert text.splitlines()[1].startswith("1,'=HYPERLINK(),03,")


def test_no_secret_is_kept(tmp_path: Path) -> None:
    secret = f"sec_{'a' * 43}"
    grade = replace(GRADE, sentence=f"You returned {secret}.", notes=(secret,))
    graded = Graded([grade], [f"a.ipynb: {secret}"], [secret])
    assert [path for path in keep(graded, tmp_path / "c") if secret in path.read_text()] == []


def test_a_text_that_no_file_can_hold_loses_no_grade(tmp_path: Path) -> None:
    half = "half a character: \ud83d"
    graded = Graded([replace(GRADE, sentence=half, notes=(half,))], [half], [half])
    kept = json.loads(keep(graded, tmp_path / "class")[1].read_text())
    shown = "half a character: \\ud83d"
    assert (kept["grades"][0]["notes"], kept["not graded"], kept["told"]) == (
        shown,
        [shown],
        [shown],
    )


def test_the_table_shows_each_exercise_and_where_the_record_differs() -> None:
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(table(ALL.grades))
    text = shown.get()
    assert "✓ coordinates  ✗ signature M11" in text
    assert "Bob [red]" in text
    assert "1 differ" in text


def test_an_answer_that_took_too_long_is_called_that() -> None:
    endless = replace(GRADE, code="", sentence=TOO_LONG)
    console = Console(width=120, record=True)
    with console.capture() as shown:
        console.print(table([endless]))
    assert "✗ signature (took too long)" in shown.get()


def test_next_to_what_is_to_be_judged_by_hand_is_the_learners_own_record() -> None:
    by_hand = replace(GRADE, outcome="can't tell", sentence="Judge by hand.", own="wrong")
    assert to_look_at(Graded([by_hand]))["To look at"] == [
        "Bob [red], 03.signature: Judge by hand. Their own record says: not quite."
    ]


def test_what_a_person_must_look_at_is_listed() -> None:
    assert to_look_at(ALL) == {
        "Not graded": ["x.zip: It is encrypted."],
        "To look at": [
            "=HYPERLINK(), 03.signature: The cell is missing. They have no record.",
            "=HYPERLINK(), 03.signature: the exercises are in another order.",
        ],
    }
