"""A parent and its three children in a private realm, for 09.least."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from dialtone_kit.base.errors import ServiceError, TokenRefused
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_09.cast import approved
from dialtone_kit.lesson.exercises import LiveLesson
from dialtone_kit.lesson.exercises.asking import ask, lent, show, word
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.tokens import Token

READ, WRITE = "notes:read", "notes:write"
JOBS = {READ: "reader", WRITE: "writer", "openid": "doorman"}


@dataclass(frozen=True)
class Child:
    """What a learner sees of a child: who it is, and the one scope that its job needs."""

    name: str
    scope: str
    client: IdentityClient
    client_id: str
    key: ProofKey


@dataclass(frozen=True)
class Home:
    """The parent's client and token, and the children, in random order."""

    parent: IdentityClient
    parent_id: str
    token: Token
    children: tuple[Child, ...]
    notes: str


def home(lesson: LiveLesson, lab: LabRealm) -> Home:
    """A parent that acts for a person, and three children with the jobs of JOBS."""
    parent = lab.agent("parent")
    token = approved(lesson, parent, f"{word()}@example.com")
    children = []
    for scope in random.sample(list(JOBS), k=3):
        agent, name = lab.agent(JOBS[scope]), f"{JOBS[scope]}-{word()}"
        children.append(Child(name, scope, agent.client, agent.client_id, agent.key))
    return Home(parent.client, parent.client_id, token, tuple(children), f"{lab.issuer}/api/notes")


def judge_hand_out(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """Let the function hand out tokens, then try each of them."""
    with lesson.lab_realm(scopes=()) as lab:
        place = home(lesson, lab)
        with ExitStack() as borrowed:
            parent, *clients = (
                borrowed.enter_context(lent(one))
                for one in (place.parent, *(child.client for child in place.children))
            )
            children = tuple(map(_with_client, place.children, clients))
            got = ask(_with_advice(function), parent, place.token, children)
        tokens = _tokens(got, place.children)
        for child in place.children:
            _judge_holder(child, tokens[child.name], tokens)
        for child in place.children:
            _judge_genuine(child, tokens[child.name])
            _judge_reach(child, tokens[child.name], place.notes)
            _judge_chain(child, tokens[child.name], place)


def _with_client(child: Child, client: IdentityClient) -> Child:
    return replace(child, client=client)


def _with_advice(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; a refused exchange becomes a sentence about what it lacks."""

    def asked(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ServiceError as refusal:
            raise Wrong(_advice(refusal)) from None

    return asked


def _advice(refusal: ServiceError) -> str:
    said = f"The service said {refusal.status} {refusal.error}: {refusal.description}"
    if "may_act" in refusal.description:
        return f"{refusal.status}: name the child in `may_act`. {said}"
    return said


def _tokens(got: object, children: tuple[Child, ...]) -> Mapping[str, Token]:
    if not isinstance(got, Mapping):
        raise Wrong(f"Return a dict: a token for each child's name; you returned {show(got)}.")
    missing = [child.name for child in children if child.name not in got]
    if missing:
        raise Wrong(f"There is no token for {missing[0]}: use `child.name`.")
    tokens = {child.name: got[child.name] for child in children}
    for name, token in tokens.items():
        if token is ...:
            raise NotTried
        if type(token) is not Token:
            raise Wrong(f"{name} needs the Token itself; it got {show(token)}.")
    return tokens


def _judge_holder(child: Child, token: Token, tokens: Mapping[str, Token]) -> None:
    bound = (token.claims.get("cnf") or {}).get("jkt")
    if bound == child.key.thumbprint:
        return
    if len({one.access_token.reveal() for one in tokens.values()}) < len(tokens):
        raise Wrong(
            "One token for several children is bound to one key: the others get 401, and the trail "
            "can't tell them apart."
        )
    raise Wrong(
        f"{child.name} can't use its token: 401. It's bound to another key; `key=child.key` is the "
        "child's.",
        "M07",
    )


def _judge_genuine(child: Child, token: Token) -> None:
    """The doorman calls nothing here, so the signature has to speak for its token."""
    try:
        child.client.verify(token)
    except TokenRefused as refusal:
        raise Wrong(f"{child.name} has a token that the service didn't sign: {refusal}") from None


def _judge_reach(child: Child, token: Token, url: str) -> None:
    """The call of its own job passes, every other call is refused."""
    own = replace(token, key=child.key)
    for scope in (READ, WRITE):
        if scope == READ:
            status = child.client.call("GET", url, own).status_code
        else:
            status = child.client.call("POST", url, own, json={"text": "x"}).status_code
        if scope == child.scope and status >= 300:
            raise Wrong(f"{child.name} could not do its job: {scope} got {status}.")
        if scope != child.scope and status < 300:
            verb = "read" if scope == READ else "write"
            raise Wrong(f"The {JOBS[child.scope]} could {verb}: its token has `{token.scope}`.")
    if str(token.claims.get("scope")).split() != [child.scope]:
        raise Wrong(f"{child.name} needs `{child.scope}` and nothing more: it got `{token.scope}`.")


def _judge_chain(child: Child, token: Token, place: Home) -> None:
    act, subject = token.claims.get("act"), place.token.claims["sub"]
    if token.claims.get("sub") != subject:
        raise Wrong(
            f"{child.name} works for itself: `sub` should be {subject}. Begin with the parent's "
            "token.",
            "M33",
        )
    if act != {"sub": child.client_id, "act": {"sub": place.parent_id}}:
        raise Wrong(f"`act` should be the child, and in it the parent; it is {show(act)}.", "M30")
