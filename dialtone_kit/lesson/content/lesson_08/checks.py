"""Lesson 08: again after a lost answer, the leaf's rules, the audience, and what AWS proves."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from dialtone_kit.base.errors import BadSpiffeId, ServiceError, SvidRefused
from dialtone_kit.lesson.content.lesson_08.audiences import audience_cases
from dialtone_kit.lesson.content.lesson_08.flaky import Desk, live_desk
from dialtone_kit.lesson.content.lesson_08.leaves import leaf_cases, new_domain
from dialtone_kit.lesson.content.lesson_08.sentences import judge_choice, make_sentences
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import (
    ask,
    expect_bool,
    expect_text,
    function_of,
    same,
    show,
    worst_first,
)
from dialtone_kit.lesson.exercises.patience import sealed
from dialtone_kit.lesson.leaf import Leaf
from dialtone_kit.tokens import read_unverified

REFUSED = object()


@exercise(
    "08.again",
    "Once more after a 503",
    hints=[
        "A 503 doesn't say whether your request took effect. What would be used up if it did?",
        "Two things belong to one attempt: the challenge, and the evidence that names it.",
        "Only a 503 is worth another attempt. Any other refusal would come again, and after five "
        "attempts you stop.",
    ],
    praise="Each attempt had its own challenge and its own evidence, and you knew when to stop.",
)
def again(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "get_svid")
    scripts = [[503, 200], [200], [503, 503, 200], [503] * 4 + [200], [503] * 9, [503, 401]]
    scripts += [[status] for status in (400, 403, 404, 409, 500)]
    for script in random.sample(scripts, len(scripts)):
        _judge_again(function, Desk(script))
    if lesson.is_mock:
        _live_again(function, lesson)


def _judge_again(function: Callable[..., Any], desk: Desk) -> None:
    got = ask(function, sealed(desk.challenge), sealed(desk.evidence), sealed(desk.request))
    desk.must_have_tried_enough()
    if not same(got, desk.answer):
        wanted = "None, since there is no SVID" if desk.answer is None else "the body as it came"
        raise Wrong(f"The last status was {desk.last}. Return {wanted}; you returned {show(got)}.")


def _live_again(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same at the service, which issues the first SVID and loses its answer."""
    with lesson.lab_realm() as lab:
        try:
            lab.controls.fault(lab.realm, "/v1/svid/x509", "status", after_effect=True)
        except ServiceError:  # a service that a whole class shares breaks for nobody
            return
        workload = lesson.cluster().workload("reader")
        got = ask(function, *map(sealed, live_desk(workload, lesson.http)))
    if not isinstance(got, dict) or got.get("spiffe_id") != str(workload.spiffe_id):
        raise Wrong(f"At the live service your function came back with {show(got)}.", "M35")


@exercise(
    "08.svid",
    "The rules for a leaf",
    hints=[
        "`leaf.uris` is a tuple. How many names may an identity have?",
        "`SpiffeId.parse(uri)` reads a name strictly: its `.trust_domain` and `.path` can be "
        "compared, while the beginning of a string proves little.",
        "Look at the card's last line: a workload may sign for itself (`signs_messages`) and "
        "vouch for no one (`is_ca`, `signs_certificates`).",
    ],
    praise="One name, from your trust domain, on a certificate that can vouch for no one else.",
)
def svid(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "workload_of")
    cases = leaf_cases(new_domain())
    worst_first(cases, lambda c: _judge_leaf(function, c.leaf, c.domain, c.name, c.why))
    if lesson.is_mock:
        live = lesson.cluster().workload("reader")
        leaf = Leaf.of(live.x509_svid().leaf)
        _judge_leaf(function, leaf, "dialtone.test", str(live.spiffe_id), "")


def _judge_leaf(
    function: Callable[..., Any], leaf: Leaf, domain: str, name: str | None, why: str
) -> None:
    """`name` is what the leaf proves, None if it must be refused because of `why`."""
    got = ask(_with_refusals(function), leaf, domain)
    if got is REFUSED:
        if name is not None:
            raise Wrong(f"This one is good: it names {name}, in {domain}. You refused it.")
        return
    if name is None:
        raise Wrong(f"You accepted {show(got)}. {why}")
    if expect_text(got, "The name") != name:
        raise Wrong(f"The name is {name}; you returned {show(got)}.")


def _with_refusals(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, with a refusal as a value of its own."""

    def call(leaf: Leaf, domain: str) -> Any:
        try:
            return function(leaf, domain)
        except (ValueError, BadSpiffeId, SvidRefused):
            return REFUSED

    return call


@exercise(
    "08.audience",
    "Is it for me?",
    hints=[
        "`aud` is a string or a list of strings. Make both the same thing first.",
        "Names are compared whole, character by character.",
        "Two claims may be missing, and each is then a no: `aud` and `exp`. `claims.get(…)` gives "
        "None for them.",
    ],
    praise="Whole names only, a string or a list, and nothing that has ended or never ends.",
)
def audience(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "is_for_me")
    now = time.time()
    cases = audience_cases(now)
    worst_first(
        cases, lambda c: _judge_audience(function, c.claims, c.me, now, c.good, c.why, c.code)
    )
    if lesson.is_mock:
        me, other = "https://bob.example", "https://bob.example.evil"
        token = lesson.cluster().workload("reader").jwt_svid(me).token
        claims = dict(read_unverified(token.reveal()).claims)
        for who, good in ((me, True), (other, False)):
            _judge_audience(function, claims, who, now, good, "It's for someone else.", "M24")


def _judge_audience(
    function: Callable[..., Any],
    claims: dict[str, Any],
    me: str,
    now: float,
    good: bool,
    why: str,
    code: str,
) -> None:
    if expect_bool(ask(function, claims, me, now, shown=True)) is not good:
        raise Wrong(why, code)


@exercise(
    "08.not-proved",
    "What AWS evidence proves",
    level="stretch",
    hints=[
        "Read the document once more. What is in it, and what isn't?",
        "Everyone on the machine reads the same document. The signature over challenge and "
        "evidence is made by a key of the caller's own.",
    ],
    praise="The document says what AWS knows of the machine, and the binding says which key asks. "
    "Nothing more.",
    make=lambda _lesson: make_sentences(),
)
def not_proved(answer: object, lesson: LiveLesson) -> None:
    judge_choice(answer, lesson.material("08.not-proved"))
