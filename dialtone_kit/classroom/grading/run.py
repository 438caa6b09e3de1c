"""Grading, all of it: who handed in what, judges side by side, and what they say."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialtone_kit.base import platform
from dialtone_kit.classroom.class_events import PROGRESS, ClassEvents, Seat
from dialtone_kit.classroom.collecting import collected
from dialtone_kit.classroom.grading.cells import (
    Answer,
    Book,
    Unreadable,
    answers,
    official_book,
    read_book,
)
from dialtone_kit.classroom.grading.handed_in import HandedIn, Pile, gather
from dialtone_kit.classroom.grading.judge_processes import Judges
from dialtone_kit.classroom.grading.owners import NoOwner, owner
from dialtone_kit.classroom.session import Learner, Session
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.exercises import Outcome
from dialtone_kit.local.own_service import OwnService

MOST_JUDGES = 4
CUT_OFF = (
    "The judge ended before this exercise: it took too long, or the machine is short of memory."
)


@dataclass(frozen=True)
class Grade:
    """One exercise of one learner. `own` is how far it had come by the learner's own record.

    That is what they shared or handed in; None if they did neither.
    """

    learner: Learner
    lesson: str
    exercise: str
    outcome: Outcome
    code: str
    sentence: str
    notes: tuple[str, ...]
    file: str
    own: str | None = None


@dataclass
class Graded:
    """Everything that was graded, a line for each notebook that wasn't, and what else is to say."""

    grades: list[Grade] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """A learner's notebook of one lesson, and the lesson itself as it is in `official`."""

    learner: Learner
    name: str
    book: Book
    official: Book
    digest: str


@dataclass(frozen=True)
class Grading:
    """How to grade: `official` is the folder of the lessons, `judges` work at the same time."""

    session: Session
    official: Path
    trust: bool = False
    judges: int = 0

    def grade(self, paths: Sequence[Path], on_done: Callable[[int, int], None]) -> Graded:
        """Grade what is in `paths`. `on_done` is told how many notebooks are done, of how many."""
        pile = Pile()
        papers = list(self._papers(paths, pile))
        graded = Graded(refused=pile.told)
        if pile.others:
            graded.told.append(f"Left out because they aren't notebooks: {pile.others}.")
        if not papers:
            return graded
        graded.told += collected(self.session)
        seats = {one.learner.seat: one for one in ClassEvents().seats(self.session)}
        count = self.judges or min(platform.cores(), MOST_JUDGES)
        with ExitStack() as ends:
            service = OwnService()
            ends.callback(service.remove)
            pool = ends.enter_context(ThreadPoolExecutor(count))
            judges = Judges(service.folder)
            ends.callback(judges.end)
            grading = pool.map(
                lambda one: self._graded(one, seats[one.learner.seat], judges), papers
            )
            for done, grades in enumerate(grading, 1):
                graded.grades += grades
                on_done(done, len(papers))
        return graded

    # -- what was handed in --------------------------------------------------------------------

    def _papers(self, paths: Sequence[Path], pile: Pile) -> Iterator[Paper]:
        found: defaultdict[tuple[int, str], list[Paper]] = defaultdict(list)
        for one in gather(paths, pile):
            try:
                paper = self._paper(one)
            except (Unreadable, NoOwner) as problem:
                pile.tell(one.name, str(problem))
                continue
            found[paper.learner.seat, paper.book.number].append(paper)
        for _, same in sorted(found.items()):
            if len({paper.digest for paper in same}) == 1:
                yield same[0]
                continue
            for paper in same:
                pile.tell(
                    paper.name,
                    f"{paper.learner.name} handed in lesson {paper.book.number} {len(same)} times, "
                    "and they differ. Keep the one that counts, and grade again.",
                )

    def _paper(self, one: HandedIn) -> Paper:
        book = read_book(one.content)
        official = official_book(self.official, book.number)
        if official is None or not catalog.exercises(book.number):
            raise Unreadable(f"Lesson {book.number[:20]} has no exercises.")
        learner = owner(one.name, book.parameters, self.session.learners)
        return Paper(learner, one.name, book, official, hashlib.sha256(one.content).hexdigest())

    # -- one notebook --------------------------------------------------------------------------

    def _graded(self, paper: Paper, seat: Seat, judges: Judges) -> list[Grade]:
        ids = [one.id for one in catalog.exercises(paper.book.number)]
        found = answers(paper.book, paper.official, ids)
        record = self.session.folder_of(paper.learner) / PROGRESS
        verdicts = judges.judged(
            {
                "number": paper.book.number,
                "cells": [[one.id, one.source, sorted(one.tags)] for one in paper.book.cells],
                "exercises": [one.exercise for one in found if one.cell is not None],
                "official": str(self.official),
                "record": str(record) if record.is_file() else "",
                "trust": self.trust,
            }
        )
        return [_grade(one, paper, verdicts, seat.outcome_of(one.exercise)) for one in found]


def _grade(answer: Answer, paper: Paper, verdicts: Mapping[str, Any], own: str | None) -> Grade:
    said = verdicts.get(answer.exercise, {"outcome": "can't tell", "code": "", "sentence": CUT_OFF})
    if answer.problem:
        said = {"outcome": "can't tell", "code": "", "sentence": answer.problem}
    return Grade(
        paper.learner,
        paper.book.number,
        answer.exercise,
        said["outcome"],
        said["code"],
        said["sentence"],
        answer.notes,
        paper.name,
        own,
    )
