"""The codes in a widget: what they stand for comes along with them, and no others do."""

from __future__ import annotations

from typing import Any

import pytest

from dialtone_kit.lesson.misconceptions import entry_for_view
from dialtone_kit.widgets.choices import Choice, Question
from dialtone_kit.widgets.panel import Panel
from dialtone_kit.widgets.questions import Prediction, Quiz

CHOICES = (
    Choice("Yes", "It does not.", code="M05"),
    Choice("No", "Right.", right=True),
    Choice("Maybe", "No.", code="M01"),
)
ITEM = Question("05.x", "Does it?", CHOICES)


class View:
    """What a panel sends to its views."""

    def __init__(self, panel: Panel) -> None:
        self.sent: list[dict[str, Any]] = []
        self._panel = panel
        panel._view = self

    def send(self, state: dict[str, Any]) -> None:
        self.sent.append(state)

    def say(self, kind: str, **message: object) -> dict[str, Any]:
        self._panel.receive({"kind": kind, "round": self._panel.round, **message})
        return self.sent[-1]


@pytest.fixture(params=["prediction", "quiz"])
def view(request: pytest.FixtureRequest) -> View:
    keep: Any = lambda _: None  # noqa: E731
    panel = Prediction(ITEM, keep) if request.param == "prediction" else Quiz([ITEM], keep)
    panel.explain = entry_for_view
    return View(panel)


def test_before_the_answer_no_code_gives_it_away(view: View) -> None:
    assert view.say("ready")["entries"] == {}
    assert "M0" not in str(view.sent)


def test_a_wrong_answer_comes_with_its_entry_alone(view: View) -> None:
    state = view.say("answer", choices=[0], confidence="sure")
    assert state["items"][0]["code"] == "M05"
    assert list(state["entries"]) == ["M05"]
    assert set(state["entries"]["M05"]) == {"title", "think", "truth"}


def test_a_right_answer_has_no_code(view: View) -> None:
    state = view.say("answer", choices=[1], confidence="sure")
    assert (state["items"][0]["code"], state["entries"]) == (None, {})


def test_a_code_without_an_entry_is_left_alone() -> None:
    panel = Quiz([Question("05.x", "M99 and M05?", CHOICES)], lambda _: None)
    view = View(panel)
    assert view.say("ready")["entries"] == {}  # a panel without a lesson
    panel.explain = entry_for_view
    assert list(view.say("ready")["entries"]) == ["M05"]
