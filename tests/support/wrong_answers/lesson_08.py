"""Wrong answers to the exercises of lesson 08."""

from __future__ import annotations

from tests.support.wrong_answers import wrong


@wrong("08.issuer", "", "This document names")
def a_constant(document):
    return "https://id.example"


@wrong("08.issuer", "M19", "slash")
def slash_stripped(document):
    return document["issuer"].rstrip("/")


@wrong("08.issuer", "", "raised KeyError")
def a_member_that_is_not_there(document):
    return document["iss"]


@wrong("08.scopes", "", "Return a list")
def the_string(claims):
    return claims["scope"]


@wrong("08.scopes", "", "The scopes are")
def the_first_one(claims):
    return claims["scope"].split()[:1]


@wrong("08.scopes", "", "raised KeyError")
def another_member(claims):
    return claims["scopes"]
