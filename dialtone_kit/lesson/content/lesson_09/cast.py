"""Agents in a private realm, for the live half of the checks: approved by a person, or in a row."""

from __future__ import annotations

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.lesson.exercises import LiveLesson
from dialtone_kit.lesson.lab_realm import LabAgent
from dialtone_kit.tokens import Token

NOTES = "openid notes:read notes:write"


def approved(lesson: LiveLesson, agent: LabAgent, email: str) -> Token:
    """A token for the person at `email`, which names the agent as its actor."""
    login = agent.client.start_device(NOTES)
    lesson.approve(login, email)
    token = agent.client.poll_device(login, agent.key)
    if not isinstance(token, Token):  # the approval was given a line before
        raise ServiceError(503, "unavailable", "The approval did not arrive.")
    own = agent.client.get_token(key=agent.key)
    return agent.client.exchange(token, actor=own)


def handed_on(giver: LabAgent, token: Token, taker: LabAgent) -> Token:
    """The same for another agent, which acts from now on."""
    leave = giver.client.exchange(token, may_act=taker.client_id)
    return taker.client.exchange(leave, key=taker.key)
