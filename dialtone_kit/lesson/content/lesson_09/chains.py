"""Tokens with chains of actors, for 09.chain."""

from __future__ import annotations

import random
from typing import Any

from dialtone_kit.lesson.exercises.asking import same, show, word
from dialtone_kit.lesson.exercises.verdict import Wrong


def claims_of(subject: str, actors: list[str]) -> dict[str, Any]:
    """The claims of a token for `subject`; `actors` in the order in which they acted."""
    act: dict[str, Any] = {}
    for n, actor in enumerate(actors):
        name, before = {"sub": actor}, {"act": act} if act else {}
        act = before | name if n % 2 else name | before  # members of JSON have no order
    client = actors[-1] if actors else f"cli_{word()}"
    claims = {"iss": f"https://{word()}.example", "sub": subject, "client_id": client}
    return claims | {"scope": "openid", "jti": word(12)} | ({"act": act} if act else {})


def chains() -> list[tuple[str, list[str]]]:
    """Fresh subjects and actors, from nobody to five in a row, in random order."""
    made = []
    for depth in range(6):
        actors = [f"cli_{word()}_{word(8)}" for _ in range(depth)]
        if depth > 3:
            actors[-1] = actors[0]  # an agent may act twice
        subject = f"usr_{word(12)}" if depth % 2 else f"cli_{word()}_{word(8)}"
        made.append((subject, actors))
    random.shuffle(made)
    return made


def judge_chain(got: object, subject: str, actors: list[str], client_id: str) -> None:
    """Raise Wrong with the sentence for this mistake."""
    if same(got, [subject, *actors]):
        return
    if not isinstance(got, list | tuple) or not all(isinstance(one, str) for one in got):
        raise Wrong(f"Return a list of names, the subject first; you returned {show(got)}.")
    names = [str.__str__(one) for one in got]
    if same(names, [subject, *actors[::-1]]) or same(names, [*actors[::-1], subject]):
        raise Wrong("The outermost `act` is the newest: who acted first is innermost.", "M30")
    if not actors:
        raise Wrong(
            f"This token has no `act`: nobody acts for {subject}. You returned {show(got)}.",
            "M33" if client_id in names else "",
        )
    if same(names, actors):
        raise Wrong("The subject is missing: the list begins with `sub`.")
    if subject in names[1:]:
        raise Wrong("The subject isn't one of the actors: they act, and it is for the subject.")
    _judge_missing(names, subject, actors)
    raise Wrong(f"Expected the subject and {len(actors)} actors; you returned {show(got)}.", "M30")


def _judge_missing(names: list[str], subject: str, actors: list[str]) -> None:
    missing = 1 + len(actors) - len(names)
    if same(names, [subject]):
        raise Wrong("Someone acts for the subject: look into `act`.", "M30")
    if missing > 0 and same(names, [subject, *actors[-(len(names) - 1) :]]):
        more = "One more was" if missing == 1 else f"{missing} more were"
        raise Wrong(f"{more} inside: each `act` can hold another `act`.", "M30")
    if missing > 0 and set(names) == {subject, *actors}:
        raise Wrong("An agent can act twice, and then it is in the list twice.", "M30")
