"""The lessons of a class: which are left, and running them while keeping what each one made.

Everything of a learner's stays in their folder of the class: the executed notebooks in
`notebooks/`, the events of these runs in `runs.jsonl`, apart from what learners did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.class_events import RUNS
from dialtone_kit.classroom.in_use import held
from dialtone_kit.classroom.running.class_parameters import Given, parameters_of
from dialtone_kit.classroom.running.jobs import Done, Job, in_turns
from dialtone_kit.classroom.running.journal import Journal
from dialtone_kit.classroom.session import Learner, Session
from dialtone_kit.lesson.events import EventFile

LOCK = "run.lock"
NOTEBOOKS = "notebooks"
Submit = Callable[[Job], Future[Done]]


@dataclass(frozen=True)
class Task:
    """One lesson of one learner."""

    learner: Learner
    notebook: Path
    parameters: Given

    @property
    def lesson(self) -> str:
        """The lesson's number."""
        return self.notebook.name[:2]


@contextmanager
def class_run(session: Session) -> Iterator[ClassRun]:
    """The run of this class; there is one at a time. Raises StillUsed if there is another."""
    with held(session.folder / LOCK):
        yield ClassRun(session)


class ClassRun:
    """Plans the tasks of a class and runs them. One that fails affects no other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._journal = Journal(session.folder)

    def tasks(self, notebooks: Sequence[Path], learners: Sequence[Learner]) -> list[Task]:
        """What these learners take. Raises DialtoneError for parameters that can't be used."""
        given = {one: parameters_of(self._session, one) for one in learners}
        return [Task(one, path, given[one]) for one in learners for path in notebooks]

    def left(self, tasks: Sequence[Task]) -> list[Task]:
        """Those that haven't passed yet, or whose executed notebook is gone."""
        passed = self._journal.passed()
        return [task for task in tasks if not self._has_passed(task, passed)]

    def run(
        self,
        tasks: Sequence[Task],
        submit: Submit,
        on_done: Callable[[Task, Done], object],
        *,
        at_a_time: int,
    ) -> None:
        """Run them, handing out `at_a_time` at most, and keep what they made.

        So memory doesn't grow with the class. Lessons that look back come last.
        """
        for turn in in_turns(list(dict.fromkeys(task.notebook for task in tasks))):
            self._run([one for one in tasks if one.notebook in turn], submit, on_done, at_a_time)

    def _run(
        self,
        tasks: Sequence[Task],
        submit: Submit,
        on_done: Callable[[Task, Done], object],
        at_a_time: int,
    ) -> None:
        waiting = iter(tasks)
        running: dict[Future[Done], Task] = {}
        while True:
            for task in islice(waiting, at_a_time - len(running)):
                running[submit(self._job(task))] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                on_done(task, self._kept(task, _outcome(future)))

    def _has_passed(self, task: Task, passed: set[tuple[int, str]]) -> bool:
        if (task.learner.seat, task.lesson) not in passed:
            return False
        return (self._folder_of(task) / NOTEBOOKS / task.notebook.name).is_file()

    def _job(self, task: Task) -> Job:
        text = task.notebook.read_text(encoding="utf-8")
        folder = str(task.notebook.parent.absolute())
        events = self._events(task).text()
        return Job(task.notebook.name, text, folder, task.parameters, events)

    def _kept(self, task: Task, done: Done) -> Done:
        """Store what a task made, and note how it went; a disk that is full fails the task."""
        try:
            if done.notebook:
                folder = PrivateFolder(self._folder_of(task) / NOTEBOOKS)
                folder.write(task.notebook.name, done.notebook)
            self._events(task).extend(done.events)
        except (OSError, DialtoneError) as failed:
            done = replace(done, outcome="failed", reason=f"not kept: {failed}")
        try:
            self._journal.note(task.learner.seat, task.lesson, done)
        except OSError as failed:
            return replace(done, outcome="failed", reason=f"not noted: {failed.strerror}")
        return done

    def _events(self, task: Task) -> EventFile:
        return EventFile(self._folder_of(task) / RUNS)

    def _folder_of(self, task: Task) -> Path:
        return self._session.folder_of(task.learner)


def _outcome(future: Future[Done]) -> Done:
    """What came back, or why nothing did: a worker that fails doesn't end this command."""
    try:
        return future.result()
    except Exception as failed:
        name = "" if isinstance(failed, DialtoneError) else f"{type(failed).__name__}: "
        return Done("failed", mask_text(f"{name}{failed}"))
