"""What all widgets share: the Python side of the conversation with the views in the browser.

A view reports "ready" when it is drawn (first display, second display, page reload) and gets the
state. It then sends what the person did, along with the `round` it has seen; the panel acts once
per round, so that a double click, or two views of one form, act only once.

JupyterLab delivers these messages on a separate thread while cells run, other front ends between
cells: a panel is safe with both.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from dialtone_kit.base.errors import DialtoneError, LessonStop, RateLimited
from dialtone_kit.base.masking import masked
from dialtone_kit.widgets.stopping import stop

State = dict[str, Any]
Explain = Callable[[str], Mapping[str, str] | None]
_CODE = re.compile(r"\bM\d\d\b")


class Panel(ABC):
    """One widget: its views show `state()`, and a person's click ends up in `act()`."""

    script: str  # the view's module in static/
    name: str  # what the text form calls it
    question = ""  # what it asks, for where no front end draws it
    explain: Explain | None = None  # what a code such as M05 stands for, if the lesson knows it

    def __init__(self, *, interactive: bool) -> None:
        self.interactive = interactive
        self.round = 0
        self.busy = False
        self.id = f"dialtone-{secrets.token_hex(6)}"  # of its element in the page, for links
        self._guard = threading.Lock()
        self._view: Any = None

    @abstractmethod
    def state(self) -> State:
        """What the views show now: JSON, without a secret."""

    @abstractmethod
    def act(self, kind: str, message: Mapping[str, Any], /) -> None:
        """Do what the person asked. An error becomes a call to `failed`."""

    @abstractmethod
    def failed(self, problem: State) -> None:
        """Remember what went wrong, so that `state()` shows it."""

    @abstractmethod
    def outcome(self) -> str:
        """One line without values: what happened when nobody was there to ask."""

    def asks(self) -> str:
        """The question in one line, without answers or values: GitHub and nbconvert show this."""
        return self.question

    def look(self) -> None:  # noqa: B027  (most panels have no service to ask)
        """Ask the service quietly, because time has passed. Raises nothing, keeps the round."""

    def receive(self, message: Mapping[str, Any]) -> None:
        """Handle one message from a view. The reply is always the state."""
        kind = message.get("kind")
        if kind == "look":
            self.look()
            self._push(looked=True)
            return
        if isinstance(kind, str) and kind != "ready" and self._begin(message.get("round")):
            self._push()
            try:
                self.act(kind, message)
            except Exception as error:
                self.failed(problem_of(error))
            finally:
                self._end()
        self._push()

    def changed(self) -> None:
        """Update the views after something else changed the state."""
        self._push()

    def __repr__(self) -> str:
        if self.interactive:
            how = "Open this notebook in JupyterLab and run it to see this."
            return f"{self.name}: {self.asks()} {how}" if self.asks() else f"{self.name}. {how}"
        return self.outcome()

    def _repr_mimebundle_(self, **_: Any) -> Any:
        if not self.interactive:
            return {"text/plain": repr(self)}
        if self._view is None:
            from dialtone_kit.widgets.view import make_view  # Jupyter's parts, only when shown

            self._view = make_view(self.script, repr(self), self.receive)
        return self._view._repr_mimebundle_()

    def _begin(self, seen_round: object) -> bool:
        with self._guard:
            if self.busy or seen_round != self.round:
                return False
            self.busy = True
            return True

    def _end(self) -> None:
        with self._guard:
            self.busy = False
            self.round += 1

    def _stop(self, text: str) -> LessonStop:
        """The exception that ends Run All here; the views scroll into sight."""
        stopped = stop(text, self.id)
        self._push(come=True)
        return stopped

    def _must_answer(self, what: str) -> LessonStop:
        """The same for a form that waits for a person."""
        return self._stop(f"{what} Then run this cell again and continue from here.")

    def _push(self, **more: Any) -> None:
        if self._view is not None:
            state = self.state()
            own = {"id": self.id, "round": self.round, "busy": self.busy}
            entries = self._entries(state)
            self._view.send({**own, "entries": entries, **state, **more})

    def _entries(self, state: State) -> State:
        """What the codes in `state` stand for: title, think, truth. No others are sent."""
        if self.explain is None:
            return {}
        codes = set(_CODE.findall(json.dumps(state)))
        return {code: entry for code in sorted(codes) if (entry := self.explain(code))}


def problem_of(error: Exception) -> State:
    """An error as a view shows it: a sentence, and the seconds to wait if there are any."""
    if isinstance(error, RateLimited):
        return {"text": _timeless(masked(str(error))), "wait": error.retry_after}
    if isinstance(error, DialtoneError):
        return {"text": masked(str(error))}
    return {"text": f"The kit itself failed here ({type(error).__name__}: {masked(str(error))})."}


def _timeless(text: str) -> str:
    """`text` without the sentences that say when to come back: the view counts down instead."""
    sentences = re.split(r"(?<=[.!?]) +", text)
    return " ".join(one for one in sentences if not re.search(r"(?i)\b(again|back)\b.*\d", one))
