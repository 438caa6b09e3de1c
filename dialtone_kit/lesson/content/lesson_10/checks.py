"""Lesson 10: whose tokens a tool server takes, a gate for its proofs, and the API behind it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.attacks.catalogue import ATTACKS, Attack
from dialtone_kit.attacks.good_calls import Good
from dialtone_kit.attacks.judge import try_attack, try_good
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_10.door import ALL_GOOD, IN_A_GATE, Scene
from dialtone_kit.lesson.content.lesson_10.onward import (
    AtTheService,
    Caller,
    judge_onward,
    on_paper,
)
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import (
    ask,
    expect_bool,
    function_of,
    show,
    word,
    worst_first,
)

SOMEWHERE, ELSEWHERE = "https://calendar.example/mcp", "https://mail.example/mcp"


@exercise(
    "10.verifier",
    "Made for this server",
    hints=[
        "`aud` may be missing, a string, or a list of strings (RFC 7519 §4.1.3).",
        "Make it a list in every case. Then one comparison is enough.",
        "A list contains a name, or it doesn't. A string contains its parts, too: don't use `in` "
        "on one.",
    ],
    praise="Only tokens made for this server, whichever way they name it.",
)
def verifier(answer: object, lesson: LiveLesson) -> None:
    made_for = function_of(answer, "made_for")
    resource = f"https://{word()}.example/mcp"
    cases = _audiences(resource)
    random.shuffle(cases)
    for named, right, sentence in cases:
        claims = {"sub": "cli_me", "scope": "openid"} | ({} if named is None else {"aud": named})
        _judge_audience(made_for, claims, resource, right, sentence)
    for named, right, sentence in _audiences(resource) if lesson.is_mock else ():
        token = lesson.client.get_token(key=ProofKey.generate(), resource=named)
        _judge_audience(made_for, dict(token.claims), resource, right, sentence)


def _audiences(resource: str) -> list[tuple[Any, bool, str]]:
    """What `aud` may be, whether such a token is for `resource`, and what to say if not."""
    host, plain = f"https://{urlsplit(resource).netloc}", f"http{resource.removeprefix('https')}"
    return [
        (resource, True, "You refused a token for this server: its `aud` is one string."),
        ([SOMEWHERE, resource], True, "You refused a token for two servers, one of them this."),
        ([resource, SOMEWHERE], True, "You refused a token for two servers, one of them this."),
        (
            [SOMEWHERE, ELSEWHERE, resource],
            True,
            "You refused a token for three servers, one of them this.",
        ),
        (SOMEWHERE, False, f"A token for another server got in: {SOMEWHERE}."),
        (
            [SOMEWHERE, f"{resource}.evil"],
            False,
            f"A token for {resource}.evil got in. Only the whole name counts.",
        ),
        (f"{host}/MCP", False, f"A token for {host}/MCP got in. In a path, case counts."),
        (
            f"{resource}.evil",
            False,
            f"A token for {resource}.evil got in. Only the whole name counts.",
        ),
        (f"{resource}/", False, f"A token for {resource}/ got in. Only the whole name counts."),
        ([f"{resource}/"], False, f"A token for {resource}/ got in. Only the whole name counts."),
        (
            f"{resource}?a=b",
            False,
            f"A token for {resource}?a=b got in. Only the whole name counts.",
        ),
        (plain, False, f"A token for {plain} got in. Only the whole name counts, scheme and all."),
        (f"{host}/mcp/admin", False, "The same host serves another resource at /mcp/admin."),
        (
            f"{SOMEWHERE}?for='{resource}'",
            False,
            f"A token for {SOMEWHERE} got in: only its query has your name.",
        ),
        ([f"{host}/", SOMEWHERE], False, "The same host is not yet the same resource."),
        (None, False, "A token without `aud` got in. For nobody in particular isn't for you."),
    ]


def _judge_audience(
    made_for: Callable[..., Any], claims: dict[str, Any], resource: str, right: bool, sentence: str
) -> None:
    if expect_bool(ask(made_for, claims, resource, shown=True)) != right:
        raise Wrong(sentence, "" if right else "M29")


@exercise(
    "10.gate",
    "A gate for proofs",
    hints=[
        'Challenge: the scheme, then a parameter in quotes: `DPoP resource_metadata="…"`. Then '
        "look at the scheme that came: only DPoP continues.",
        "`door.verify(token)` returns the claims. `bound_to` is the `jkt` in their `cnf`. Where "
        "there is none, turn the caller away.",
        "`Request(method, door.url, door.now(), …)` also takes `access_token`, `bound_to` and "
        '`first_use`. Judge by it: `check_proof(headers.getlist("DPoP"), …)`. What these functions '
        "raise becomes a PermissionError.",
    ],
    praise=f"{len(ATTACKS) - 1} attacks stayed out, every good call got in, and each refusal said "
    "where to go.",
)
def gate(answer: object, lesson: LiveLesson) -> None:
    scene = Scene(function_of(answer, "admit"))
    _judge_good(scene, ALL_GOOD[0])
    worst_first(ATTACKS, lambda attack: _judge_attack(scene, attack))
    for good in ALL_GOOD:
        _judge_good(scene, good)
    if lesson.is_mock:
        _live_gate(lesson, scene)


def _live_gate(lesson: LiveLesson, scene: Scene) -> None:
    """The same with a token of the running service."""
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key, resource=scene.url).access_token.reveal()
    scene.door.verify = lambda text: lesson.client.verify(text, audience=scene.url)
    answer = scene.send(scene.victim.call(scene.target, token=token, key=key))
    if not answer.lets_in(200):
        raise Wrong(f"You turned away a token of the running service: {show(answer.reason)}.")


def _judge_good(scene: Scene, good: Good) -> None:
    outcome = try_good(good, scene.send, scene.victim, scene.target)
    if outcome.verdict == "refused":
        said = show(outcome.detail.partition(": ")[2])
        raise Wrong(f"You turned away a good call: {good.name} ({good.section}). You said {said}.")


def _judge_attack(scene: Scene, attack: Attack) -> None:
    outcome = try_attack(attack, scene.send, scene.victim, scene.bag)
    if outcome.verdict == "open":
        sent, advice = outcome.detail.partition(": ")[2], IN_A_GATE.get(attack.number)
        raise Wrong(f"This got in: {sent} {advice or attack.sentence}", attack.code)
    if outcome.verdict == "not tried" and attack.number == 2:
        raise Wrong(f"Your gate doesn't judge each call for itself: {outcome.detail}.")


@exercise(
    "10.downstream",
    "The API behind",
    level="stretch",
    hints=[
        "The caller's token is bound to the caller's key. You need a token that is bound to yours.",
        "`me.exchange` takes the token you hold, `resource` and `key`. Which resource is it for?",
        "Two callers may be served at the same time: whatever you keep outside the function, both "
        "of them share.",
    ],
    praise="Each caller got their own answer, by a token that serves at that one API.",
)
def downstream(answer: object, lesson: LiveLesson) -> None:
    onward = function_of(answer, "onward")
    on_paper(onward)
    if lesson.is_mock:
        _live(onward, lesson)


def _live(onward: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same in a private realm, whose service makes the exchange."""
    with lesson.lab_realm() as lab:
        server, bob = (lab.agent(name, ["openid"]) for name in ("tool-server", "bob"))
        both = ["https://notes.example/mcp", lab.issuer]
        callers = []
        for name, client in (("Ada", lab.client), ("Bob", bob.client)):
            own = ProofKey.generate()
            token = client.get_token(key=own, resource=both, may_act=server.client_id)
            callers.append(Caller(name, token.access_token.reveal()))
        side = AtTheService(server.client, server.key)
        judge_onward(onward, side, server.key, lab.issuer, callers)
