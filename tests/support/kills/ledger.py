"""What the service acknowledged in complete responses, and can be held to.

Three things are kept: what may be accepted once (`Once`), what lives until it is revoked (`Node`),
and what was stated and must not change (`Statement`). A response that never came, because the
service was killed, leaves a doubt: the request may or may not have taken effect. The doubt is
settled after the restart, by asking; from then on the result holds like any other response.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.running_mock import Registered

ALIVE, DOUBTED, DEAD = "alive", "doubted", "dead"
Effect = tuple[str, str, str]  # what the audit trail calls it, one of its members, and the value


@dataclass
class Ledger:
    """One agent's own. `acknowledged`: complete successful responses, by kind."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)  # and what became of them
    replays: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)  # not held against the audit trail yet
    effects_checked: list[Effect] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sponsors: list[str] = field(default_factory=list)  # of clients whose credentials came

    def hold(self, what: str, is_so: bool, otherwise: str) -> None:
        """Count one check; a violation unless `is_so`."""
        self.checks[what] += 1
        if not is_so:
            self.violations.append(f"{what}: {otherwise}")


@dataclass
class Once:
    """What may be accepted once: a proof, an enrollment, a device code, a refresh token.

    `spent`: phrases of the refusals once it was used. `take`: handles the accepted response.
    """

    kind: str
    ledger: Ledger
    send: Callable[[], httpx.Response]
    spent: tuple[str, ...]
    take: Callable[[httpx.Response], None]
    state: str = "new"  # new, doubted, spent
    accepted: int = 0
    checked: bool = False

    def present(self, times: int = 1) -> list[httpx.Response]:
        """Send it, `times` in parallel; the responses. Raises httpx.TransportError if none came."""
        before = self.state
        answers, lost = _at_once(self.send, times)
        good = [answer for answer in answers if answer.status_code in (200, 201)]
        refused = [answer for answer in answers if answer not in good]
        if before == "spent":
            self.ledger.replays[self.kind] += len(refused)
        if before == DOUBTED and answers:
            self.ledger.unanswered["had no effect" if good else "had taken effect"] += 1
        self.accepted += len(good)
        if self.accepted > 1:
            self.ledger.violations.append(f"{self.kind}: accepted {self.accepted} times")
        self.state = "spent" if good or refused else DOUBTED if lost else before
        for answer in refused:
            self._look_at(answer, was_new=before == "new" and not good and not lost)
        for answer in good[:1]:
            self.ledger.acknowledged[self.kind] += 1
            self.take(answer)
        if not answers:
            raise httpx.ReadError("the connection broke")
        return answers

    def void(self) -> None:
        """Its origin is dead, so from here on it must not be accepted at all."""
        self.state, self.accepted = "spent", max(self.accepted, 1)

    def _look_at(self, answer: httpx.Response, was_new: bool) -> None:
        if was_new or not any(word in answer.text for word in self.spent):
            self.ledger.violations.append(
                f"{self.kind}: {answer.status_code} {answer.text[:200]} ({self.accepted} accepted)"
            )


@dataclass(kw_only=True)
class Node:
    """What lives until it or its origin is revoked: a token, a family of refresh tokens."""

    parent: Node | None = None
    state: str = ALIVE
    checked: bool = False

    @property
    def line(self) -> list[Node]:
        """The node and everything that it was derived from."""
        return [self, *(self.parent.line if self.parent else [])]

    @property
    def fate(self) -> str:
        states = {node.state for node in self.line}
        return DEAD if DEAD in states else DOUBTED if DOUBTED in states else ALIVE

    @property
    def doubts(self) -> list[Node]:
        return [node for node in self.line if node.state == DOUBTED]


@dataclass(kw_only=True)
class Token(Node):
    """An access token."""

    client: Registered
    text: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)


@dataclass(kw_only=True)
class Family(Node):
    """A person's approval. `current` is the refresh token that is good next, if any is."""

    client: Registered
    subject: str
    text: str = field(default="", repr=False)
    current: Once | None = None
    used: list[Once] = field(default_factory=list)

    def renew(self, token: Once, times: int = 1) -> None:
        """Present a refresh token. A used one, or one twice at once, ends the family."""
        before = self.state
        if token.state != "new" or times > 1:
            self._doubt()
        try:
            answers = token.present(times)
        except httpx.TransportError:
            if token.state == DOUBTED:
                self._doubt()
            raise
        if any(answer.status_code != 200 for answer in answers):
            self.state = DEAD
        elif len(answers) == times:  # it was good, so what was in doubt had not happened
            self.state = ALIVE
        self.checked = self.checked and self.state == before

    def _doubt(self) -> None:
        if self.state == ALIVE:
            self.state = DOUBTED


@dataclass
class Statement:
    """What was stated and must not change: `look` must always return one of `answers`."""

    what: str
    look: Callable[[], str]
    answers: tuple[str, ...]
    checked: bool = False


def _at_once(send: Callable[[], httpx.Response], times: int) -> tuple[list[httpx.Response], bool]:
    """The responses, and whether one was lost. Without a connection, nothing was sent."""

    def one(_: int) -> httpx.Response | httpx.TransportError:
        try:
            return send()
        except httpx.TransportError as problem:
            return problem

    if times == 1:
        outcomes = [one(0)]
    else:
        with ThreadPoolExecutor(times) as pool:
            outcomes = list(pool.map(one, range(times)))
    answers = [found for found in outcomes if isinstance(found, httpx.Response)]
    broken = [found for found in outcomes if isinstance(found, httpx.TransportError)]
    return answers, any(not isinstance(problem, httpx.ConnectError) for problem in broken)
