"""The journal of a class's run: what has passed is known after anything that ended the run."""

from __future__ import annotations

from pathlib import Path

from dialtone_kit.classroom.running.jobs import Done
from dialtone_kit.classroom.running.journal import FILE, Journal
from tests.support.class_of import make_class


def test_the_last_line_on_a_lesson_counts(tmp_path: Path) -> None:
    journal = Journal(make_class(tmp_path / "class", 2))
    assert journal.passed() == set()
    journal.note(1, "03", Done("failed", "cell 3: ZeroDivisionError"))
    journal.note(2, "03", Done("passed"))
    assert journal.passed() == {(2, "03")}
    journal.note(1, "03", Done("passed"))
    journal.note(2, "03", Done("stopped"))
    assert journal.passed() == {(1, "03")}
    assert (tmp_path / "class" / FILE).stat().st_mode & 0o777 == 0o600


def test_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    journal = Journal(folder)
    journal.note(1, "01", Done("passed"))
    with (folder / FILE).open("a") as file:
        file.write('{"v": 1, "seat": 1, "less')
    journal.note(1, "03", Done("passed"))
    assert journal.passed() == {(1, "01"), (1, "03")}


def test_lines_that_are_no_records_are_skipped(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 1)
    journal = Journal(folder)
    journal.note(1, "01", Done("passed"))
    with (folder / FILE).open("ab") as file:
        file.write(b'[]\n"x"\n{"seat": "one", "lesson": "01", "outcome": "failed"}\n\xff\n')
    assert journal.passed() == {(1, "01")}
