"""Lesson 01: read three facts, refuse a lying issuer, refuse an endpoint on another origin."""

from __future__ import annotations

import random
from typing import Any

from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_bool, function_of, show, word

Document = dict[str, Any]


def some_document() -> Document:
    """A discovery document of a service made up just now: no part of it can be guessed."""
    origin = f"https://id-{word()}.example"
    return {
        "issuer": f"{origin}/realms/{word()}" + random.choice(["", "/"]),  # noqa: S311
        "token_endpoint": f"{origin}/{word()}/oauth/tok-{word()}",
        "jwks_uri": f"{origin}/{word()}/keys",
        "dpop_signing_alg_values_supported": random.sample(["ES256", "ES384", "PS256", "EdDSA"], 3),
        "id_token_signing_alg_values_supported": ["RS256", f"X{word()}"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", word()],
    }


@exercise(
    "01.facts",
    "Read three facts",
    hints=[
        "The document is a dict; each fact is one of its members. `sorted(document)` lists them.",
        "The algorithms for proofs stand under a name that starts with `dpop_`.",
        "return document['issuer'], document['token_endpoint'], … and one more, in that order.",
    ],
    praise="You took every fact as the document spells it, from two unknown services and this one.",
)
def facts(answer: object, lesson: LiveLesson) -> None:
    read_facts = function_of(answer, "read_facts")
    for fetch in (some_document, some_document, lambda: dict(lesson.client.metadata)):
        document = fetch()
        got = ask(read_facts, document)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(f"Return three values, (issuer, token_endpoint, algs); got {show(got)}.")
        _issuer_fact(got[0], document)
        _endpoint_fact(got[1], document)
        _algorithms_fact(got[2], document)


def _issuer_fact(got: object, document: Document) -> None:
    issuer = document["issuer"]
    if got == issuer:
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
    if got == endpoint:
        return
    if isinstance(got, str) and got.startswith(issuer.rstrip("/")):
        raise Wrong(
            f"You glued the token endpoint together from the issuer. This service has it "
            f"at {endpoint}: take the URL that discovery returned."
        )
    raise Wrong(f"The token endpoint of this document is {endpoint}; you returned {show(got)}.")


def _algorithms_fact(got: object, document: Document) -> None:
    algorithms = document["dpop_signing_alg_values_supported"]
    if not isinstance(got, list | tuple) or list(got) != algorithms:
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
        if not expect_bool(ask(is_honest, issuer, {"issuer": issuer, "jwks_uri": "…"})):
            raise Wrong(f"You refused an honest document: {issuer} was asked and is named.")
    for lie, sentence, code in _lies(asked):
        if expect_bool(ask(is_honest, asked, lie)):
            raise Wrong(sentence, code)
    for lie, _, code in _lies(asked):  # the other way round: neither side may be mended
        named = lie.get("issuer")
        if named and expect_bool(ask(is_honest, named, {"issuer": asked})):
            raise Wrong(
                f"Asked for {show(named)} you accepted a document that names {asked}. Compare "
                "both as they are.",
                code,
            )


def _lies(asked: str) -> list[tuple[Document, str, str]]:
    """Documents that must not pass, each with the mistake of a check that lets it."""
    attacker = f"https://id-{word()}.example/realms/main"
    return [
        (
            {"issuer": attacker},
            f"You asked {asked} and accepted {attacker}: that is impersonation. "
            "Your proofs and secrets would go where the liar wants them.",
            "",
        ),
        (
            {"issuer": asked + "/"},
            "You let a slash at the end pass. Issuers are compared as "
            "strings: with a slash it is another issuer.",
            "M19",
        ),
        (
            {"issuer": asked.rpartition("/")[0] + "/other"},
            "You compared only the host. Each realm is an issuer of its own, with keys of its own.",
            "",
        ),
        (
            {"issuer": asked + ".evil.example"},
            "You compared only the beginning: another name may start like the honest one.",
            "",
        ),
        (
            {"issuer": asked.upper()},
            "You ignored case. An issuer is compared character by character.",
            "",
        ),
        *_respelled(asked),
        ({"jwks_uri": "…"}, "You accepted a document that names no issuer.", ""),
        ({"issuer": None}, "You accepted an issuer that is null.", ""),
    ]


def _respelled(asked: str) -> list[tuple[Document, str, str]]:
    """What a URL library takes for the same address. RFC 8414 §4 compares code points."""
    scheme, _, rest = asked.partition("://")
    host, _, path = rest.partition("/")
    strings = "Compare the two strings as they are, code point by code point."
    spellings = {
        f"{scheme}://{host.upper()}/{path}": f"You compared parsed URLs: case was lost. {strings}",
        f"{scheme}://{host}:443/{path}": f"You compared parsed URLs, and :443 was lost. {strings}",
        f"{asked}?realm=other": f"You compared parsed URLs without their query. {strings}",
        f"{asked}#other": f"You compared parsed URLs without their fragment. {strings}",
        f" {asked}": f"You stripped a space. {strings}",
        f"{asked}\n": f"You stripped the end of a line. {strings}",
        asked.replace("realms", "%72ealms"): f"You undid percent-encoding. {strings}",
        asked.partition("/realms")[0]: "You accepted a part of the issuer for the whole.",
    }
    return [({"issuer": issuer}, sentence, "") for issuer, sentence in spellings.items()]


@exercise(
    "01.origin",
    "Refuse a token endpoint on another origin",
    hints=[
        "`urllib.parse.urlsplit(url)` takes a URL apart; startswith can be fooled.",
        "An origin is three things: scheme, host and port. Compare all three.",
        "`.hostname` is in lower case already. `.port` is None only where no port is written: "
        "then it is the default, 443 for https and 80 for http.",
        "A user name before an @ is a disguise: if `.username` is not None, say no.",
    ],
    praise="Scheme, host and port, after parsing: no look-alike got your client secret.",
)
def origin(answer: object, lesson: LiveLesson) -> None:
    same_place = function_of(answer, "same_place")
    host = f"id-{word()}.example"
    issuer = f"https://{host}/realms/{word()}"
    good = {
        f"https://{host}/{word()}/token": "an origin has no path, so any path will do",
        f"https://{host}:443/token": ":443 is the default port of https",
        f"https://{host.upper()}/token": "host names have no case",
    }
    for endpoint, reason in good.items():
        if not expect_bool(ask(same_place, issuer, endpoint)):
            raise Wrong(f"You refused {endpoint}, the same origin as {issuer}: {reason}.")
    endpoint = str(lesson.client.metadata["token_endpoint"])
    if not expect_bool(ask(same_place, lesson.issuer, endpoint)):
        raise Wrong(f"You refused the endpoint of the service you are using: {endpoint}.")
    for elsewhere, trick in _elsewhere(host):
        if expect_bool(ask(same_place, issuer, elsewhere)):
            raise Wrong(f"You trusted {elsewhere} for {issuer}: {trick}.")
    for asked, elsewhere, trick in _other_ports(host):
        if expect_bool(ask(same_place, asked, elsewhere)):
            raise Wrong(f"You trusted {elsewhere} for {asked}: {trick}.")


def _other_ports(host: str) -> list[tuple[str, str, str]]:
    """An issuer and an endpoint whose ports differ, though one of them writes none."""
    return [
        (
            f"https://{host}:8443/a",
            f"https://{host}/token",
            "no port means 443",
        ),
        (f"http://{host}/a", f"http://{host}:443/token", "the default port of http is 80"),
    ]


def _elsewhere(host: str) -> list[tuple[str, str]]:
    return [
        ("https://collect.example/token", "that is somebody else's host"),
        (f"https://{host}.evil.example/token", "the honest name is only the beginning of the host"),
        (f"https://evil-{host}/token", "the honest name is only the end of the host"),
        (f"https://{host}@evil.example/token", "the part before the @ is a user name"),
        (f"https://evil@{host}/token", "a URL with a user name in it has no business here"),
        (f"https://{host}:8443/token", "another port can be another program"),
        (f"http://{host}/token", "without https anybody on the way reads along"),
        ("/token", "that is no absolute URL"),
    ]
