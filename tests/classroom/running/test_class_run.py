"""The lessons of a class: what is left, what is kept, and whom a failure concerns."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from dialtone_kit.base import lines
from dialtone_kit.classroom.in_use import StillUsed
from dialtone_kit.classroom.running.class_parameters import BadLearner, Given, parameters_of
from dialtone_kit.classroom.running.class_run import Task, class_run
from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.classroom.running.parameters import BadParameters
from dialtone_kit.classroom.session import open_session
from tests.support.class_of import make_class
from tests.support.small_notebook import notebook

OPENED = json.dumps({"v": 1, "at": "2026-11-27T09:00:00+00:00", "lesson": "01", "kind": "opened"})
PASSED = Done("passed", notebook="{}", events=f"{OPENED}\n")


class Workers:
    """Answers each job at once, as `answer` says; notes what it was given."""

    def __init__(self, answer: Callable[[Job], Done]) -> None:
        self.answer = answer
        self.jobs: list[Job] = []

    def submit(self, job: Job) -> Future[Done]:
        self.jobs.append(job)
        future: Future[Done] = Future()
        try:
            future.set_result(self.answer(job))
        except Exception as failed:
            future.set_exception(failed)
        return future


class Class:
    """A class of two, two notebooks, and runs of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_class(folder / "class", 2)
        self.notebooks = [notebook(folder, "01-x.ipynb"), notebook(folder, "02-y.ipynb")]

    def run(self, answer: Callable[[Job], Done]) -> list[tuple[int, str, str, str]]:
        """What was run, with its outcome and reason."""
        session = open_session(self.folder)
        seen: list[tuple[int, str, str, str]] = []

        def note(task: Task, done: Done) -> None:
            seen.append((task.learner.seat, task.lesson, done.outcome, done.reason))

        with class_run(session) as run:
            left = run.left(run.tasks(self.notebooks, session.learners))
            run.run(left, Workers(answer).submit, note, at_a_time=3)
        return sorted(seen)


@pytest.fixture
def course(tmp_path: Path) -> Class:
    return Class(tmp_path)


def email_of(job: Job) -> object:
    return job.parameters.values["email"] if isinstance(job.parameters, Given) else None


def test_each_learner_gets_every_lesson_and_their_own_parameters(course: Class) -> None:
    given = set()

    def answer(job: Job) -> Done:
        given.add((job.lesson, email_of(job)))
        return PASSED

    assert [one[2] for one in course.run(answer)] == ["passed"] * 4
    assert given == {(n, f"learner{s}@example.com") for n in ("01", "02") for s in (1, 2)}
    for seat in ("0001", "0002"):
        own = course.folder / "learners" / seat
        assert (own / "notebooks" / "01-x.ipynb").read_text() == "{}"
        assert (own / "notebooks" / "01-x.ipynb").stat().st_mode & 0o777 == 0o600
        assert [json.loads(line)["kind"] for line in (own / "runs.jsonl").open()] == [
            "opened",
            "opened",
        ]


def test_a_second_run_repeats_what_failed_and_nothing_else(course: Class) -> None:
    def one_fails(job: Job) -> Done:
        if job.lesson == "02" and email_of(job) == "learner1@example.com":
            return Done("failed", "cell 3: ValueError: no")
        return PASSED

    assert (1, "02", "failed", "cell 3: ValueError: no") in course.run(one_fails)
    assert course.run(lambda _: PASSED) == [(1, "02", "passed", "")]
    assert course.run(lambda _: PASSED) == []


def test_a_lesson_whose_notebook_is_gone_runs_again(course: Class) -> None:
    course.run(lambda _: PASSED)
    (course.folder / "learners" / "0002" / "notebooks" / "01-x.ipynb").unlink()
    assert course.run(lambda _: PASSED) == [(2, "01", "passed", "")]


def test_what_a_worker_raises_fails_its_task_alone(course: Class) -> None:
    def one_raises(job: Job) -> Done:
        if job.lesson == "01" and email_of(job) == "learner2@example.com":
            raise RuntimeError("sec_" + "q" * 43)
        return PASSED

    [failed] = [one for one in course.run(one_raises) if one[2] != "passed"]
    assert failed[:2] == (2, "01")
    assert failed[3].startswith("RuntimeError: ")
    assert "qqq" not in failed[3]


