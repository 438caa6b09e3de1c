"""The engine of the exercises; the exercises themselves are in content/lesson_NN/checks.py.

A check judges behaviour on freshly made data, and where possible against the running
service, so that a copied constant fails. It returns when the answer is right, and otherwise
raises `Wrong` with a sentence about *this* mistake.
"""

from dialtone_kit.lesson.exercises.definition import Exercise, LiveLesson, exercise
from dialtone_kit.lesson.exercises.verdict import NotTried, Outcome, Verdict, Wrong

__all__ = ["Exercise", "LiveLesson", "NotTried", "Outcome", "Verdict", "Wrong", "exercise"]
