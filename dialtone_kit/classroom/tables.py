"""Reads CSV as spreadsheets save it, and writes CSV that is safe to open in one."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dialtone_kit.base.errors import DialtoneError

_BOM = "\ufeff"  # without it, Excel takes UTF-8 for the system's old encoding
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods are archives; .xls is older
# A spreadsheet runs a cell that begins like this (after spaces, too) as a formula. The wide forms
# count in East Asian locales.
_LIVE = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
_AS_CSV = 'Save it as "CSV UTF-8" and name that file.'


class NotATable(DialtoneError):
    """The bytes aren't text in rows and cells. Says what to do."""


@dataclass(frozen=True)
class Row:
    """One row, with the number that the spreadsheet shows next to it."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """The text in a column, "" where the row is shorter."""
        return self.cells[column] if column < len(self.cells) else ""


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file for a spreadsheet. A text that would run as a formula gets a ' in front."""
    file = io.StringIO()
    file.write(_BOM)
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return file.getvalue()


def read_csv_text(data: bytes) -> Iterator[dict[str, str]]:
    """The rows of a file that `csv_text` made, and perhaps a spreadsheet saved again.

    Raises NotATable and csv.Error.
    """
    text, _ = decoded(data)
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator):
        yield {name: _as_it_was(cell) for name, cell in row.items() if isinstance(cell, str)}


def decoded(data: bytes) -> tuple[str, bool]:
    """The text of a CSV file, and whether its encoding was a guess: Windows-1252.

    Raises NotATable.
    """
    if data.startswith(_WORKBOOKS):
        raise NotATable(f"This is a workbook, not a CSV file. {_AS_CSV}")
    named = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    for encoding in (named,) if named else ("utf-8", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding == "cp1252"
    raise NotATable(f"This isn't text in an encoding that spreadsheets use. {_AS_CSV}")


def rows_of(text: str, separator: str) -> Iterator[Row]:
    """The rows of `text` that aren't blank. Raises NotATable when the quotation marks are odd."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(map(str.strip, cells)):
                yield Row(number, tuple(cells))
    except csv.Error:
        raise NotATable(
            f"Row {number + 1} can't be read: its quotation marks (\") don't match. Correct it."
        ) from None


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _LIVE.match(cell) else cell


def _as_it_was(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _LIVE.match(cell) else cell
