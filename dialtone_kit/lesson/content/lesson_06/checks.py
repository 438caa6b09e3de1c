"""Lesson 06: polling at the right pace, a refresh token that came back, and whose code it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_06.family import Script, judge_aftermath, scripts, was_dead
from dialtone_kit.lesson.content.lesson_06.pages import judge_choice, make_screens
from dialtone_kit.lesson.content.lesson_06.polling import Answer, Desk
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, function_of, same, show, word, worst_first
from dialtone_kit.lesson.exercises.patience import Calls, sealed
from dialtone_kit.tokens import Token

DESKS = 12  # fresh ones for each try: a rule by name or by link alone fails at one of them
PENDING: Answer = {"error": "authorization_pending"}
SLOWER: Answer = {"error": "slow_down"}
SCRIPTS = (
    [PENDING],
    [PENDING, PENDING, PENDING, PENDING],  # whoever slows down unasked is far behind at the end
    [PENDING, SLOWER, PENDING, PENDING],
    [SLOWER, SLOWER, PENDING, SLOWER],  # no fixed pace is slow enough here and fast enough above
)
ENDLESS = (
    "Your loop asked thirty times and never came to an end. All but `authorization_pending` and "
    "`slow_down` end it."
)


@exercise(
    "06.poll",
    "Ask at the right pace",
    hints=[
        "Look at the code in the answer, never at the status: `authorization_pending` is also a "
        "400.",
        "Two codes mean 'go on': `authorization_pending` at the same pace, `slow_down` at a slower "
        "one. Everything else is the end.",
        "Keep the interval in a variable, so that what `slow_down` adds to it stays.",
    ],
    praise="Never too early, slower when told to be, and at the end you stopped.",
)
def poll(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "poll")
    ends = (_token(), {"error": "access_denied"}, {"error": "expired_token"})
    for script in SCRIPTS:
        for end, interval in zip(ends, _paces(), strict=True):
            _judge_poll(function, [*script, end], interval)
    for end in (_token(), {"error": "invalid_grant"}, {"error": "invalid_client"}):
        _judge_poll(function, [end], 5)
        _judge_poll(function, [PENDING, end], 5)
    if lesson.is_mock:
        _live_poll(function, lesson)


def _paces() -> list[int]:
    """Three intervals in seconds, in random order: no rule but RFC 8628's is right for them all.

    Twice a short one is too early after `slow_down`, and what suits a long one is late for it.
    """
    paces = [random.randint(low, low + 1) for low in (3, 5, 8)]  # noqa: S311
    return random.sample(paces, 3)


def _token() -> Answer:
    return {"access_token": word(12), "token_type": "DPoP", "expires_in": 3600}


def _judge_poll(function: Callable[..., Any], answers: Sequence[Answer], interval: int) -> None:
    desk = Desk(answers, interval)
    got = ask(function, sealed(Calls(desk.ask, ENDLESS, "M21")), sealed(desk.sleep), interval)
    if not desk.asked:
        raise Wrong("Your function asked nothing. `ask()` polls once and returns the answer.")
    if desk.asked < len(answers):
        last = str(answers[desk.asked - 1].get("error"))
        raise Wrong(
            f"You gave up at `{last}`. It is 'not yet', not 'no': look at the code, not at the "
            "400.",
            "M21",
        )
    if not same(got, dict(answers[-1])):
        raise Wrong(f"Return the last answer as it came; you returned {show(got)}.")


def _live_poll(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same at a private realm: its clock moves while the function sleeps."""
    with lesson.lab_realm() as lab:
        login, key = lab.client.start_device("openid"), ProofKey.generate()
        asked = 0

        def poll_once() -> Answer:
            nonlocal asked, login
            asked += 1
            if asked == 3:
                lesson.approve(login, f"{word()}@example.com")
            try:
                got = lab.client.poll_device(login, key)
            except ServiceError as refusal:
                return {"error": refusal.error}
            if isinstance(got, Token):
                return {"access_token": "here it is", "token_type": got.token_type}
            slower, login = got.interval > login.interval, got
            return SLOWER if slower else PENDING

        def sleep(seconds: float) -> None:
            lab.move_clock(float(seconds))

        got = ask(function, sealed(Calls(poll_once, ENDLESS, "M21")), sealed(sleep), login.interval)
        if not isinstance(got, Mapping) or "access_token" not in got:
            raise Wrong(f"At the live service your function came back with {show(got)}.")


@exercise(
    "06.reuse",
    "A refresh token came back",
    hints=[
        "The service sees strings. It can't see who shows one.",
        "R1 and A1 came with the approval. Whoever shows R1 gets A2 and R2, and R1 is used.",
        "The second time that the same R is shown, everything that the approval ever gave is dead: "
        "access tokens too.",
    ],
    praise="The service can't tell thief from agent, so it ends what both of them hold.",
)
def reuse(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "aftermath")
    worst_first(
        scripts(), lambda script: judge_aftermath(ask(function, list(script.steps)), script)
    )
    if lesson.is_mock:
        _live_reuse(function, lesson, random.choice([s for s in scripts() if s.noticed]))  # noqa: S311


def _live_reuse(function: Callable[..., Any], lesson: LiveLesson, script: Script) -> None:
    """Play the script at a private realm, and hold the answer against introspection."""
    with lesson.lab_realm() as lab:
        login = lab.client.start_device("openid")
        lesson.approve(login, f"{word()}@example.com")
        first = lab.client.poll_device(login, ProofKey.generate())
        if not isinstance(first, Token):  # the approval was given a line before
            raise ServiceError(503, "unavailable", "The approval did not arrive.")
        dead = was_dead(lab.client, first, script)
        judge_aftermath(ask(function, list(script.steps)), script.as_seen(dead))


@exercise(
    "06.whose-code",
    "Whose code you approve",
    level="stretch",
    hints=[
        "An agent chooses its own name. What on the page could it not choose?",
        "You started two of these yourself. Where do their codes stand?",
    ],
    praise="You approved what your own devices show, and nothing that was sent to you.",
    make=lambda _lesson: make_screens(),
)
def whose_code(answer: object, _lesson: LiveLesson) -> None:
    function = function_of(answer, "approved")
    for _ in range(DESKS):
        screens = make_screens()
        judge_choice(ask(function, cast("dict[str, Any]", screens)), screens)
