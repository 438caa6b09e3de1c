"""Predictions and quizzes: questions with choices, explained only after they are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dialtone_kit.widgets.choices import Confidence, Pick, Question
from dialtone_kit.widgets.panel import Panel, State

Record = Callable[[Pick], None]


class Prediction(Panel):
    """Ask one question; once it is answered, show right or wrong, and why.

    `record` keeps each pick; `answered` is the one from an earlier run, shown as such.
    """

    script = "questions.js"
    name = "Prediction"

    def __init__(
        self,
        item: Question,
        record: Record,
        interactive: bool = True,
        *,
        answered: Pick | None = None,
    ) -> None:
        super().__init__(interactive=interactive)
        self._item, self._record = item, record
        self._pick = answered if _fits(answered, item) else None
        self._earlier = self._pick is not None
        self._problem: State = {}

    @property
    def answer(self) -> Pick | None:
        """What was picked, or None."""
        return self._pick

    def state(self) -> State:
        return {
            "form": "prediction",
            "items": [_shown(self._item, self._pick, mark=True)],
            "confidence": self._pick.confidence if self._pick is not None else None,
            "earlier": self._earlier,
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if kind == "again":
            self._pick, self._earlier = None, False
        elif kind == "answer" and self._pick is None:
            choice = _choice_of(message.get("choices"), self._item, 0)
            confidence = _confidence(message.get("confidence"))
            if choice is None or confidence is None:
                self.failed({"text": "Choose an answer and how sure you are."})
                return
            self._pick = Pick.of(self._item, choice, confidence)
            self._record(self._pick)

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        return f"Prediction {self._item.id}: not asked, because nobody is here."


class Quiz(Panel):
    """Ask several questions on one sheet and mark them together.

    With `tell=False` (a quiz before the lessons) the picks are recorded but not marked.
    """

    script = "questions.js"
    name = "Quiz"

    def __init__(
        self,
        items: Sequence[Question],
        record: Record,
        interactive: bool = True,
        *,
        title: str = "Quiz",
        tell: bool = True,
    ) -> None:
        super().__init__(interactive=interactive)
        self._items, self._record, self._title, self._tell = tuple(items), record, title, tell
        self._picks: tuple[Pick, ...] = ()
        self._problem: State = {}

    @property
    def answers(self) -> tuple[Pick, ...]:
        """What was picked, in the order of the items; empty before the sheet is handed in."""
        return self._picks

    def state(self) -> State:
        picks = self._picks or (None,) * len(self._items)
        return {
            "form": "quiz",
            "title": self._title,
            "tell": self._tell,
            "items": [
                _shown(item, pick, mark=self._tell)
                for item, pick in zip(self._items, picks, strict=True)
            ],
            "right": sum(pick.right for pick in self._picks) if self._tell else None,
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if kind == "again":
            self._picks = ()
        elif kind == "answer" and not self._picks:
            self._hand_in(message.get("choices"))

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        count = len(self._items)
        asked = "1 question not asked" if count == 1 else f"{count} questions not asked"
        return f"Quiz: {asked}, because nobody is here."

    def _hand_in(self, choices: object) -> None:
        chosen = [_choice_of(choices, item, n) for n, item in enumerate(self._items)]
        unanswered = [str(n) for n, choice in enumerate(chosen, 1) if choice is None]
        if unanswered:
            self.failed({"text": f"Still open: question {', '.join(unanswered)}."})
            return
        picks = tuple(
            Pick.of(item, choice)
            for item, choice in zip(self._items, chosen, strict=True)
            if choice is not None
        )
        for pick in picks:
            self._record(pick)
        self._picks = picks


def _shown(item: Question, pick: Pick | None, *, mark: bool) -> State:
    """The item as a view shows it; the right choice is in it only once picked, and if we mark."""
    shown: State = {
        "id": item.id,
        "question": item.question,
        "choices": [choice.text for choice in item.choices],
        "chosen": pick.choice if pick is not None else None,
    }
    if pick is None or not mark:
        return shown
    why = item.choices[pick.choice].why
    reason = None if pick.right else item.choices[item.right].why
    code = item.choices[pick.choice].code
    return {**shown, "right": item.right, "why": why, "right_why": reason, "code": code}


def _choice_of(choices: object, item: Question, position: int) -> int | None:
    if not isinstance(choices, list) or position >= len(choices):
        return None
    choice = choices[position]
    known = isinstance(choice, int) and not isinstance(choice, bool)
    return choice if known and 0 <= choice < len(item.choices) else None


def _confidence(value: object) -> Confidence | None:
    return "sure" if value == "sure" else "unsure" if value == "unsure" else None


def _fits(pick: Pick | None, item: Question) -> bool:
    return pick is not None and pick.id == item.id and pick.choice < len(item.choices)
