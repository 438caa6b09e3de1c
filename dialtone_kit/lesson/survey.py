"""The quiz before and after the lessons: which form a learner gets, and in which order.

The first quiz is form A or B: by the seat in a class (even A, odd B), else drawn. The last one is
the other form. The choices of an item come in an order drawn once per learner. What was drawn is
kept in the progress file, so that a sheet looks the same whenever it is opened again.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from hashlib import sha256

from dialtone_kit.lesson.progress import Asked, Drawn, Progress
from dialtone_kit.lesson.quiz_items import FORMS, Form, items
from dialtone_kit.widgets import Quiz
from dialtone_kit.widgets.choices import Pick, Question
from dialtone_kit.widgets.questions import Record

TITLES: dict[Asked, str] = {"pre": "Before you start", "post": "What you know now"}


class Survey:
    """The two quizzes of the learner whose `progress` this is, asked in `lesson` ("00")."""

    def __init__(self, lesson: str, progress: Progress, *, seat: int | None = None) -> None:
        self.lesson, self.progress, self.seat = lesson, progress, seat
        self._drawn: Drawn | None = None  # where progress can't be kept

    def form(self, asked: Asked) -> Form:
        """The form of the first quiz ("pre") or of the last one, which is the other."""
        first = self._draw().form
        return first if asked == "pre" else FORMS[1 - FORMS.index(first)]

    def quiz(self, asked: Asked, *, interactive: bool, tell: bool) -> Quiz:
        """The sheet. Answers given in an earlier run are shown, and the first ones count."""
        if not interactive:
            form = FORMS[asked == "post"]
            return Quiz(items(form), self._record(asked, {}), False, title=TITLES[asked], tell=tell)
        form, seed = self.form(asked), self._draw().seed
        orders = {item.id: order_of(item, seed) for item in items(form)}
        earlier = self.progress.survey(asked).values()
        return Quiz(
            [_reordered(item, orders[item.id]) for item in items(form)],
            self._record(asked, orders),
            title=TITLES[asked],
            tell=tell,
            ask_sure=True,
            answered=[_as_shown(pick, orders[pick.id]) for pick in earlier if pick.id in orders],
        )

    def _draw(self) -> Drawn:
        self._drawn = self.progress.form(self._choose)
        return self._drawn

    def _choose(self, before: Drawn | None, answered: Form | None) -> Drawn:
        """What was kept; but a seat decides until the first quiz is answered."""
        kept = before or self._drawn
        by_seat = None if self.seat is None else FORMS[self.seat % 2]
        first = kept.form if kept is not None else secrets.choice(FORMS)
        form = answered or by_seat or first
        return Drawn(form, kept.seed if kept else secrets.token_hex(8))

    def _record(self, asked: Asked, orders: dict[str, list[int]]) -> Record:
        def record(pick: Pick) -> None:
            kept = replace(pick, choice=orders[pick.id][pick.choice])
            self.progress.surveyed(kept, asked, self.lesson)

        return record


def order_of(item: Question, seed: str) -> list[int]:
    """The positions of the choices in the order in which this learner sees them.

    "I don't know yet" stays last.
    """
    drawn = {n: sha256(f"{seed} {item.id} {n}".encode()).digest() for n in range(len(item.choices))}
    return sorted(drawn, key=lambda n: (item.choices[n].open, drawn[n]))


def _reordered(item: Question, order: list[int]) -> Question:
    return replace(item, choices=tuple(item.choices[n] for n in order))


def _as_shown(pick: Pick, order: list[int]) -> Pick:
    """The kept pick where the sheet shows it; one that the file doesn't have fits nowhere."""
    return replace(pick, choice=order.index(pick.choice) if pick.choice in order else -1)
