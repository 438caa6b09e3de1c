"""Audit trails in which several agents write notes, for 09.who: made up, and live."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dialtone_kit.lesson.content.lesson_09.cast import approved, handed_on
from dialtone_kit.lesson.exercises import LiveLesson
from dialtone_kit.lesson.exercises.asking import same, show, word
from dialtone_kit.lesson.exercises.verdict import Wrong

Event = dict[str, Any]
POLICY = """@id("{name}") permit (principal == Client::"{client_id}", action, resource);"""


@dataclass(frozen=True)
class Writing:
    """A note and the truth about it: the agent, the person it wrote for, and the policy."""

    note: int
    agent: str
    person: str
    policy: str


def made_up() -> tuple[list[Event], list[Writing]]:
    """A trail with six notes by three agents of one sponsor, for two persons, and what is true."""
    agents = [f"cli_{word()}_{word(16)}" for _ in range(3)]
    persons = [f"usr_{word(32)}" for _ in range(2)]
    first = random.randint(1, 900)  # noqa: S311
    order = [*agents, *random.choices(agents, k=3)]  # noqa: S311
    random.shuffle(order)
    truth = [
        Writing(first + n, agent, random.choice(persons), f"{word()}.cedar#{word()}")  # noqa: S311
        for n, agent in enumerate(order)
    ]
    told = list(_told(truth, agents))
    return [{"id": n, **event} for n, event in enumerate(told, random.randint(1, 99))], truth  # noqa: S311


def _told(truth: list[Writing], agents: list[str]) -> Iterator[Event]:
    for agent in agents:
        shared = {"client_id": agent, "sponsor_email": "team@example.com"}
        yield {"event": "registration", **shared, "policy_id": f"{word()}.cedar#{word()}"}
    for one in truth:
        yield _decision(one, "notes:read", "allow", f"{word()}.cedar#{word()}")
        if random.random() < 0.5:  # noqa: S311
            yield _decision(one, "notes:write", "deny", f"{word()}.cedar#{word()}")
        other = random.choice([name for name in agents if name != one.agent])  # noqa: S311
        yield {"event": "token_issued", "client_id": other, "subject": one.person}
        yield _decision(one, "notes:write", "allow", one.policy)
        yield {"event": "note_written", **_who(one), "note": one.note}


def _decision(one: Writing, action: str, decision: str, policy: str) -> Event:
    kind = {"event": "authorization_decision", "action": action, "decision": decision}
    return {**kind, **_who(one), "policy_id": policy}


def _who(one: Writing) -> Event:
    act = {"sub": one.agent, "act": {"sub": f"cli_planner_{word(16)}"}}
    return {"client_id": one.agent, "subject": one.person, "act": act}


def live(lesson: LiveLesson) -> tuple[list[Event], list[Writing]]:
    """Three agents of one sponsor write in a private realm, all of them for Ada."""
    with lesson.lab_realm(scopes=()) as lab:
        agents = [lab.agent(word(), email="team@example.com") for _ in range(3)]
        names = {agent.client_id: word() for agent in agents}
        first = approved(lesson, agents[0], f"{word()}@example.com")
        tokens = [first, *(handed_on(agents[0], first, other) for other in agents[1:])]
        lab.policy("\n".join(POLICY.format(name=n, client_id=c) for c, n in names.items()))
        turns = list(zip(agents, tokens, strict=True))
        random.shuffle(turns)
        truth = []
        for agent, token in turns:
            url = f"{lab.issuer}/api/notes"
            answer = agent.client.call("POST", url, token, json={"text": word()})
            policy = f"{lab.realm}.cedar#{names[agent.client_id]}"
            person = str(token.claims["sub"])
            truth.append(Writing(answer.json()["id"], agent.client_id, person, policy))
        return lab.events(), truth


def judge_who(got: object, events: list[Event], true: Writing) -> None:
    """Raise Wrong with the sentence for what is not true of this note."""
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise Wrong(
            f"Return three things, agent, person and policy; you returned {show(got)} for note "
            f"{true.note}."
        )
    agent, person, policy = got
    if not same(agent, true.agent):
        _judge_agent(agent, events, true)
    if not same(person, true.person):
        raise Wrong(_about_person(person, true), "M33" if same(person, true.agent) else "")
    if not same(policy, true.policy):
        _judge_policy(policy, events, true)


def _judge_agent(agent: object, events: list[Event], true: Writing) -> None:
    if isinstance(agent, str) and agent.startswith("usr_"):
        raise Wrong("That is the person. All the agents act for people, so look who acts.", "M33")
    row = next(n for n, event in enumerate(events) if event.get("note") == true.note)
    if same(agent, events[row].get("act", {}).get("act", {}).get("sub")):
        raise Wrong("That agent acted before: the outermost `act` is who wrote it.", "M30")
    asking = next((e for e in events[row::-1] if e["event"] == "token_issued"), {})
    if same(agent, asking.get("client_id")):
        raise Wrong(f"It asked for a token, which changes nothing. Who wrote note {true.note}?")
    for event in events:
        if event.get("note") and same(agent, event["client_id"]):
            raise Wrong(f"That agent wrote note {event['note']}; you were asked for {true.note}.")
    raise Wrong(f"Note {true.note} was written by another agent; you returned {show(agent)}.")


def _about_person(person: object, true: Writing) -> str:
    if isinstance(person, str) and "@" in person:
        return "The sponsor vouches for the agent. Whom it works for is in `subject`."
    if same(person, true.agent):
        return "That is the agent. On whose behalf did it write?"
    return f"Note {true.note} was written on someone else's behalf; you returned {show(person)}."


def _judge_policy(policy: object, events: list[Event], true: Writing) -> None:
    for event in events:
        if "policy_id" not in event or not same(policy, event["policy_id"]):
            continue
        if event["event"] == "registration":
            raise Wrong("That policy let the agent register. Which one let it write?")
        if event.get("decision") == "deny":
            raise Wrong("That policy said no, so nothing was written by it.")
        if event.get("action") != "notes:write":
            raise Wrong(f"That policy permitted {event.get('action')}, not writing.")
        raise Wrong(f"That policy permitted another note, not note {true.note}.")
    raise Wrong(f"The policy is a `policy_id` of the trail; you returned {show(policy)}.")
