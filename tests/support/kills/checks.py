"""What must hold after a restart: nothing acknowledged is lost, and nothing happened twice.

`settle` finds out what became of the requests without a response; `check` checks everything that is
new since the last time, and a sample of the rest; `finish` checks everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tests.support.kills.agents import Agent
from tests.support.kills.ledger import ALIVE, DEAD, DOUBTED, Family, Once, Statement, Token
from tests.support.running_mock import Registered

SAMPLE = 0.05  # of what was checked before
EVERYTHING = 1.0
Thing = TypeVar("Thing", Once, Token, Family, Statement)
Kin = TypeVar("Kin", Token, Family)


def settle(agent: Agent) -> None:
    """Settle every doubt for which there is a way to ask."""
    for once in agent.onces:
        fresh_code = once.state == "new" and once.kind in ("credentials", "device code")
        if once.state == DOUBTED or (fresh_code and agent.random.random() < 0.3):
            once.present()
    for family in agent.families:
        if family.current is not None and family.current.state == DOUBTED:
            family.renew(family.current)
    for token in agent.tokens:
        if token.fate == DOUBTED and len(token.doubts) == 1:
            (doubted,) = token.doubts
            doubted.state = ALIVE if agent.is_active(token) else DEAD
            had = "had no effect" if doubted.state == ALIVE else "had taken effect"
            agent.ledger.unanswered[had] += 1


def check(agent: Agent, share: float = SAMPLE) -> None:
    """Check what is new, and `share` of what was checked before."""
    for once in _due(agent, (one for one in agent.onces if one.state == "spent"), share):
        once.present()
    for token in _due(agent, _certain(agent.tokens), share):
        agent.look_at(token)
        agent.call_with(token)
    for statement in _due(agent, agent.statements, share):
        now = statement.look()
        agent.ledger.hold(statement.what, now in statement.answers, f"it is {now} now")
    for client in agent.clients:
        if client in agent.clients[-3:] or agent.random.random() < max(share, 0.3):
            _gets_a_token(agent, client)
    for family in _due(agent, _certain(agent.families), share):
        _check_family(agent, family)


def finish(agent: Agent) -> None:
    """Check everything once more; then present each used refresh token, which ends its family."""
    check(agent, EVERYTHING)
    for family in agent.families:
        for once in family.used:
            family.renew(once)
    for token in _certain(agent.tokens):
        agent.look_at(token)


def _check_family(agent: Agent, family: Family) -> None:
    """The current refresh token of a living family is good, that of a dead one is not."""
    if family.current is None:
        return
    alive = family.fate == ALIVE
    if not alive:
        family.current.void()
    family.renew(family.current)
    agent.ledger.hold(
        f"a family that is {ALIVE if alive else DEAD}",
        (family.fate == ALIVE) == alive,
        f"it is {family.fate} now",
    )


def _gets_a_token(agent: Agent, client: Registered) -> None:
    answer = client.ask_token(client.proof("POST", client.token_url))
    agent.ledger.hold(
        "a confirmed client gets a token", answer.status_code == 200, answer.text[:200]
    )


def _certain(nodes: Iterable[Kin]) -> list[Kin]:
    return [node for node in nodes if node.fate != DOUBTED]


def _due(agent: Agent, things: Iterable[Thing], share: float) -> list[Thing]:
    """Those not checked yet, and `share` of the rest."""
    due = [one for one in things if not one.checked or agent.random.random() < share]
    for one in due:
        one.checked = True
    return due
