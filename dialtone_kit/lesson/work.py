"""The learner's work in one lesson: predictions, quiz, exercises, and the record of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dialtone_kit.base.display import Shown, prose
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.misconceptions import entry_for_view
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.survey import Survey
from dialtone_kit.widgets import Prediction, Quiz
from dialtone_kit.widgets.choices import Pick

if TYPE_CHECKING:
    from dialtone_kit.lesson.exercises.definition import LiveLesson
    from dialtone_kit.lesson.exercises.verdict import Verdict
    from dialtone_kit.wire.record import RoundTrip


class Work:
    """What the learner of lesson `number` predicted, answered and tried, kept in `progress`."""

    def __init__(
        self, number: str, progress: Progress, *, interactive: bool, seat: int | None = None
    ) -> None:
        self.number, self.progress, self.interactive = number, progress, interactive
        self.survey = Survey(number, progress, seat=seat)
        self._materials: dict[str, Any] = {}  # what exercises were given to work on in this kernel

    def predict(self, question_id: str) -> Prediction:
        """A question to answer before the cell runs."""
        earlier = self.progress.prediction(question_id)
        prediction = Prediction(
            catalog.prediction(question_id),
            self.progress.predicted,
            self.interactive,
            answered=earlier,
        )
        prediction.explain = entry_for_view
        return prediction

    def quiz(self, which: str, *, tell: bool | None) -> Quiz:
        """The quiz of a lesson, or the one before ("pre") or after ("post") all of them.

        `tell` decides whether it is marked; None marks all but the first.
        """
        quiz = self._quiz(which, tell)
        quiz.explain = entry_for_view
        return quiz

    def _quiz(self, which: str, tell: bool | None) -> Quiz:
        if which in ("pre", "00"):  # "00" is what notebooks of 0.1 call it
            return self.survey.quiz("pre", interactive=self.interactive, tell=bool(tell))
        told = tell is not False
        if which == "post":
            return self.survey.quiz("post", interactive=self.interactive, tell=told)
        return Quiz(catalog.quiz(which), self.progress.answered, self.interactive, tell=told)

    def estimate(self) -> Quiz:
        """What the learner expects of themselves: kept, and never marked."""
        asked = catalog.questions(self.number).estimates
        earlier = [(item, self.progress.estimate(item.id)) for item in asked]
        return Quiz(
            asked,
            self.progress.estimated,
            self.interactive,
            title="Your own estimate",
            tell=False,
            then="Your report shows them next to what happened.",
            answered=[
                Pick(item.id, choice, False) for item, choice in earlier if choice is not None
            ],
        )

    def check(self, exercise_id: str, answer: object, lesson: LiveLesson) -> Verdict:
        """Judge an answer and record the outcome."""
        from dialtone_kit.lesson.exercises.checking import check

        exercise = catalog.exercise(exercise_id)
        verdict = check(exercise, answer, lesson)
        code = verdict.code or None
        self.progress.checked(exercise_id, verdict.outcome, code, verdict.requests)
        if exercise.keeps and verdict.outcome == "right":
            self.progress.wrote(exercise_id, str(answer))
        return verdict

    def hint(self, exercise_id: str) -> Shown:
        """The next hint, one at a time."""
        hints = catalog.exercise(exercise_id).hints
        taken = self.progress.hinted(exercise_id, len(hints))
        more = "" if taken < len(hints) else " (the last one; the solution is in solutions/)"
        text = f"Hint {taken} of {len(hints)}{more}: {hints[taken - 1]}"
        return Shown(f"<p>{prose(text)}</p>", masked(text))

    def material(self, exercise_id: str, lesson: LiveLesson) -> Any:
        """What an exercise works on: made at the first call in this kernel, then the same."""
        if exercise_id not in self._materials:
            make = catalog.exercise(exercise_id).make
            if make is None:
                raise DialtoneError(
                    f"{exercise_id} needs no material: its cell says what to write."
                )
            self._materials[exercise_id] = make(lesson)
        return self._materials[exercise_id]

    def reset_exercise(self, exercise_id: str) -> None:
        """Forget one exercise: its outcome, tries, hints and material."""
        exercise_id = catalog.exercise(exercise_id).id
        self.progress.reset_exercise(exercise_id)
        self._materials.pop(exercise_id, None)

    def reset(self) -> None:
        """Forget everything in this lesson; the other lessons stay."""
        self.progress.reset_lesson(self.number)
        self._materials.clear()

    def report(self) -> Shown:
        """The state of the exercises."""
        from dialtone_kit.lesson import recap

        return recap.report(self.number, self.progress)

    def done(self, trips: Iterable[RoundTrip]) -> Shown:
        """Record the end of the lesson; returns how it went, by the record and the requests."""
        from dialtone_kit.lesson.ending import ending
        from dialtone_kit.lesson.ending_view import shown

        self.progress.done(self.number)
        made = ending(self.number, self.progress, trips)
        return shown(made, self.report(), minutes=self.interactive)
