"""Lesson 09: who acts for whom, a policy, who wrote a note, and a token for each child."""

from __future__ import annotations

import random

from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_09.cedar_desk import judge_policy
from dialtone_kit.lesson.content.lesson_09.chains import chains, claims_of, judge_chain
from dialtone_kit.lesson.content.lesson_09.children import judge_hand_out
from dialtone_kit.lesson.content.lesson_09.trails import judge_who, live, made_up
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_text, function_of, lent, show


@exercise(
    "09.chain",
    "Read the chain",
    hints=[
        "`sub` is one name. `act` is an object: it has a `sub` of its own, and perhaps an `act`.",
        "Walk inwards until there is no `act` any more. A token without any `act` is fine, too.",
        "You meet the newest actor first. In the list it comes last.",
    ],
    praise="The subject, and then everyone who acted, the newest last.",
)
def chain(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "chain")
    for subject, actors in chains():
        claims = claims_of(subject, actors)
        judge_chain(ask(function, claims, shown=True), subject, actors, claims["client_id"])
    if lesson.is_mock:
        own = lesson.client.get_token(key=ProofKey.generate())
        live_one = dict(lesson.client.exchange(own, actor=own).claims)  # for itself, by itself
        subject = live_one["sub"]
        judge_chain(ask(function, live_one), subject, [subject], subject)


@exercise(
    "09.policy",
    "Write a policy",
    hints=[
        "Two policies are enough: what may every agent do, and what is special about writing?",
        "`context.bound` and `context.delegated` are true or false; `!` and `&&` work as in C.",
        "A policy can end in `when { … }`: it counts only for requests that the condition fits.",
    ],
    praise="Eight calls: the five good ones passed, and the three others got 403.",
)
def policy(answer: object, lesson: LiveLesson) -> None:
    if callable(answer):
        raise Wrong("A policy is a string of Cedar, no function.")
    judge_policy(expect_text(answer, "The policy"), lesson)


@exercise(
    "09.who",
    "Who wrote this note?",
    hints=[
        "One event says that the note was written. Agent and person are both in it.",
        "The trail is in order. A decision is the event right before what it permitted.",
        "Find the position of the note's event; the policy is in the event one before.",
    ],
    praise="Agent, person and policy, from the service's own record: no agent was asked.",
)
def who(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "who")
    for events, truth in (made_up(), made_up()):
        for true in random.sample(truth, k=len(truth)):
            judge_who(ask(function, events, true.note), events, true)
    if lesson.is_mock:
        events, truth = live(lesson)
        for true in truth:
            judge_who(ask(function, events, true.note), events, true)


@exercise(
    "09.least",
    "A token for each child",
    level="stretch",
    hints=[
        "Two exchanges for each child: the parent gives leave, and the child takes it up.",
        "The parent's exchange names the child as `may_act`; then the child's own client exchanges "
        "what came back.",
        "Both can narrow the scope. The child's exchange needs the child's key.",
    ],
    praise="Each child can do its job and nothing else, and its token says who acts.",
)
def least(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "hand_out")
    token = lesson.client.get_token(key=ProofKey.generate())
    with lent(lesson.client) as parent:
        nobody = ask(function, parent, token, ())
    if not isinstance(nobody, dict) or nobody:
        raise Wrong(
            "Return a dict: a token for each child's name. For no children it is empty; you "
            f"returned {show(nobody)}."
        )
    judge_hand_out(function, lesson)
