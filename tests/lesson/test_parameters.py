"""What papermill, YAML and people give as a lesson's parameters."""

from typing import Any

import pytest

from dialtone_kit.base.errors import LessonStop
from dialtone_kit.lesson.parameters import read_parameters
from dialtone_kit.lesson.starting import start


@pytest.mark.parametrize("value", [False, 0, "false", "False", "no", "NO", " no ", "n", "0", "off"])
def test_no_is_read_as_no(value: object) -> None:
    assert read_parameters({"interactive": value}) == {"interactive": False}


@pytest.mark.parametrize("value", [True, 1, "true", "True", "yes", "y", "1", "on"])
def test_yes_is_read_as_yes(value: object) -> None:
    assert read_parameters({"interactive": value}) == {"interactive": True}


@pytest.mark.parametrize("value", [None, "", " ", "none", "None", "null"])
def test_nothing_leaves_it_to_be_found_out(value: object) -> None:
    assert read_parameters({"interactive": value}) == {"interactive": None}


@pytest.mark.parametrize("value", ["maybe", 2, -1, 0.0, [], {}, "nope"])
def test_anything_else_is_one_line_that_names_interactive(value: object) -> None:
    with pytest.raises(LessonStop, match=r"parameter interactive is .* \(\w+\)") as stopped:
        read_parameters({"interactive": value})
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("name", ["base_url", "realm", "email", "client_name"])
@pytest.mark.parametrize("value", [7, 1.5, False, None, ["mock"], {"a": 1}])
def test_what_is_not_a_string_is_one_line_that_says_how_to_quote_it(name: str, value: Any) -> None:
    with pytest.raises(LessonStop) as stopped:
        start(2, {name: value}, credentials=False)
    told = str(stopped.value)
    assert told.startswith(f"The parameter {name} is {value!r} ({type(value).__name__});")
    assert f"-r {name}" in told
    assert "\n" not in told


def test_by_keyword_it_is_the_same_line() -> None:
    with pytest.raises(LessonStop, match=r"client_name is 7 \(int\)"):
        start(2, client_name=7, credentials=False)  # type: ignore[arg-type]


def test_a_secret_in_it_is_not_repeated() -> None:
    secret = "sec_" + "q" * 43
    with pytest.raises(LessonStop) as stopped:
        read_parameters({"email": [secret]})
    assert "qqqq" not in str(stopped.value)


def test_strings_stay_as_they_are() -> None:
    given = {"base_url": "mock", "realm": "no", "email": "", "client_name": "007"}
    assert read_parameters(given) == given


@pytest.mark.parametrize(
    ("value", "seat"), [(12, 12), ("12", 12), (0, 0), (None, None), ("", None)]
)
def test_a_seat_is_a_number_or_none(value: object, seat: int | None) -> None:
    assert read_parameters({"seat": value}) == {"seat": seat}


@pytest.mark.parametrize("value", [True, 1.5, -1, "12a", "1234567", [12]])
def test_any_other_seat_is_one_line_that_says_what_to_write(value: object) -> None:
    with pytest.raises(LessonStop, match=r"parameter seat is .* seat = 12\. Outside a class"):
        read_parameters({"seat": value})
