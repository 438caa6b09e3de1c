"""Everything that a report on a class needs, brought together from its folder."""

from __future__ import annotations

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.class_events import ClassEvents, remarks
from dialtone_kit.classroom.class_report import ClassReport, report_of
from dialtone_kit.classroom.collecting import collected
from dialtone_kit.classroom.grade_rows import Grades, grades
from dialtone_kit.classroom.keeping import time_is_up
from dialtone_kit.classroom.session import Session
from dialtone_kit.classroom.settings import settings_of


def make_report(session: Session, now: float, *, final: bool = False) -> ClassReport:
    """The report on a class at `now`, in Unix seconds. Its remarks say what it lacks.

    What learners shared with the class service is collected first, but not for a `final` report:
    the service is over by then.
    """
    said = [] if final else [*collected(session), *time_is_up(session, now)]
    graded = Grades()
    try:
        graded = grades(session.folder)
    except DialtoneError as problem:
        said.append(str(problem))
    seats = ClassEvents().seats(session)
    said += remarks(seats)
    return report_of(settings_of(session).name, seats, session.lessons, now, graded, said)


def report_on_runs(session: Session, now: float) -> ClassReport:
    """The same of what `dialtone class run` did, unattended; nobody handed that in."""
    seats = ClassEvents(runs=True).seats(session)
    said = list(remarks(seats, runs=True))
    return report_of(settings_of(session).name, seats, session.lessons, now, Grades(), said)
