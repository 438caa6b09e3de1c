"""`python -m dialtone_kit.classroom.grading.judge`: judges one notebook, in a process of its own.

It reads a job from standard input, as JSON, and writes a line for each verdict. What a check keeps
in memory, such as how often someone guessed, is no other learner's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from dialtone_kit.classroom.grading.judging import Judge, Work
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
    """Cells of a notebook of lesson `number`. `record` is the learner's progress file, or ""."""

    number: str
    works: Sequence[Work]
    record: str
    trust: bool


def main() -> None:
    """Judge the job on standard input."""
    told = json.load(sys.stdin)
    works = [Work(**work | {"before": tuple(work["before"])}) for work in told.pop("works")]
    results, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115, PTH123
    judge_all(Job(works=works, **told), results)


def judge_all(job: Job, results: TextIO) -> None:
    """Write the verdicts, each as soon as it is there."""
    lesson = Lesson(job.number, interactive=False)
    lesson.need_credentials(SCOPES)
    if job.record:
        lesson.progress = Progress(Path(job.record))
    service = find()
    Outward(*([service.port] if service else [])).guard()
    judge = Judge(lesson, job.trust)
    try:
        for work in job.works:
            verdict = judge.verdict(work) if _can_be_judged(work, job) else _by_hand()
            print(json.dumps(_row(work, verdict)), file=results, flush=True)
    finally:
        lesson.done()


def _can_be_judged(work: Work, job: Job) -> bool:
    return work.exercise != TEACH or bool(job.record)


def _by_hand() -> Verdict:
    return Verdict("can't tell", NO_RECORD)


def _row(work: Work, verdict: Verdict) -> Mapping[str, Any]:
    return {"exercise": work.exercise, **asdict(verdict)}


if __name__ == "__main__":
    main()
