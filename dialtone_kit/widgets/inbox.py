"""The inbox view: the emails that the mock sent. They hold codes, so no notebook keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from dialtone_kit.base.masking import visible
from dialtone_kit.widgets.panel import Panel, State

_MOST = 50


class Mail(Protocol):
    """The parts of an email that are shown."""

    @property
    def id(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def sent_at(self) -> datetime | str: ...
    @property
    def text(self) -> str: ...
    @property
    def code(self) -> str | None: ...


class InboxView(Panel):
    """Show what `fetch` returns, newest first. With `poll`, refresh every `poll` seconds."""

    script = "inbox.js"
    name = "Inbox view"
    question = "Which emails has the local service sent, and with which codes?"

    def __init__(
        self,
        fetch: Callable[[], Sequence[Mail]],
        interactive: bool = True,
        *,
        email: str = "",
        poll: float | None = None,
    ) -> None:
        super().__init__(interactive=interactive)
        self._fetch, self._email, self._poll = fetch, email, poll
        self._mails: list[State] | None = None
        self._problem: State = {}
        if not interactive:
            self._refresh()

    def state(self) -> State:
        return {
            "mails": self._mails,
            "email": self._email,
            "poll": self._poll,
            "problem": self._problem,
        }

    def act(self, kind: str, _: Mapping[str, Any]) -> None:
        if kind == "refresh":
            self._refresh()
            self._problem = {}

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        count = len(self._mails or [])
        mails = "1 email" if count == 1 else f"{count} emails"
        return f"Inbox: {mails}. Their text isn't kept in a notebook, because it holds codes."

    def _refresh(self) -> None:
        shown = [_as_shown(mail) for mail in self._fetch()]
        self._mails = sorted(shown, key=lambda mail: str(mail["sent_at"]), reverse=True)[:_MOST]


def _as_shown(mail: Mail) -> State:
    sent = mail.sent_at.isoformat() if isinstance(mail.sent_at, datetime) else mail.sent_at
    return {
        "id": mail.id,
        "to": visible(mail.to),
        "subject": visible(mail.subject),
        "sent_at": sent,
        "text": visible(mail.text),
        "code": visible(mail.code or ""),
    }