def test_a_notebook_that_cant_be_stored_costs_nobody_else_anything(course: Class) -> None:
    (course.folder / "learners" / "0001").mkdir(parents=True, mode=0o700)
    (course.folder / "learners" / "0001" / "notebooks").write_text("in its way")
    outcomes = course.run(lambda _: PASSED)
    assert [one[2] for one in outcomes] == ["failed", "failed", "passed", "passed"]
    assert "notebooks" in outcomes[0][3]


def test_a_line_that_the_disk_does_not_take_fails_the_task(
    course: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dialtone_kit.classroom.running.journal.append_lines", full)
        assert {one[2:] for one in course.run(lambda _: PASSED)} == {
            ("failed", "not noted: No space left on device")
        }
    assert len(course.run(lambda _: PASSED)) == 4


def test_progress_so_far_goes_along(course: Class) -> None:
    course.run(lambda _: PASSED)
    (course.folder / "run.jsonl").unlink()
    seen: list[str] = []

    def answer(job: Job) -> Done:
        seen.append(job.events)
        return PASSED

    course.run(answer)
    assert all(events.count("opened") >= 2 for events in seen)


def test_no_more_than_asked_are_handed_out_at_a_time(course: Class) -> None:
    session = open_session(course.folder)
    waiting: list[Future[Done]] = []
    most: list[int] = []

    def submit(job: Job) -> Future[Done]:
        waiting.append(Future())
        most.append(sum(1 for one in waiting if not one.done()))
        if len(waiting) >= 3 or most[-1] == 3:
            for one in waiting:
                if not one.done():
                    one.set_result(PASSED)
        return waiting[-1]

    with class_run(session) as run:
        tasks = run.tasks(course.notebooks, session.learners)
        run.run(tasks, submit, lambda *_: None, at_a_time=3)
    assert max(most) == 3
    assert len(waiting) == 4


def test_there_is_one_run_of_a_class_at_a_time(course: Class) -> None:
    session = open_session(course.folder)
    another = pytest.raises(StillUsed, match=r"^`dialtone class run` still uses")
    with class_run(session), another, class_run(session):
        pass
    with class_run(session):
        pass


# -- parameters ----------------------------------------------------------------------------------


def parameters(course: Class, content: bytes | None) -> Given:
    session = open_session(course.folder)
    own = session.folder_of(session.learners[0])
    if content is not None:
        own.mkdir(parents=True, mode=0o700)
        (own / "parameters.yaml").write_bytes(content)
        (own / "parameters.yaml").chmod(0o600)
    return parameters_of(session, session.learners[0])


def test_a_learners_file_says_what_their_notebooks_get(course: Class) -> None:
    given = parameters(
        course, b'email: "x@example.com"\nseat: 7\nnot_in_it: 1\nbase_url: "https://x.example"\n'
    )
    lesson = notebook(
        course.folder, "03-z.ipynb", parameters='base_url = ""\nemail = ""\nseat = None'
    )
    values = given.for_notebook(lesson)
    assert values == {"base_url": "mock", "email": "x@example.com", "seat": 7}


def test_the_seat_need_not_be_in_the_file(course: Class) -> None:
    assert parameters(course, b'email: "x@example.com"\n').values == {
        "email": "x@example.com",
        "seat": 1,
    }


def test_without_a_file_they_are_made_from_the_roster(course: Class) -> None:
    assert parameters(course, None).values == {"email": "learner1@example.com", "seat": 1}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"email: [", "line 1 isn't YAML"),
        (b"\xff\xfe\xff", "isn't YAML"),
        (b"- a list", "name: value"),
        (b"1: x", "name: value"),
    ],
)
def test_a_file_that_cant_be_used_is_a_line(course: Class, content: bytes, line: str) -> None:
    with pytest.raises(BadLearner, match=line):
        parameters(course, content)


def test_a_secret_is_no_parameter(course: Class) -> None:
    with pytest.raises(BadParameters, match="looks like a secret"):
        parameters(course, b"client_secret: x")


def test_a_line_is_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    lines.append_lines(file, "one")
    with file.open("a") as torn:
        torn.write("tw")
    lines.append_lines(file, "three")
    assert file.read_text() == "one\ntw\nthree\n"
