"""Lesson 01: read three facts, refuse a lying issuer, refuse an endpoint on another origin."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from dialtone_kit.lesson.content.lesson_01.look_alikes import (
    elsewhere,
    here,
    here_after_all,
    lies,
    naming,
    other_ports,
)
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_bool, function_of, same, show, word

Document = dict[str, Any]


def some_document() -> Document:
    """A discovery document of a service made up on the spot: no part of it can be guessed."""
    origin = f"https://id-{word()}.example"
    return _shuffled(
        {
            "issuer": f"{origin}/realms/{word()}" + random.choice(["", "/"]),  # noqa: S311
            "token_endpoint": f"{origin}/{word()}/oauth/tok-{word()}",
            "jwks_uri": f"{origin}/{word()}/keys",
            "dpop_signing_alg_values_supported": random.sample(
                ["ES256", "ES384", "PS256", "EdDSA"], 3
            ),
            "id_token_signing_alg_values_supported": ["RS256", f"X{word()}"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", word()],
        }
    )


def _shuffled(document: Document) -> Document:
    """The members in another order: each has its name, and no fixed place."""
    return dict(random.sample([*document.items()], len(document)))


@exercise(
    "01.facts",
    "Read three facts",
    hints=[
        "The document is a dict; each fact is one of its members. `sorted(document)` lists them.",
        "The algorithms for proofs are under a name that starts with `dpop_`.",
        "return document['issuer'], document['token_endpoint'], … and one more, in that order.",
    ],
    praise="You took every fact as the document spells it, from two unknown services and this one.",
)
def facts(answer: object, lesson: LiveLesson) -> None:
    read_facts = function_of(answer, "read_facts")
    for fetch in (some_document, some_document, lambda: _shuffled(dict(lesson.client.metadata))):
        document = fetch()
        got = ask(read_facts, document)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(f"Return three values, (issuer, token_endpoint, algs); got {show(got)}.")
        _issuer_fact(got[0], document)
        _endpoint_fact(got[1], document)
        _algorithms_fact(got[2], document)


def _issuer_fact(got: object, document: Document) -> None:
    issuer = document["issuer"]
    if same(got, issuer):
        return
    if isinstance(got, str) and got.rstrip("/") == issuer.rstrip("/"):
        raise Wrong(
            f"The issuer is {issuer} to the last character; you returned {got}. "
            "A slash at the end belongs to the name.",
            "M19",
        )
    raise Wrong(
        f"The issuer of this document is {issuer}; you returned {show(got)}. "
        "Read it from the document that was handed in."
    )


def _endpoint_fact(got: object, document: Document) -> None:
    endpoint, issuer = document["token_endpoint"], str(document["issuer"])
    if same(got, endpoint):
        return
    if isinstance(got, str) and got.startswith(issuer.rstrip("/")):
        raise Wrong(
            f"You glued the token endpoint together from the issuer. This service has it "
            f"at {endpoint}: take the URL that discovery returned."
        )
    raise Wrong(f"The token endpoint of this document is {endpoint}; you returned {show(got)}.")


def _algorithms_fact(got: object, document: Document) -> None:
    algorithms = document["dpop_signing_alg_values_supported"]
    if not same(got, algorithms):
        if got == document.get("id_token_signing_alg_values_supported"):
            raise Wrong(
                "Those are the algorithms of ID tokens. The ones for proofs have a member "
                "of their own, whose name starts with dpop_."
            )
        raise Wrong(
            f"For proofs this service lists {', '.join(algorithms)}; you returned {show(got)}."
        )


@exercise(
    "01.mix-up",
    "Refuse a document whose issuer lies",
    hints=[
        "Which two strings must be the same? One you knew before you asked, one came back.",
        "No rstrip, no lower, no startswith: RFC 8414 §3.3 asks for the identical string.",
        "A document may have no issuer at all: `document.get('issuer')` does not raise.",
    ],
    praise="Identical or nothing: near-twins, other realms and silence were all turned away.",
)
def mix_up(answer: object, lesson: LiveLesson) -> None:
    is_honest = function_of(answer, "is_honest")
    asked = f"https://id-{word()}.example/realms/{word()}"
    for issuer in (asked, lesson.issuer):
        if not expect_bool(ask(is_honest, issuer, naming(issuer), shown=True)):
            raise Wrong(
                f"You refused an honest document: you asked {issuer}, and it names just that."
            )
    for named, sentence, code in lies(asked):
        if expect_bool(ask(is_honest, asked, naming(named), shown=True)):
            raise Wrong(sentence, code)
    for named, _, code in lies(asked):  # the other way round: neither string may be tidied up
        if expect_bool(ask(is_honest, named, naming(asked), shown=True)):
            raise Wrong(
                f"You asked {show(named)} and accepted a document that names {asked}. Compare "
                "both as they are.",
                code,
            )
    _silence(is_honest, asked)


def _silence(is_honest: Callable[..., Any], asked: str) -> None:
    """A document without an issuer, or with one that is not a string."""
    document = naming(asked)
    del document["issuer"]
    if expect_bool(ask(is_honest, asked, document, shown=True)):
        raise Wrong("You accepted a document that names no issuer.")
    for named, kind in ((None, "null"), ("", "empty"), ([asked], "a list")):
        if expect_bool(ask(is_honest, asked, document | {"issuer": named}, shown=True)):
            raise Wrong(f"You accepted an issuer that is {kind}.")


@exercise(
    "01.origin",
    "Refuse an endpoint on another origin",
    hints=[
        "`urllib.parse.urlsplit(url)` takes a URL apart; startswith can be fooled.",
        "An origin is three things: scheme, host and port. Compare all three.",
        "`.hostname` is already in lower case. `.port` is None when no port is written: "
        "then it's the default, 443 for https and 80 for http.",
        "A user name before an @ is a disguise: if `.username` is not None, return False.",
    ],
    praise="Scheme, host and port, after parsing: no look-alike got your client secret.",
)
def origin(answer: object, lesson: LiveLesson) -> None:
    same_place = function_of(answer, "same_place")
    host = f"id-{word()}.example"
    for issuer, endpoint, reason in here(host):
        _judge_here(same_place, issuer, endpoint, reason)
    endpoint = str(lesson.client.metadata["token_endpoint"])
    _judge_here(same_place, lesson.issuer, endpoint, "this is the service that you are using")
    for issuer, place, trick in (*elsewhere(host), *other_ports(host)):
        if expect_bool(ask(same_place, issuer, place, shown=True)):
            raise Wrong(f"You trusted {place} for {issuer}: {trick}.")
    for issuer, endpoint, reason in here_after_all(host):
        _judge_here(same_place, issuer, endpoint, reason)


def _judge_here(function: Callable[..., Any], issuer: str, endpoint: str, reason: str) -> None:
    if not expect_bool(ask(function, issuer, endpoint, shown=True)):
        raise Wrong(f"You refused {endpoint}, which has the same origin as {issuer}: {reason}.")
