"""Lesson 09: the issuer of a document, and the scopes of a token."""

from __future__ import annotations

from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_text, function_of, same, show, word


@exercise(
    "09.issuer",
    "The issuer",
    hints=["The document is a dict, and the issuer is one of its members."],
    praise="Read from the document, character by character.",
)
def issuer(answer: object, lesson: LiveLesson) -> None:
    read_issuer = function_of(answer, "read_issuer")
    for expected in (f"https://{word()}.example/", lesson.issuer):
        got = expect_text(ask(read_issuer, {"issuer": expected}), "The issuer")
        if got != expected and got == expected.rstrip("/"):
            raise Wrong("The slash at the end is part of the issuer's name.", "M19")
        if got != expected:
            raise Wrong(f"This document names {expected}; you returned {show(got)}.")


@exercise(
    "09.scopes",
    "The scopes",
    hints=["`scope` is one string; the scopes in it are separated by spaces."],
    praise="Every scope, also those of a token that the service issued a moment ago.",
)
def scopes(answer: object, lesson: LiveLesson) -> None:
    scopes_of = function_of(answer, "scopes_of")
    live = dict(lesson.client.get_token(key=ProofKey.generate()).claims)
    for claims in ({"scope": f"openid {word()}:read"}, live):
        got, expected = ask(scopes_of, claims), str(claims["scope"]).split()
        if isinstance(got, str):
            raise Wrong("Return a list: one string can't be searched safely for a scope.")
        if not isinstance(got, list) or not same(sorted(got, key=str), sorted(expected)):
            raise Wrong(f"The scopes are {', '.join(expected)}; you returned {show(got)}.")
