"""Eight calls against a learner's policies, for 09.policy: five must pass, three must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.lesson.exercises import LiveLesson
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.lesson.lab_realm import LabAgent, LabRealm
from dialtone_kit.tokens import Token

READ, WRITE = "notes:read", "notes:write"
PERMIT_ALL = "permit (principal, action, resource);"


@dataclass(frozen=True)
class Attempt:
    """One call: by whom, with which token, what for."""

    agent: LabAgent
    token: Token
    action: str
    delegated: bool

    @property
    def bound(self) -> bool:
        """Whether the token is bound to a key."""
        return self.token.key is not None

    @property
    def wanted(self) -> bool:
        """Whether the task permits it."""
        return self.action == READ or (self.bound and not self.delegated)

    def made(self, url: str) -> int:
        """The status of the call."""
        if self.action == READ:
            return self.agent.client.call("GET", url, self.token).status_code
        return self.agent.client.call("POST", url, self.token, json={"text": "x"}).status_code


def attempts(lab: LabRealm) -> Iterator[Attempt]:
    """Reading and writing for itself and for another agent, bound and bearer, in this order."""
    own, helper = lab.agent("own"), lab.agent("helper")
    scope = f"{READ} {WRITE}"
    for key, helpers_key in ((own.key, helper.key), (None, None)):
        mine = own.client.get_token(scope, key=key, may_act=helper.client_id)
        theirs = helper.client.exchange(mine.access_token, key=helpers_key)
        for action in (READ, WRITE):
            yield Attempt(own, mine, action, delegated=False)
            yield Attempt(helper, theirs, action, delegated=True)


def judge_policy(text: str, lesson: LiveLesson) -> None:
    """Put the policies in force in a private realm, and make the eight calls."""
    with lesson.lab_realm(scopes=()) as lab:
        try:
            lab.policy(text)
        except ServiceError as refusal:
            start = f"{lab.realm}.cedar:"
            if not refusal.description.startswith(start):
                raise Wrong(f"The service doesn't take this: {refusal.description}") from None
            where = refusal.description.removeprefix(start)
            raise Wrong(f"Cedar can't read this, at line {where}") from None
        lab.policy(PERMIT_ALL)  # so that two agents can register
        trying = list(attempts(lab))
        lab.policy(text)
        results = [(one, one.made(f"{lab.issuer}/api/notes")) for one in trying]
    for one, status in results:
        if (status < 300) != one.wanted:
            raise Wrong(*_about(one, status, {status for _, status in results}))


def _about(one: Attempt, status: int, seen: set[int]) -> tuple[str, str]:
    """The sentence and the code for a call that went the wrong way."""
    who = "An agent that acts for another" if one.delegated else "An agent that acts for itself"
    how = "with a bound token" if one.bound else "with a bearer token"
    call = f"{who} {'read' if one.action == READ else 'wrote'} {how}"
    if one.wanted and seen == {403}:
        return "Nothing permits reading, so nothing reads: all eight calls got 403.", "M32"
    if one.wanted and one.action == READ:
        return f"{call}, and got {status}. Every agent may read.", "M32"
    if one.wanted:
        return f"The good write got {status}: too much is forbidden, or nothing permits it.", ""
    if one.delegated:
        return f"A delegated write got {status}. ({call}.)", ""
    return f"{call}, and got {status}. Only a bound token may write.", ""
