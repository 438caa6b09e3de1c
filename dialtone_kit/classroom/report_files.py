"""The report on a class as files: one HTML page, and CSV for a spreadsheet. Each private (0600)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.class_report import ClassReport
from dialtone_kit.classroom.gains import ENOUGH, PairGain
from dialtone_kit.classroom.pages import exercise_title, file, label_of, pair_name, templates
from dialtone_kit.classroom.session import Learner
from dialtone_kit.classroom.standing import When
from dialtone_kit.classroom.tables import csv_text
from dialtone_kit.lesson.exercises.verdict import WORDS, word_of
from dialtone_kit.lesson.misconceptions import title_of
from dialtone_kit.lesson.quiz_items import FORMS

PAGE = "report.html"
TIMES: tuple[When, ...] = ("before", "during", "after")
Row = tuple[object, ...]
Table = tuple[Sequence[str], Iterator[Row]]


def write_report(report: ClassReport, folder: Path, *, names: bool) -> list[Path]:
    """Write the page and the tables into `folder`; their paths. With `names`, names are in them."""
    private = PrivateFolder(folder, forbidden=0)  # it may be any folder of the trainer's
    written = [private.write(PAGE, page(report, names=names))]
    for name, table in TABLES.items():
        header, rows = table(report, names)
        written.append(private.write(name, csv_text(header, rows)))
    return written


def page(report: ClassReport, *, names: bool) -> str:
    """The page: it loads nothing, runs nothing, and can be printed."""
    return (
        templates()
        .get_template("report.html")
        .render(
            report=report,
            label=label_of(names),
            style=file("class.css") + file("report.css"),
            enough=ENOUGH,
            words=WORDS,
            day=datetime.fromtimestamp(report.now).strftime("%d %B %Y"),
        )
    )


def _learners(report: ClassReport, names: bool) -> Table:
    about = ("lessons_done", "exercises_right", "tries", "hints", "minutes")
    more = ("wrong_and_sure", "last_event", "lessons_with_open_exercises", "graded", "graded_right")
    return (*_who(names), *about, *more), (
        (
            *_whose(seat.learner, names),
            record.done,
            record.right,
            sum(one.tries for one in record.exercises.values()),
            sum(one.hints for one in record.exercises.values()),
            f"{record.minutes:.1f}",
            record.sure_and_wrong,
            _moment(record.last) if seat.events else "",
            record.open,
            len(report.grades_of(seat)),
            sum(grade.outcome == "right" for grade in report.grades_of(seat)),
        )
        for seat in report.seats
        for record in [seat.record]
    )


def _exercises(report: ClassReport, names: bool) -> Table:
    about = ("outcome", "code", "tries", "hints", "minutes", "right_at_once")
    return (*_who(names), "exercise", "title", *about, "graded", "graded_code"), (
        (
            *_whose(result.seat.learner, names),
            result.id,
            exercise_title(result.id),
            word_of(result.own.outcome),
            result.own.code,
            result.own.tries,
            result.own.hints,
            f"{result.own.seconds / 60:.1f}",
            "yes" if result.own.right_at_once else "no",
            word_of(result.grade.outcome) if result.grade else "",
            result.grade.code if result.grade else "",
        )
        for result in report.results
    )


def _codes(report: ClassReport, names: bool) -> Table:
    del names
    learners = [f"learners_{when}" for when in TIMES]
    sure = [f"sure_{when}" for when in TIMES]
    return ("code", "what_people_think", *learners, *sure, "learners_graded"), (
        (
            one.code,
            title_of(one.code),
            *(one.learners.get(when, 0) for when in TIMES),
            *(one.sure.get(when, 0) for when in TIMES),
            one.graded,
        )
        for one in report.codes
    )


def _gains(report: ClassReport, names: bool) -> Table:
    del names
    counts = [f"{when}_{what}" for when in ("before", "after") for what in _COUNTED]
    both = ("learners_of_both", "both_right_before", "both_right_after", "gain")
    forms = [f"form_{form}_first_{what}" for form in FORMS for what in ("answered", "right")]
    return ("pair", "about", *counts, *both, *forms), map(_gain, report.gains)


_COUNTED = ("answered", "right", "wrong_and_sure")


def _gain(one: PairGain) -> Row:
    counts = [(c.answered, c.right, c.sure_and_wrong) for c in (one.before, one.after)]
    forms = [(one.first_form[form].answered, one.first_form[form].right) for form in FORMS]
    gain = "" if one.gain is None else round(one.gain, 2)
    both = (one.learners, one.both_before.right, one.both_after.right, gain)
    flat = [number for pair in (*counts, both, *forms) for number in pair]
    return one.pair, pair_name(one.pair), *flat


def _who(names: bool) -> tuple[str, ...]:
    return ("seat", "name") if names else ("seat",)


def _whose(learner: Learner, names: bool) -> Row:
    return (learner.seat, learner.name) if names else (learner.seat,)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


TABLES: dict[str, Callable[[ClassReport, bool], Table]] = {
    "by-learner.csv": _learners,
    "by-exercise.csv": _exercises,
    "by-misconception.csv": _codes,
    "gain.csv": _gains,
}
