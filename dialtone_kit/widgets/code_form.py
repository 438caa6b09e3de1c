"""The code form: the verification code from the mail in, credentials out (demo, step 2c)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.base.typed_code import NotACode, find_code
from dialtone_kit.widgets.panel import Panel, State, must_answer, stop

if TYPE_CHECKING:
    from dialtone_kit.client.credentials import Credentials


class CodeForm(Panel):
    """Ask for the code that was mailed and confirm with it.

    `expires_at` ends the form's countdown. `code_source` supplies the code when nobody is there:
    from a parameter, or from the mock's inbox. `approved` confirms without a code, once the sponsor
    has approved on the approve page (`approval_url`). `inbox` says where to read the mail.
    """

    script = "code_form.js"
    name = "Code form"

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
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(interactive=interactive)
        self._confirm, self._approved, self._now = confirm, approved, now
        self._expires_at, self._tries, self._tries_left = expires_at, tries, tries
        self._fixed: State = {"email": email, "inbox": inbox, "approval_url": approval_url}
        self._credentials: Credentials | None = None
        self._ended = ""  # why no further code can help: "locked", "expired" or "confirmed before"
        self._problem: State = {}
        if not interactive and code_source is not None:
            self._credentials = confirm(code_source())

    def require(self) -> Credentials:
        """The credentials, or LessonStop when no code was confirmed yet."""
        if self._credentials is not None:
            return self._credentials
        if self._ended:
            raise stop(_ENDS[self._ended])
        if not self.interactive:
            raise stop(
                "The verification code is in the sponsor's mailbox. Run this lesson again with the "
                "parameter verification_code; it picks up this enrollment."
            )
        raise must_answer("Type the code from the mail in the form above and press Enter.")

    def state(self) -> State:
        left = self._expires_at.timestamp() - self._now()
        return {
            **self._fixed,
            "phase": self._phase(left),
            "seconds_left": max(0.0, left),
            "tries": self._tries,
            "tries_left": self._tries_left,
            "can_approve": self._approved is not None,
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
                self.failed({"text": f"{problem} It was not sent, so no try is lost."})
            else:
                self._try(lambda: self._confirm(code))
        elif kind == "approved" and self._approved is not None:
            self._try(self._approved)

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        if self._credentials is None:
            return "Code form: nobody is here to type and no code is known. Nothing was confirmed."
        return "Code form: nobody is here to type, so the code was filled in and confirmed."

    def _phase(self, seconds_left: float) -> str:
        if self._credentials is not None:
            return "confirmed"
        return self._ended or ("asking" if seconds_left > 0 else "expired")

    def _try(self, confirm: Callable[[], Credentials]) -> None:
        try:
            self._credentials = confirm()
        except ServiceError as refused:
            self._learn_from(refused)
            raise

    def _learn_from(self, refused: ServiceError) -> None:
        left = getattr(refused, "tries_left", None)
        if isinstance(left, int):
            self._tries_left = left
        if refused.status == 409:
            self._ended = "confirmed before"
        elif refused.status == 410:
            late = self._now() >= self._expires_at.timestamp()
            self._ended = "expired" if late else "locked"
            self._tries_left = self._tries_left if late else 0
        elif self._tries_left == 0:
            self._ended = "locked"


_ENDS = {
    "locked": "Five wrong codes locked this enrollment. Run the e-mail form's cell for a new one.",
    "expired": "The hour for this code is over. Run the e-mail form's cell for a new one.",
    "confirmed before": "This enrollment was already confirmed, and its secret is shown only once. "
    "Use the stored credentials, or run the e-mail form's cell for a new enrollment.",
}
