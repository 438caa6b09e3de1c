"""Refreshes by two parties, for 06.reuse: what each step does, and what is dead in the end."""

from __future__ import annotations

import random
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.exercises.asking import same, show
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.tokens import Token

Step = tuple[str, str]  # who, and the refresh token that they show
AGENT, THIEF = "agent", "thief"


@dataclass(frozen=True)
class Script:
    """`noticed` is the position of the step at which the service notices, None for never."""

    steps: tuple[Step, ...]
    noticed: int | None
    dead: Set[str]

    def as_seen(self, dead: Set[str]) -> Script:
        """The same with what a service really killed."""
        return replace(self, dead=dead)


def scripts() -> list[Script]:
    """Fresh stories: thief first, agent first, the thief for long, no thief, an agent twice."""
    first, then, long, none, twice = (random.randint(2, 5) for _ in range(5))  # noqa: S311
    stolen, old = f"R{first + 1}", f"R{random.randint(1, then)}"  # noqa: S311
    stories = [
        [*_turns(AGENT, first), (THIEF, stolen), (AGENT, stolen), (THIEF, f"R{first + 2}")],
        [*_turns(AGENT, then), (THIEF, old), (AGENT, f"R{then + 1}")],
        [*_turns(THIEF, long), (AGENT, "R1"), (THIEF, f"R{long + 1}")],
        _turns(AGENT, none),
        [*_turns(AGENT, twice), (AGENT, f"R{twice}"), (AGENT, f"R{twice + 1}")],
    ]
    return [script_of(story) for story in stories]


def _turns(who: str, count: int) -> list[Step]:
    return [(who, f"R{n}") for n in range(1, count + 1)]


def script_of(steps: list[Step]) -> Script:
    """The story with its end: every R works once, a second use ends the family."""
    used: set[str] = set()
    for position, (_, shown) in enumerate(steps):
        if shown in used:
            return Script(tuple(steps), position, _family(len(used)))
        used.add(shown)
    return Script(tuple(steps), None, frozenset())


def _family(refreshes: int) -> frozenset[str]:
    return frozenset(f"{kind}{n}" for kind in "AR" for n in range(1, refreshes + 2))


def was_dead(client: IdentityClient, first: Token, script: Script) -> frozenset[str]:
    """Play the script at a service; the names of the tokens that are dead afterwards."""
    tokens = [first]
    for _, shown in script.steps:
        number = int(shown[1:])
        try:
            renewed = client.refresh(tokens[number - 1])
        except (ServiceError, IndexError):
            continue
        tokens.append(renewed)
    alive = [client.introspect(token).get("active") for token in tokens]
    numbers = [n for n, active in enumerate(alive, 1) if not active]
    return frozenset(f"{kind}{n}" for kind in "AR" for n in numbers)


def judge_aftermath(got: object, script: Script) -> None:
    """Raise Wrong with the sentence for this mistake."""
    position, dead = _parts(got)
    _judge_position(position, script)
    named = set(dead)
    if script.noticed is None:
        if named:
            raise Wrong(
                "Each refresh token was shown once: the service notices nothing and ends nothing. "
                f"{_told(script)}"
            )
        return
    if named == set(script.dead):
        return
    missing, extra = script.dead - named, named - script.dead
    story = _told(script)
    if missing and all(name.startswith("A") for name in missing) and not extra:
        raise Wrong(f"The access tokens of the family die too. {story}", "M34")
    if missing:
        raise Wrong(
            f"{_names(missing)} died too: both showed the same string, so the service ends all "
            f"that came from the approval. {story}",
            "M34",
        )
    raise Wrong(f"{_names(extra)} never existed: a refused step gives no tokens. {story}")


def _judge_position(position: object, script: Script) -> None:
    if same(position, script.noticed):
        return
    story = _told(script)
    if script.noticed is None:
        raise Wrong(
            f"Here each refresh token was shown once: the service notices nothing. {story}",
            "M34",
        )
    thief = next((n for n, (who, _) in enumerate(script.steps) if who == THIEF), None)
    if thief is not None and same(position, thief):
        raise Wrong(
            f"A first use is always fine: the service can't see who shows the string. {story}",
            "M34",
        )
    raise Wrong(
        f"The service notices at position {script.noticed}, when a token is shown for the second "
        f"time; you said {show(position)}. {story}",
        "M34",
    )


def _parts(got: object) -> tuple[object, list[Any]]:
    if not isinstance(got, tuple) or len(got) != 2:
        raise Wrong(
            "Return two things: the position (from 0, or None) and the names of the dead tokens; "
            f"you returned {show(got)}."
        )
    position, dead = got
    if isinstance(dead, str) or not isinstance(dead, Set | list | tuple):
        raise Wrong(f"The dead tokens are a set of names such as 'A1'; you returned {show(dead)}.")
    if not all(isinstance(name, str) for name in dead):
        raise Wrong(f"The names are strings such as 'A1'; you returned {show(dead)}.")
    return position, [str.__str__(name) for name in dead]


def _told(script: Script) -> str:
    return "The story: " + ", ".join(f"{who} {shown}" for who, shown in script.steps) + "."


def _names(tokens: Set[str]) -> str:
    return ", ".join(sorted(tokens, key=lambda name: (name[0], int(name[1:] or 0))))
