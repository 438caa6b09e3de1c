"""A roster: names and email addresses, in whatever form a spreadsheet saved them as CSV.

Nothing is guessed. All rows that can't be used are reported together, by their numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base.email import NotAnAddress, canonical_email, one_address
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.classroom.columns import Columns, NoColumns, columns_of, columns_without_header
from dialtone_kit.classroom.tables import NotATable, Row, decoded, rows_of

MOST_ROWS = 5_000
_MOST_BYTES = 8_000_000
_LONGEST_NAME = 100
_SEPARATORS = ("\t", ";", ",")
_HINT = re.compile(r"sep=([;,\t|])\r?\n", re.I)  # Excel reads this line and doesn't count it
_JOINERS = "\u200c\u200d"  # names in several scripts need these two invisible characters
_INVISIBLE = "\u200b\u2060\ufeff"  # what copying from a web page leaves around an address


class BadRoster(DialtoneError):
    """The roster can't be used. `problems` has a line for each row that is wrong."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Person:
    """One row of a roster."""

    name: str
    email: str


@dataclass(frozen=True)
class Roster:
    """The people of a roster in its order. `remark` is a line about how it was read, or ""."""

    people: tuple[Person, ...]
    remark: str = ""


def read_roster(path: Path) -> Roster:
    """The roster in the file at `path`. Raises BadRoster."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as problem:
        raise BadRoster(sentence(f"{shown(path)} can't be read: {cause(problem)}")) from None
    if len(data) > _MOST_BYTES:
        raise BadRoster(f"{shown(path)} is too large to be a roster of {MOST_ROWS:,} people.")
    try:
        return roster_of(data)
    except (NotATable, NoColumns) as problem:
        raise BadRoster(f"{shown(path)}: {problem}") from None


def roster_of(data: bytes) -> Roster:
    """The roster in the content of a CSV file. Raises BadRoster, NotATable, NoColumns."""
    text, guessed = decoded(data)
    columns, rows = _table(text)
    people = _people(columns, rows)
    if not guessed:
        return Roster(people)
    sample = next((one.name for one in people if not one.name.isascii()), people[0].name)
    return Roster(
        people,
        f"The file isn't UTF-8, so it was read as Windows-1252. If {sample} looks wrong, save the "
        'roster as "CSV UTF-8".',
    )


def _table(text: str) -> tuple[Columns, list[Row]]:
    """Which columns hold what, and the rows with people. The header decides the separator."""
    hint = _HINT.match(text)
    separators = (hint[1],) if hint else _SEPARATORS
    body = text[hint.end() :] if hint else text
    first = {separator: _first_row(body, separator) for separator in separators}
    for find, skip in ((columns_of, 1), (columns_without_header, 0)):
        for separator, row in first.items():
            columns = find(row.cells) if row else None
            if columns:
                return columns, list(rows_of(body, separator))[skip:]
    row = max((row for row in first.values() if row), key=lambda row: len(row.cells), default=None)
    raise NoColumns.in_row(row.cells if row else ())


def _first_row(text: str, separator: str) -> Row | None:
    try:
        return next(rows_of(text, separator), None)
    except NotATable:
        return None


def _people(columns: Columns, rows: Sequence[Row]) -> tuple[Person, ...]:
    if not rows:
        raise NotATable("There is nobody in it. It needs a row for each learner.")
    if len(rows) > MOST_ROWS:
        raise NotATable(f"It has {len(rows):,} rows; a class has at most {MOST_ROWS:,}. Split it.")
    people, problems, seen = [], [], dict[str, int]()
    for row in rows:
        person, wrong = _person(columns, row)
        where = seen.setdefault(canonical_email(person.email), row.number)
        if not wrong and where != row.number:
            wrong = [f"{person.email} is already in row {where}."]
        problems += [f"row {row.number}: {' '.join(wrong)}"] if wrong else []
        people.append(person)
    if problems:
        count = f"{len(problems):,} of {len(rows):,} rows"
        raise BadRoster(
            f"{count} can't be used, so nothing was made. Correct the roster and run this again.",
            problems,
        )
    return tuple(people)


def _person(columns: Columns, row: Row) -> tuple[Person, list[str]]:
    """Who is in a row, and what is wrong with it."""
    name = " ".join(" ".join(row.cell(column) for column in columns.name).split())
    name = unicodedata.normalize("NFC", name)
    email = row.cell(columns.email).strip().strip(_INVISIBLE).strip()
    wrong = [problem for problem in (_wrong_name(name),) if problem]
    if not email:
        return Person(name, f"row-{row.number}"), [*wrong, "The email address is missing."]
    try:
        address = one_address(email)
    except NotAnAddress as problem:
        return Person(name, email), [*wrong, f"{email!r}: {problem}"]
    if "." not in address.rpartition("@")[2]:  # possible inside a network, but here a typo
        wrong.append(f"{email!r} has no ending after the @, such as .com.")
    return Person(name, address), wrong


def _wrong_name(name: str) -> str:
    if not name:
        return "The name is missing."
    if len(name) > _LONGEST_NAME:
        return f"The name is longer than {_LONGEST_NAME} characters."
    acting = (c for c in name if unicodedata.category(c)[0] == "C" and c not in _JOINERS)
    return "The name has a character that can't be shown." if next(acting, None) else ""
