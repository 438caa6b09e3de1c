"""A roster as people have it: separators, headers, languages; and all that is wrong, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialtone_kit.classroom.columns import NoColumns
from dialtone_kit.classroom.roster import MOST_ROWS, BadRoster, read_roster, roster_of
from dialtone_kit.classroom.tables import NotATable


def people(text: str) -> list[tuple[str, str]]:
    return [(one.name, one.email) for one in roster_of(text.encode()).people]


@pytest.mark.parametrize(
    "text",
    [
        "name,email\nAnn Lee,ann@example.com\n",
        "E-Mail;Name\r\nann@example.com;Ann Lee\r\n",
        'Full name\tEmail Address\n"Ann Lee"\tann@example.com\n',
        "Vorname;Nachname;Firma;E-Mail-Adresse\nAnn;Lee;;ann@example.com",
        "Name;Vorname;Mail\nLee;Ann;ann@example.com",
        "Nom;Prénom;Courriel\nLee;Ann;ann@example.com",
        "NOMBRE,APELLIDOS,Correo electrónico\nAnn,Lee,ann@example.com",
        "Last Name,First Name,Email Address\nLee,Ann,ann@example.com",
        "sep=;\r\nname;email\r\nAnn Lee;ann@example.com",
        "Ann Lee,ann@example.com",
        "ann@example.com;Ann Lee;\n",
        "\n\nname,email\r  Ann   Lee , ann@example.com\u200b\r",
    ],
)
def test_the_columns_are_found_by_their_headers_or_without_any(text: str) -> None:
    assert people(text) == [("Ann Lee", "ann@example.com")]


def test_a_comma_inside_a_name_does_not_decide_the_separator() -> None:
    text = "Name;E-Mail\nLee, Ann;ann@example.com\nRoe, Bob;bob@example.com\n"
    assert people(text)[1] == ("Roe, Bob", "bob@example.com")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("foo,bar\n1,2\n", "it has foo, bar"),
        ("email\nann@example.com\n", "must name the columns"),
        ("Ann,Lee,ann@example.com\n", "must name the columns"),
        ("name,email,E-Mail\nAnn,a@example.com,b@example.com\n", "Columns 2 and 3"),
        ("", "must name the columns"),
    ],
)
def test_columns_are_not_guessed(text: str, why: str) -> None:
    with pytest.raises(NoColumns, match=why):
        people(text)


def test_every_bad_row_is_reported_at_once_by_its_number() -> None:
    text = (
        "name,email\nAnn,ann@example.com\n\n,cy@example.com\nBob,bob at example\n"
        '"An\nna",ANN@EXAMPLE.com\nDi,\n,\nA\x07,x@\nEve,eve@example.com\n'
    )
    with pytest.raises(BadRoster, match="5 of 7 rows") as refused:
        people(text)
    assert [line.partition(":")[0] for line in refused.value.problems] == [
        f"row {number}" for number in (4, 5, 6, 7, 9)
    ]
    assert "already in row 2" in refused.value.problems[2]
    assert "can't be shown" in refused.value.problems[4]
    assert "single email address" in refused.value.problems[4]


@pytest.mark.parametrize("domain", ["example", "localhost", "bücher"])
def test_a_domain_without_an_ending_is_a_typo(domain: str) -> None:
    with pytest.raises(BadRoster) as refused:
        people(f"name,email\nAnn,ann@{domain}\n")
    assert "has no ending after the @, such as .com." in refused.value.problems[0]
    assert people(f"name,email\nAnn,ann@{domain}.example\n")


def test_the_same_address_in_another_spelling_is_a_duplicate_and_another_domain_is_not() -> None:
    rows = "name,email\nAnn,ann@bücher.example\nBea,{}@xn--bcher-kva.example\n"
    with pytest.raises(BadRoster, match="1 of 2"):
        people(rows.format("Ann"))
    assert people(rows.format("bea"))[1] == ("Bea", "bea@xn--bcher-kva.example")


def test_names_of_all_scripts_pass_with_their_joiners_and_direction_marks_do_not() -> None:
    assert people("name,email\nعلی\u200cرضا,a@example.com\n")[0][0] == "علی\u200cرضا"
    with pytest.raises(BadRoster):
        people("name,email\nAnn\u202eeel,a@example.com\n")


def test_a_name_has_at_most_100_characters() -> None:
    assert people(f"name,email\n{'x' * 100},a@example.com\n")
    with pytest.raises(BadRoster):
        people(f"name,email\n{'x' * 101},a@example.com\n")


def test_a_class_has_at_most_5_000_people() -> None:
    rows = [f"L{number},l{number}@example.com\n" for number in range(MOST_ROWS + 1)]
    assert len(people("name,email\n" + "".join(rows[:-1]))) == MOST_ROWS
    with pytest.raises(NotATable, match="5,001"):
        people("name,email\n" + "".join(rows))
    with pytest.raises(NotATable, match="nobody"):
        people("name,email\n")


def test_an_old_encoding_is_reported_with_a_name_to_look_at() -> None:
    roster = roster_of("name;email\nAnn;a@example.com\nZoë;z@example.com\n".encode("cp1252"))
    assert roster.people[1].name == "Zoë"
    assert "Windows-1252. If Zoë looks wrong" in roster.remark


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_can_not_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRoster, match="can't be read"):
        read_roster(tmp_path / name)
