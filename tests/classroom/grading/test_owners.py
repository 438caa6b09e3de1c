"""Whose a notebook is: by email, seat or name, and by nothing that fits two."""

from __future__ import annotations

from typing import Any

import pytest

from dialtone_kit.classroom.grading.owners import NoOwner, owner
from dialtone_kit.classroom.session import Learner

CLASS = (
    Learner(1, "Anna", "anna@example.co"),
    Learner(2, "Anna Lena Groß", "al.gross@example.com"),
    Learner(3, "Bob Ünal", "bob@example.co.uk"),
    Learner(4, "Bob Marsh", "bob@example.co"),
    Learner(5, "José García", "jg@example.com"),
    Learner(6, "Zoë", "zoe.k@example.com"),
)


@pytest.mark.parametrize(
    ("name", "seat"),
    [
        ("Anna_05-call-apis (1).ipynb", 1),
        ("in/Anna/05.ipynb", 1),
        ("anna-lena-GROSS_05.ipynb", 2),
        ("platform.zip/Ünal, Bob_4711_assignsubmission_file_/05.ipynb", 3),
        ("bob u\u0308nal.ipynb", 3),
        ("bob@example.co.uk_05.ipynb", 3),
        ("bob@example.co_05.ipynb", 4),
        ("bob@example.co.ipynb", 4),
        ("05 garcia.ipynb", 5),
        ("JOSE GARCIA 05.ipynb", 5),
        ("seat 6/05.ipynb", 6),
        ("learners/0006/05.ipynb", 6),
        ("zoe_k.ipynb", 6),
    ],
)
def test_a_name_as_it_comes_is_understood(name: str, seat: int) -> None:
    assert owner(name, {}, CLASS).seat == seat


@pytest.mark.parametrize(
    "name",
    ["05-call-apis.ipynb", "xanna@example.co.ipynb", "annabel.ipynb", "seat 99.ipynb", "banana"],
)
def test_nobody_fits(name: str) -> None:
    with pytest.raises(NoOwner, match="No one on the roster matches"):
        owner(name, {}, CLASS)


@pytest.mark.parametrize("name", ["Bob_05.ipynb", "Bob Marsh and Bob Ünal.ipynb"])
def test_two_who_fit_are_named_and_none_is_chosen(name: str) -> None:
    with pytest.raises(NoOwner, match=r"Bob Ünal \(seat 3\) or Bob Marsh \(seat 4\)"):
        owner(name, {}, CLASS)


@pytest.mark.parametrize(
    "parameters",
    [{"email": " Bob@Example.co "}, {"seat": 4}, {"email": "bob@example.co", "seat": 4}],
)
def test_the_parameters_tell_it_too(parameters: dict[str, Any]) -> None:
    assert owner("05.ipynb", parameters, CLASS).seat == 4
    assert owner("Bob_05.ipynb", parameters, CLASS).seat == 4


@pytest.mark.parametrize(
    "parameters", [{"email": "someone@else.example"}, {"seat": "4"}, {"seat": True}]
)
def test_parameters_of_nobody_tell_nothing(parameters: dict[str, Any]) -> None:
    assert owner("anna.ipynb", parameters, CLASS).seat == 1


def test_name_and_parameters_that_differ_are_told() -> None:
    with pytest.raises(NoOwner, match=r"Anna \(seat 1\) by its name, .*Marsh.* by its parameters"):
        owner("anna.ipynb", {"email": "bob@example.co"}, CLASS)
