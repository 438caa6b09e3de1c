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
    def items(self) -> tuple[Question, ...]:
        return (self._item,)

    @property
    def answer(self) -> Pick | None:
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
                self.failed({"text": "Choose an answer and say how sure you are."})
                return
            self._pick = Pick.of(self._item, choice, confidence)
            self._record(self._pick)

    def failed(self, problem: State) -> None:
        self._problem = problem

    def asks(self) -> str:
        return _in_one_line(self._item)

    def outcome(self) -> str:
        return f"Prediction {self._item.id}: not asked, because nobody is here. {self.asks()}"


class Quiz(Panel):
    """Ask several questions on one sheet and mark them together.

    With `tell=False` (a quiz before the lessons) the picks are recorded but not marked, and `then`
    says what comes of them. With
    `ask_sure` each question also asks whether you are sure. `answered` holds the picks of an
    earlier run; those for all items are shown as such.
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
        ask_sure: bool = False,
        then: str = "The lessons explain them.",
        answered: Sequence[Pick] = (),
    ) -> None:
        super().__init__(interactive=interactive)
        self._items, self._record, self._title = tuple(items), record, title
        self._tell, self._ask_sure, self._then = tell, ask_sure, then
        self._picks = _earlier(self._items, answered)
        self._earlier = bool(self._picks)
        self._problem: State = {}

    @property
    def items(self) -> tuple[Question, ...]:
        """The questions on the sheet, in their order."""
        return self._items

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
            "ask_sure": self._ask_sure,
            "then": self._then,
            "earlier": self._earlier,
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
            self._picks, self._earlier = (), False
        elif kind == "answer" and not self._picks:
            self._hand_in(message.get("choices"), message.get("sure"))

    def failed(self, problem: State) -> None:
        self._problem = problem

    def asks(self) -> str:
        numbered = (f"{n}. {_in_one_line(item)}" for n, item in enumerate(self._items, 1))
        return " ".join(numbered)

    def outcome(self) -> str:
        count = len(self._items)
        asked = "1 question not asked" if count == 1 else f"{count} questions not asked"
        return f"Quiz: {asked}, because nobody is here. {self.asks()}"

    def _hand_in(self, choices: object, sure: object) -> None:
        picks = [self._pick(n, choices, sure) for n in range(len(self._items))]
        open_ones = [str(n) for n, pick in enumerate(picks, 1) if pick is None]
        if open_ones:
            self.failed({"text": f"Still open: question {', '.join(open_ones)}."})
            return
        self._picks = tuple(pick for pick in picks if pick is not None)
        for pick in self._picks:
            self._record(pick)

    def _pick(self, n: int, choices: object, sure: object) -> Pick | None:
        item, choice = self._items[n], _choice_of(choices, self._items[n], n)
        if choice is None:
            return None
        confidence = _confidence(sure[n] if isinstance(sure, list) and n < len(sure) else None)
        if self._ask_sure and confidence is None and not item.choices[choice].open:
            return None
        return Pick.of(item, choice, confidence if self._ask_sure else None)


def _in_one_line(item: Question) -> str:
    """The question and its choices, in their order."""
    letters = (f"({chr(97 + n)}) {choice.text}" for n, choice in enumerate(item.choices))
    return " ".join([item.question, *letters])


def _shown(item: Question, pick: Pick | None, *, mark: bool) -> State:
    """The item as a view shows it, with the right choice only once answered and marked."""
    shown: State = {
        "id": item.id,
        "question": item.question,
        "choices": [choice.text for choice in item.choices],
        "open": next((n for n, choice in enumerate(item.choices) if choice.open), None),
        "chosen": pick.choice if pick is not None else None,
        "confidence": pick.confidence if pick is not None else None,
    }
    if pick is None or not mark:
        return shown
    whys = [choice.why for choice in item.choices]
    code = item.choices[pick.choice].code
    return {**shown, "right": item.right, "whys": whys, "code": code}


def _choice_of(choices: object, item: Question, position: int) -> int | None:
    if not isinstance(choices, list) or position >= len(choices):
        return None
    choice = choices[position]
    known = isinstance(choice, int) and not isinstance(choice, bool)
    return choice if known and 0 <= choice < len(item.choices) else None


def _confidence(value: object) -> Confidence | None:
    return "sure" if value == "sure" else "unsure" if value == "unsure" else None


def _earlier(items: Sequence[Question], answered: Sequence[Pick]) -> tuple[Pick, ...]:
    """The earlier picks in the order of the items; none if one is missing."""
    by_id = {pick.id: pick for pick in answered}
    picks = tuple(by_id[item.id] for item in items if _fits(by_id.get(item.id), item))
    return picks if len(picks) == len(items) else ()


def _fits(pick: Pick | None, item: Question) -> bool:
    if pick is None or pick.id != item.id:
        return False
    return _choice_of([pick.choice], item, 0) is not None
