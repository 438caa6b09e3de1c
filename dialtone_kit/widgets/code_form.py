"""The code form: the verification code from the email in, credentials out (demo, step 2c)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.base.typed_code import NotACode, find_code
from dialtone_kit.widgets.panel import Panel, State, problem_of

if TYPE_CHECKING:
    from dialtone_kit.client.credentials import Credentials
    from dialtone_kit.client.enrollment_state import EnrollmentState

_WRONG = "This is not the code from the email. Compare it with the newest email. [M25]"
_ENDS = {
    "locked": (
        "Too many wrong codes (here or on the sponsor's page) locked this enrollment. Send a new "
        "code with the email form, then run the cells below it again."
    ),
    "expired": "This code has expired. Send a new code with the email form, then run the "
    "cells below it again.",
    "over": "The service says that this enrollment is over. Send a new code with the email form, "
    "then run the cells below it again.",
    "confirmed before": "This enrollment was already confirmed, and its secret is shown only once. "
    "Use the stored credentials, or send a new code with the email form.",
}


class CodeForm(Panel):
    """Ask for the code that was emailed and confirm with it.

    `watch` asks the service for the enrollment's status. Tries, time and outcome come from
    the service: the form counts nothing. Until the service answers, time goes by `expires_at`
    and no tries are shown; `tries` is the total. `code_source` supplies the code
    when nobody is there: from a parameter, or from the mock's inbox. `approved` confirms without a
    code, once the sponsor has approved on the page (`approval_url`). `inbox` says where to read the
    email. `now` is in Unix seconds.
    """

    script = "code_form.js"
    name = "Code form"
    question = "Which code is in the email to the sponsor?"

    def __init__(
        self,
        confirm: Callable[[str], Credentials],
        expires_at: datetime,
        tries: int = 5,
        code_source: Callable[[], str] | None = None,
        interactive: bool = True,
        *,
        email: str = "",
        inbox: str = "",
        approved: Callable[[], Credentials] | None = None,
        approval_url: str = "",
        watch: Callable[[], EnrollmentState] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(interactive=interactive)
        self._confirm, self._approved, self._watch, self._now = confirm, approved, watch, now
        self._ends_at = expires_at.timestamp()  # by our clock; `look` corrects it
        self._tries_left: int | None = None
        self._fixed: State = {
            "email": email,
            "inbox": inbox,
            "approval_url": approval_url,
            "tries": tries,
            "can_approve": approved is not None,
        }
        self._credentials: Credentials | None = None
        self._status, self._ended = "pending", ""  # ended: a key of _ENDS
        self._problem: State = {}
        if not interactive and code_source is not None:
            self._credentials = confirm(code_source())

    def require(self) -> Credentials:
        """The credentials, or LessonStop if no code has been confirmed yet."""
        if self._credentials is not None:
            return self._credentials
        if not self.interactive:
            raise self._stop(
                "The verification code is in the sponsor's mailbox. Run this lesson again with the "
                "parameter verification_code; it picks up this enrollment."
            )
        phase = self._phase()
        if phase in _ENDS:
            raise self._stop(_ENDS[phase])
        raise self._must_answer("Type the code from the email in the form above and press Enter.")

    def state(self) -> State:
        phase = self._phase()
        return {
            **self._fixed,
            "phase": phase,
            "end": _ENDS.get(phase, ""),
            "seconds_left": self._seconds_left(),
            "tries_left": self._tries_left,
            "approved": self._status == "approved",
            "client_id": self._credentials.client_id if self._credentials is not None else "",
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if self._credentials is not None or self._ended:
            return
        if kind == "submit":
            typed = message.get("value")
            try:
                code = find_code(typed if isinstance(typed, str) else "")
            except NotACode as problem:
                self.failed(
                    {"text": f"{problem} It was not sent, so it didn't use up a try.", "keep": True}
                )
            else:
                self._try(lambda: self._confirm(code))
        elif kind == "approved" and self._approved is not None:
            self._try(self._approved)

    def look(self) -> None:
        seen = self.round
        if self._watch is None or self.busy or self._credentials is not None or self._ended:
            return
        with suppress(Exception):  # the next look may go through
            state = self._watch()
            if self.round == seen and not self.busy:
                self._learn(state)

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        if self._credentials is None:
            return "Code form: nobody is here to type and no code is known. Nothing was confirmed."
        return "Code form: nobody is here to type, so the code was filled in and confirmed."

    def _phase(self) -> str:
        if self._credentials is not None:
            return "confirmed"
        return self._ended or ("asking" if self._seconds_left() > 0 else "expired")

    def _seconds_left(self) -> float:
        return max(0.0, self._ends_at - self._now())

    def _try(self, confirm: Callable[[], Credentials]) -> None:
        try:
            self._credentials = confirm()
        except ServiceError as refused:
            self._learn_from(refused)
        except Exception as error:  # it never got there: what was typed can be sent again
            self.failed({**problem_of(error), "keep": True})

    def _learn_from(self, refused: ServiceError) -> None:
        self.failed(problem_of(refused))
        left = getattr(refused, "tries_left", None)
        if isinstance(left, int):
            self._tries_left = left
            self.failed({"text": _WRONG})
            self._ended = "" if left else "locked"
        if refused.status == 409:
            self._ended = "confirmed before"
        elif refused.status == 410:
            self._ended = self._how_it_ended(refused)

    def _how_it_ended(self, gone: ServiceError) -> str:
        """410 covers two endings: the enrollment's status says which, or else the description."""
        if self._watch is not None:
            with suppress(Exception):
                self._learn(self._watch())
        words = {"lock": "locked", "expire": "expired"}
        told = (end for word, end in words.items() if word in gone.description.lower())
        return self._ended or next(told, "over")

    def _learn(self, state: EnrollmentState) -> None:
        if state.tries_left is not None:
            self._tries_left = state.tries_left
        if state.seconds_left is not None:
            self._ends_at = self._now() + state.seconds_left
        ends = {"locked": "locked", "expired": "expired", "confirmed": "confirmed before"}
        self._status, self._ended = state.status, ends.get(state.status, "")
