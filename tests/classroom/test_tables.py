"""CSV in and out: every encoding that spreadsheets save, and no cell that runs as a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.classroom.tables import NotATable, csv_text, decoded, read_csv_text, rows_of

LIVE = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "  =1", "＝1", "'=1", "\r=1"]


def cells_of(text: str) -> list[str]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1]


@pytest.mark.parametrize("cell", LIVE)
def test_a_text_that_would_run_as_a_formula_is_written_with_an_apostrophe(cell: str) -> None:
    assert cells_of(csv_text(["name"], [[cell]])) == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["Ann", "O'Neil", "'Ann", "a=1", "3-4", "", "x@example.com"])
def test_any_other_text_is_written_as_it_is(cell: str) -> None:
    assert cells_of(csv_text(["name", "n"], [[cell, 1]])) == [cell, "1"]


def test_a_number_below_zero_stays_a_number() -> None:
    assert cells_of(csv_text(["gain"], [[-3]])) == ["-3"]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_is_written_is_read_back(cell: str) -> None:
    text = csv_text(["name", "end"], [[cell, "."]])
    assert list(read_csv_text(text.encode())) == [{"name": cell, "end": "."}]


def test_our_file_is_read_again_after_a_spreadsheet_has_saved_it_with_semicolons() -> None:
    saved = "seat;name;email\r\n1;Müller, Zoë;z@example.com\r\n".encode("cp1252")
    assert list(read_csv_text(saved)) == [
        {"seat": "1", "name": "Müller, Zoë", "email": "z@example.com"}
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_and_without_its_mark(encoding: str) -> None:
    assert decoded("Zoë Žižek".encode(encoding)) == ("Zoë Žižek", False)


def test_what_is_not_utf_8_is_taken_for_windows_1252_and_that_is_reported() -> None:
    assert decoded("Zoë".encode("cp1252")) == ("Zoë", True)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0rest", "workbook"),
        ("Zoë".encode("utf-16-le"), "encoding"),
        (b"\xff\xfea", "encoding"),
        (b"\x81", "encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(data: bytes, why: str) -> None:
    with pytest.raises(NotATable, match=why) as refused:
        decoded(data)
    assert "CSV UTF-8" in str(refused.value)


def test_rows_have_the_numbers_that_the_spreadsheet_shows() -> None:
    rows = rows_of('name,note\r\n\r\nAnn,"two\r\nlines"\r\n , \r\nBob,\r\n', ",")
    assert [(row.number, row.cell(0), row.cell(5)) for row in rows] == [
        (1, "name", ""),
        (3, "Ann", ""),
        (5, "Bob", ""),
    ]


def test_a_quotation_mark_that_is_never_closed_is_reported_with_its_row() -> None:
    with pytest.raises(NotATable, match="Row 3 "):
        list(rows_of('name\nAnn\n"Bob\nCy\n', ","))
