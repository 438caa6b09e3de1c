"""The device card: what an agent without a browser shows, and how it waits (RFC 8628)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from dialtone_kit.base.errors import DialtoneError, ServiceError
from dialtone_kit.base.masking import masked
from dialtone_kit.tokens import Token
from dialtone_kit.widgets.panel import Panel, State, problem_of

if TYPE_CHECKING:
    from dialtone_kit.client.device_login import DeviceLogin

MOST_POLLS = 60  # that are kept to be drawn; the oldest go first
_ENDS = {
    "access_denied": ("denied", "The person said no. The agent gets nothing, now or later."),
    "expired_token": ("expired", "Nobody answered in time. Start again: run the cells above."),
}


@dataclass(frozen=True)
class Poll:
    """One question to the token endpoint: `after` seconds from the start, and what was said."""

    after: float
    said: str
    interval: int  # seconds to wait before the next one


class DeviceCard(Panel):
    """Show the user code and poll at the service's pace until the person has answered.

    `poll` asks once: the token, or the login with the pace to keep from now on. `answer` plays the
    person when nobody is there, and returns the token. `page` is the link for the person's browser.
    `now` is in Unix seconds.
    """

    script = "device_card.js"
    name = "Device card"
    question = "Did you start this agent, and may it act for you?"

    def __init__(
        self,
        login: DeviceLogin,
        poll: Callable[[DeviceLogin], Token | DeviceLogin],
        interactive: bool = True,
        *,
        page: str = "",
        answer: Callable[[], Token] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(interactive=interactive)
        self._login, self._poll, self._page, self._now = login, poll, page, now
        self._started = self._asked = now()
        self._polls: list[Poll] = []
        self._token: Token | None = None
        self._ended = ""
        self._problem: State = {}
        if not interactive and answer is not None:
            self._token = answer()

    @property
    def polls(self) -> list[Poll]:
        """The questions so far, oldest first."""
        return list(self._polls)

    def require(self) -> Token:
        """The token. LessonStop while the agent has not heard a yes, or when it heard a no."""
        self.look()
        if self._token is not None:
            return self._token
        if not self.interactive:
            raise self._stop("A person must approve on the page, and nobody is here.")
        if self._ended:
            raise self._stop(_ENDS[self._ended][1])
        raise self._must_answer(
            "The agent has no answer yet. Open the page, enter the code of the card, and answer. "
            f"If you have, the agent asks again in {ceil(self._due() - self._now())} s: wait "
            "until the card says “approved”."
        )

    def state(self) -> State:
        phase, end = _ENDS.get(self._ended, ("waiting", ""))
        return {
            "phase": "approved" if self._token is not None else phase,
            "end": end,
            "user_code": self._login.user_code.reveal(),
            "page": self._page,
            "interval": self._login.interval,
            "next_in": max(0.0, self._due() - self._now()),
            "seconds_left": max(0.0, self._login.expires_at.timestamp() - self._now()),
            "polls": [[poll.after, poll.said, poll.interval] for poll in self._polls],
            "subject": str(self._token.claims.get("sub", "")) if self._token is not None else "",
            "problem": self._problem,
        }

    def act(self, kind: str, _message: Mapping[str, Any]) -> None:
        """`ask` is the impatient agent: it polls before the time."""
        self._problem = {}
        if kind == "ask" and not self._over():
            self._ask()

    def look(self) -> None:
        """The view's clock ticks: poll if it is time."""
        if self.interactive and not self.busy and not self._over() and self._now() >= self._due():
            try:
                self._ask()
            except Exception as error:
                self.failed(problem_of(error))

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        if self._token is None:
            return "Device card: nobody is here to approve, so the agent got nothing."
        return "Device card: nobody is here, so the local service's own page was answered: yes."

    def _over(self) -> bool:
        return self._token is not None or bool(self._ended)

    def _due(self) -> float:
        return self._asked + self._login.interval

    def _ask(self) -> None:
        self._asked = self._now()
        before = self._login.interval
        try:
            answer = self._poll(self._login)
        except ServiceError as refusal:
            if refusal.error not in _ENDS:
                raise
            self._ended = refusal.error
            self._note(refusal.error)
        except DialtoneError as error:  # the service is away: the next poll may go through
            self._problem = problem_of(error)
            self._note("no response")
        else:
            if isinstance(answer, Token):
                self._token = answer
                self._note("approved")
            else:
                self._login = answer
                slower = answer.interval > before
                self._note("slow_down" if slower else "authorization_pending")

    def _note(self, said: str) -> None:
        poll = Poll(round(self._asked - self._started, 1), masked(said), self._login.interval)
        self._polls = [*self._polls, poll][-MOST_POLLS:]
