"""Lesson 10: whose tokens a tool server takes, a gate for its proofs, and the API behind it."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import ProofRefused, TokenRefused
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_10.door import ATTACKS, GOOD, Attack, Call, Scene
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
    same,
    show,
    word,
    worst_first,
)

SOMEWHERE = "https://calendar.example/mcp"


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
    host = f"https://{urlsplit(resource).netloc}"
    return [
        (resource, True, "You refused a token for this server: its `aud` is one string."),
        ([SOMEWHERE, resource], True, "You refused a token for two servers, one of them this."),
        ([resource, SOMEWHERE], True, "You refused a token for two servers, one of them this."),
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
    praise="Nine attacks stayed out, every good call got in, and each refusal said where to go.",
)
def gate(answer: object, lesson: LiveLesson) -> None:
    admit, scene = function_of(answer, "admit"), Scene()
    door = scene.door()
    _judge_good(admit, door, "a POST", scene.call())
    worst_first(ATTACKS, lambda attack: _judge_attack(admit, door, scene, attack))
    for name, make in GOOD.items():
        _judge_good(admit, door, name, make(scene))
    if lesson.is_mock:
        _live_gate(admit, lesson, scene, door)


def _live_gate(
    admit: Callable[..., Any], lesson: LiveLesson, scene: Scene, door: SimpleNamespace
) -> None:
    """The same with a token of the running service."""
    token = lesson.client.get_token(key=scene.key, resource=scene.url)
    door.verify = lambda text: lesson.client.verify(text, audience=scene.url)
    call = scene.call(given=token.access_token.reveal())
    _judge_good(admit, door, "a token of the running service", call)


def _judge_good(admit: Callable[..., Any], door: SimpleNamespace, name: str, call: Call) -> None:
    got, challenge = _outcome(admit, door, call)
    if challenge is not None:
        raise Wrong(f"You turned away {name}: {show(challenge)}. It was good.")
    if not same(got, dict(call.claims)):
        raise Wrong(f"Return the claims of the caller's token; you returned {show(got)}.")


def _judge_attack(
    admit: Callable[..., Any], door: SimpleNamespace, scene: Scene, attack: Attack
) -> None:
    call = attack.make(scene)
    if attack.again:
        _judge_good(admit, door, "a POST", call)
    _, challenge = _outcome(admit, door, call)
    if challenge is None:
        raise Wrong(attack.sentence, attack.code)
    _judge_challenge(challenge, door.metadata_url)


def _judge_challenge(challenge: str, metadata_url: str) -> None:
    offered = [one for one in challenges(challenge) if one.scheme.lower() == "dpop"]
    if not offered:
        raise Wrong(
            f"A refusal offers the scheme that would do, here DPoP; you sent {show(challenge)}."
        )
    if offered[0].parameters.get("resource_metadata") != metadata_url:
        raise Wrong(
            "Where is a client to get a token? Your challenge has to name `door.metadata_url` as "
            f"`resource_metadata`, in quotes; you sent {show(challenge)}."
        )


def _outcome(
    admit: Callable[..., Any], door: SimpleNamespace, call: Call
) -> tuple[Any, str | None]:
    """What `admit` returned, or the challenge with which it turned the caller away."""
    refusals: list[str] = []

    def caught(*arguments: Any) -> Any:
        try:
            return admit(*arguments)
        except PermissionError as refusal:
            refusals.append(str(refusal))
        except (TokenRefused, ProofRefused, KeyError, TypeError) as problem:
            kind = type(problem).__name__
            raise Wrong(
                f"Your gate raised {kind}. Nobody catches that, so the caller gets a 500. Turn it "
                "into a PermissionError with the challenge."
            ) from None
        return None

    got = ask(caught, call.method, call.headers, door)
    return got, refusals[0] if refusals else None


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
