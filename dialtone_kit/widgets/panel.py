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
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from dialtone_kit.base.errors import DialtoneError, LessonStop, RateLimited
from dialtone_kit.base.masking import masked
from dialtone_kit.base.notebook import in_notebook

State = dict[str, Any]
Explain = Callable[[str], Mapping[str, str] | None]
_CODE = re.compile(r"\bM\d\d\b")
ARRIVAL = 0.7  # seconds in which Run All's cells reach the kernel: 120 of them took 0.3 s


class Panel(ABC):
    """One widget: its views show `state()`, and a person's click ends up in `act()`."""

    script: str  # the view's module in static/
    name: str  # what the text form calls it
    explain: Explain | None = None  # what a code such as M05 stands for, if the lesson knows it

    def __init__(self, *, interactive: bool) -> None:
        self.interactive = interactive
        self.round = 0
        self.busy = False
        self._guard = threading.Lock()
        self._view: Any = None

    @abstractmethod
    def state(self) -> State:
        """What the views show now: JSON, without a secret."""

    @abstractmethod
    def act(self, kind: str, message: Mapping[str, Any], /) -> None:
        """Do what the person asked. An error becomes a call of `failed`."""

    @abstractmethod
    def failed(self, problem: State) -> None:
        """Remember what went wrong, so that `state()` shows it."""

    @abstractmethod
    def outcome(self) -> str:
        """One line without values: what happened when nobody was there to ask."""

    def receive(self, message: Mapping[str, Any]) -> None:
        """Handle one message from a view. The reply is always the state."""
        kind = message.get("kind")
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
            return f"{self.name}. Open this notebook in JupyterLab and run it to see this."
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

    def _push(self) -> None:
        if self._view is not None:
            state = self.state()
            entries = self._entries(state)
            self._view.send({"round": self.round, "busy": self.busy, "entries": entries, **state})

    def _entries(self, state: State) -> State:
        """What the codes in `state` stand for: title, think, truth. No others are sent."""
        if self.explain is None:
            return {}
        codes = set(_CODE.findall(json.dumps(state)))
        return {code: entry for code in sorted(codes) if (entry := self.explain(code))}


def problem_of(error: Exception) -> State:
    """An error as a view shows it: a sentence, and the seconds to wait if there are any."""
    if isinstance(error, RateLimited):
        return {"text": masked(str(error)), "wait": error.retry_after}
    if isinstance(error, DialtoneError):
        return {"text": masked(str(error))}
    return {"text": f"The kit broke on this ({type(error).__name__}: {masked(str(error))})."}


def stop(text: str) -> LessonStop:
    """The one line that ends Run All at a form.

    When a cell fails, ipykernel drops the cells that have arrived and runs those that arrive later
    (7.x has no setting for it): so wait until the browser has sent them all.
    """
    if in_notebook():
        time.sleep(ARRIVAL)
    return LessonStop(text)


def must_answer(what: str) -> LessonStop:
    """The stop for a form that waits for a person."""
    return stop(f"{what} Then run this cell again and continue from here.")
