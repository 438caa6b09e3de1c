"""Predictions and quizzes: a question with choices, answered before the reason is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dialtone_kit.lesson.progress import Answer, Confidence
from dialtone_kit.lesson.questions import Question
from dialtone_kit.widgets.panel import Panel, State

Record = Callable[[Answer], None]


class Prediction(Panel):
    """Ask one question; show right or wrong, and why, once it is answered.

    `record` keeps each answer; `answered` is the one from an earlier run, shown as such.
    """

    script = "questions.js"
    name = "Prediction"

    def __init__(
        self,
        item: Question,
        record: Record,
        interactive: bool = True,
        *,
        answered: Answer | None = None,
    ) -> None:
        super().__init__(interactive=interactive)
        self._item, self._record = item, record
        self._answer = answered if _fits(answered, item) else None
        self._earlier = self._answer is not None
        self._problem: State = {}

    @property
    def answer(self) -> Answer | None:
        """What was answered, or None."""
        return self._answer

    def state(self) -> State:
        return {
            "form": "prediction",
            "items": [_asked(self._item, self._answer, tell=True)],
            "confidence": self._answer.confidence if self._answer is not None else None,
            "earlier": self._earlier,
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if kind == "again":
            self._answer, self._earlier = None, False
        elif kind == "answer" and self._answer is None:
            choices = message.get("choices")
            choice = _choice_of(choices, self._item, 0)
            confidence = _confidence(message.get("confidence"))
            if choice is None or confidence is None:
                self.failed({"text": "Choose an answer, and say how sure you are."})
                return
            self._answer = Answer.to(self._item, choice, confidence)
            self._record(self._answer)

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        return f"Prediction {self._item.id}: nobody is here, so it was not asked."


class Quiz(Panel):
    """Ask several questions on one sheet and mark them together.

    With `tell=False` (a quiz before the lessons) the answers are only kept, not marked.
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
        self._answers: tuple[Answer, ...] = ()
        self._problem: State = {}

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What was answered, in the order of the items; empty before the sheet is handed in."""
        return self._answers

    def state(self) -> State:
        answers = self._answers or (None,) * len(self._items)
        return {
            "form": "quiz",
            "title": self._title,
            "tell": self._tell,
            "items": [
                _asked(item, answer, tell=self._tell)
                for item, answer in zip(self._items, answers, strict=True)
            ],
            "right": sum(answer.right for answer in self._answers) if self._tell else None,
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if kind == "again":
            self._answers = ()
        elif kind == "answer" and not self._answers:
            chosen = [
                _choice_of(message.get("choices"), item, n) for n, item in enumerate(self._items)
            ]
            answers = tuple(
                Answer.to(item, choice)
                for item, choice in zip(self._items, chosen, strict=True)
                if choice is not None
            )
            if len(answers) < len(self._items):
                open_items = [str(n) for n, choice in enumerate(chosen, 1) if choice is None]
                self.failed({"text": f"Still open: question {', '.join(open_items)}."})
                return
            for answer in answers:
                self._record(answer)
            self._answers = answers

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        count = len(self._items)
        return f"Quiz: nobody is here, so its {count} question{'s' * (count != 1)} were not asked."


def _asked(item: Question, answer: Answer | None, *, tell: bool) -> State:
    """The item as a view shows it; which choice is right only after an answer, and if we tell."""
    shown: State = {
        "id": item.id,
        "question": item.question,
        "choices": [choice.text for choice in item.choices],
        "chosen": answer.choice if answer is not None else None,
    }
    if answer is None or not tell:
        return shown
    why = item.choices[answer.choice].why
    reason = None if answer.right else item.choices[item.right].why
    return {**shown, "right": item.right, "why": why, "right_why": reason}


def _choice_of(choices: object, item: Question, position: int) -> int | None:
    if not isinstance(choices, list) or position >= len(choices):
        return None
    choice = choices[position]
    known = isinstance(choice, int) and not isinstance(choice, bool)
    return choice if known and 0 <= choice < len(item.choices) else None


def _confidence(value: object) -> Confidence | None:
    return "sure" if value == "sure" else "unsure" if value == "unsure" else None


def _fits(answer: Answer | None, item: Question) -> bool:
    return answer is not None and answer.id == item.id and answer.choice < len(item.choices)
