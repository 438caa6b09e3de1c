"""The end of a lesson: where its exercises stand, and the way to the next one."""

from __future__ import annotations

from dataclasses import dataclass

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import escaped
from dialtone_kit.lesson import exercises
from dialtone_kit.lesson.progress import Progress


@dataclass(frozen=True)
class Notebook:
    """A lesson, as the map of the lessons has it."""

    file: str
    question: str

    @property
    def number(self) -> str:
        """Its two digits."""
        return self.file[:2]


LESSONS = (
    Notebook("00-start-here.ipynb", "Is there a dial tone?"),
    Notebook("01-discovery.ipynb", "Where is everything?"),
    Notebook("02-register.ipynb", "Who vouches for an agent?"),
    Notebook("03-dpop-token.ipynb", "How is a token tied to a key?"),
    Notebook("04-verify-token.ipynb", "What does the token prove?"),
    Notebook("05-call-apis.ipynb", "How is every call proved?"),
)
_MARKS = {"right": "✓", "wrong": "✗", "not tried": "○", "can't tell": "?"}


def report(number: str, progress: Progress) -> Shown:
    """The exercises of lesson `number`, one a line, with tries and hints."""
    rows = [_row(entry, progress) for entry in exercises.of_lesson(number)]
    if not rows:
        text = "This lesson has no exercises."
        return Shown(f"<p>{text}</p>", text)
    cells = "".join(f"<tr>{''.join(f'<td>{escaped(c)}</td>' for c in row)}</tr>" for row in rows)
    head = "<tr><th></th><th>Exercise</th><th>Outcome</th><th>Tries, hints</th></tr>"
    plain = "\n".join(
        f"{mark} {title}: {outcome}{_tail(more)}" for mark, title, outcome, more in rows
    )
    return Shown(f"<table>{head}{cells}</table>", plain)


def recap(number: str, progress: Progress) -> Shown:
    """The report, and the link to the next lesson."""
    stands, following = report(number, progress), _next(number)
    if following is None:
        text = "That was the demo from end to end: discovery, registration, token, proof, call."
        return Shown(f"{stands.html}<p>{text}</p>", f"{stands.text}\n{text}")
    line = f"Next: lesson {following.number}, {following.question}"
    anchor = f'<p>Next: <a href="{following.file}">lesson {following.number}</a>, '
    return Shown(
        f"{stands.html}{anchor}{escaped(following.question)}</p>", f"{stands.text}\n{line}"
    )


def _row(entry: exercises.Exercise, progress: Progress) -> tuple[str, str, str, str]:
    stands = progress.exercise(entry.id)
    counts = [(stands.attempts, "try", "tries"), (stands.hints, "hint", "hints")]
    more = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    level = "" if entry.level == "core" else " (stretch)"
    return _MARKS[stands.outcome], entry.title + level, stands.outcome, more


def _tail(more: str) -> str:
    return f" ({more})" if more else ""


def _next(number: str) -> Notebook | None:
    later = [notebook for notebook in LESSONS if notebook.number > number]
    return later[0] if later else None
