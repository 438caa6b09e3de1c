"""The email form: a sponsor's address in, an enrollment out (demo, step 2a)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dialtone_kit.base.email import NotAnAddress, one_address
from dialtone_kit.base.errors import LessonStop
from dialtone_kit.widgets.panel import Panel, State

if TYPE_CHECKING:
    from dialtone_kit.client.enrollments import Enrollment


def email_problem(address: str) -> str | None:
    """What is wrong with `address`, or None. The service judges by the same rule."""
    if not address:
        return "Type an email address."
    try:
        one_address(address)
    except NotAnAddress as problem:
        return str(problem)
    return None


class EmailForm(Panel):
    """Ask for the sponsor's address and send it with `send`.

    `enrollment` is one still pending from an earlier run: the form then starts in phase "sent".
    `clear_limits` is the line of code that clears a rate limit, shown with a 429 (mock only).
    With `interactive=False` the address `email` is sent at once.
    """

    script = "email_form.js"
    name = "Email form"
    question = "What is the email address of the person who vouches for the agent?"

    def __init__(
        self,
        send: Callable[[str], Enrollment],
        email: str = "",
        interactive: bool = True,
        *,
        enrollment: Enrollment | None = None,
        note: str = "",
        clear_limits: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(interactive=interactive)
        self._send, self._email, self._now = send, email, now
        self._enrollment, self._restored, self._sent_again = (
            enrollment,
            enrollment is not None,
            False,
        )
        self._note, self._clear_limits = note, clear_limits
        self._problem: State = {}
        if not interactive and enrollment is None:
            problem = email_problem(email)
            if problem is not None:
                raise LessonStop(f"{problem} Give one as the parameter email.")
            self._submit(email)

    def require(self) -> Enrollment:
        """The enrollment, or LessonStop if no address has been sent yet."""
        if self._enrollment is None:
            raise self._must_answer("Type your email address in the form above and press Enter.")
        return self._enrollment

    def state(self) -> State:
        shown: State = {"note": self._note, "email": self._email, "problem": self._shown_problem()}
        if self._enrollment is None:
            return {"phase": "asking", **shown}
        left = self._enrollment.expires_at.timestamp() - self._now()
        return {
            "phase": "sent",
            **shown,
            "email": self._enrollment.email,
            "seconds_left": max(0.0, left),
            "restored": self._restored,
            "again": self._sent_again,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if kind == "submit":
            self._submit(str(message.get("value", "")).strip())
        elif kind == "again" and self._enrollment is not None:
            self._submit(self._enrollment.email)
        elif kind == "other":
            self._email, self._enrollment = "", None

    def failed(self, problem: State) -> None:
        self._problem = {**problem, "at": self._now()}

    def outcome(self) -> str:
        if self._restored:
            return "Email form: nobody is here to type, so the pending enrollment is used."
        return "Email form: nobody is here to type, so the lesson used its own address."

    def _submit(self, address: str) -> None:
        self._email = address  # even a wrong one: it can be corrected, not retyped
        problem = email_problem(address)
        if problem is not None:
            self.failed({"text": f"{problem} Nothing was sent: correct the address and try again."})
            return
        first = self._enrollment is None
        self._enrollment = self._send(address)
        self._restored, self._sent_again = False, not first

    def _shown_problem(self) -> State:
        if "wait" not in self._problem:
            return self._problem
        passed = self._now() - self._problem["at"]
        left = max(0.0, self._problem["wait"] - passed)
        return {**self._problem, "wait": left, "clear_limits": self._clear_limits}
