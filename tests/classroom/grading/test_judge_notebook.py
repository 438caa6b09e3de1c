"""One notebook's judge: a line for each verdict, and what it leaves to a person."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

from dialtone_kit.classroom.grading.judge_exercise import Work
from dialtone_kit.classroom.grading.judge_notebook import Job, judge_all
from dialtone_kit.lesson.exercises import Verdict
from tests.support.books import FOLDER

CELLS = [
    ("a", 'words = "mine"\nlesson.check("13.teach", words)', ["exercise"]),
    ("b", 'lesson.check("13.clean", path_for)', ["exercise"]),
]
JOB = Job("13", CELLS, ["13.teach", "13.clean"], str(FOLDER), "", trust=False)


class Noting:
    """A judge that notes its works and finds everything right."""

    def __init__(self) -> None:
        self.works: list[Work] = []

    def verdict(self, work: Work) -> Verdict:
        self.works.append(work)
        return Verdict("right", "Well done.")


def judged(job: Job) -> tuple[list[str], list[Work]]:
    judge: Any = Noting()
    out = io.StringIO()
    judge_all(job, judge, out)
    return [json.loads(line)["sentence"] for line in out.getvalue().splitlines()], judge.works


def test_a_sentence_about_the_learners_record_is_left_to_a_person_without_one() -> None:
    sentences, works = judged(JOB)
    assert sentences[0].startswith("Judge by hand: it is about the learner's own record")
    assert [work.exercise for work in works] == ["13.clean"]
    sentences, works = judged(replace(JOB, record="progress.jsonl"))
    assert sentences == ["Well done."] * 2


def test_a_work_brings_what_the_official_lesson_defines() -> None:
    _, (work,) = judged(JOB)
    assert [line for line in work.before if "path_for" in line]
