"""Judges one notebook, in a process of its own: `python -m` with the name of this module.

It reads a job from standard input, as JSON, and writes a line for each verdict. What a check keeps
in memory, such as the number of guesses, isn't shared between learners.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from dialtone_kit.classroom.grading.cells import (
    Answer,
    Book,
    Cell,
    answers,
    official_book,
    without_magics,
)
from dialtone_kit.classroom.grading.context import statements_before
from dialtone_kit.classroom.grading.judge_exercise import Judge, Work
from dialtone_kit.classroom.grading.outward import Outward
from dialtone_kit.lesson.exercises import Verdict
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.local.running import find

SCOPES = ("openid", "notes:read", "notes:write")
TEACH = "13.teach"
NO_RECORD = (
    "Judge by hand: it is about the learner's own record, which isn't in the session folder."
)


@dataclass(frozen=True)
class Job:
    """The `exercises` of a notebook, its `cells` as id, source and tags.

    `official` is the folder of the lessons, `record` the learner's progress file, or "".
    """

    number: str
    cells: Sequence[tuple[str, str, Sequence[str]]]
    exercises: Sequence[str]
    official: str
    record: str
    trust: bool


def main() -> None:
    """Judge the job on standard input."""
    job = Job(**json.load(sys.stdin))
    results, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115, PTH123
    lesson = Lesson(job.number, interactive=False)
    lesson.need_credentials(SCOPES)
    if job.record:
        # The learner's own file, only read here: what is checked is written to the first one,
        # which `Work` and sharing have kept.
        lesson.progress = Progress(Path(job.record))
    service = find()
    Outward(*([service.port] if service else [])).guard()
    try:
        judge_all(job, Judge(lesson, job.trust), results)
    finally:
        lesson.done()


def judge_all(job: Job, judge: Judge, results: TextIO) -> None:
    """Write the verdicts, each as soon as it is there."""
    book = Book(job.number, tuple(Cell(i, text, frozenset(tags)) for i, text, tags in job.cells))
    official = official_book(Path(job.official), job.number) or Book(job.number, ())
    for answer in answers(book, official, job.exercises):
        verdict = Verdict("can't tell", NO_RECORD)
        if answer.exercise != TEACH or job.record:
            verdict = judge.verdict(_work(answer, book, official))
        row = {"exercise": answer.exercise, **asdict(verdict)}
        print(json.dumps(row), file=results, flush=True)


def _work(answer: Answer, book: Book, official: Book) -> Work:
    assert answer.cell is not None  # noqa: S101  (a job has only exercises with a cell)
    before = statements_before(answer.cell, book, official)
    return Work(answer.exercise, tuple(before), without_magics(answer.cell.source))


if __name__ == "__main__":
    main()
