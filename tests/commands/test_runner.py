"""dialtone run: lessons without a person, each result shown, nothing of the learner's own used."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import ClassVar

import nbformat
import pytest

from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.classroom.running.parameters import BadParameters, Parameters
from dialtone_kit.commands import run_lessons
from dialtone_kit.commands.cli import main
from dialtone_kit.commands.run_lessons import select
from dialtone_kit.commands.run_table import run_and_show
from tests.support.small_notebook import notebook

WIDGET = """
import anywidget, traitlets
class Typed(anywidget.AnyWidget):
    _esm = "export default {}"
    value = traitlets.Unicode("typed-by-somebody").tag(sync=True)
Typed()
"""
USES_THE_SERVICE = """
from dialtone_kit import start
from dialtone_kit.local import service
lesson = start(1)
assert not lesson.interactive and email == "ada@example.com" and count == 3
assert verification_code == "00012345"
print("PORT", lesson.base_url)
"""
SECRET = "sec_" + "q" * 43
SHOWS_A_SECRET = f"raise ValueError({SECRET!r})"
STOPS = "from dialtone_kit.base.errors import LessonStop\nraise LessonStop('Type the code first.')"


def test_every_lesson_is_run_and_its_result_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lessons = [
        notebook(home, "01-good.ipynb", USES_THE_SERVICE, WIDGET),
        notebook(home, "02-bad.ipynb", "1 / 0"),
        notebook(home, "03-stops.ipynb", STOPS),
        notebook(home, "04-shows.ipynb", SHOWS_A_SECRET),
    ]
    before = dict(os.environ)
    given = {"email": "ada@example.com", "verification_code": "00012345", "count": "3"}
    code = run_and_show(lessons, home / "out", Parameters("mock", given))
    assert code == 1
    assert dict(os.environ) == before
    output = capsys.readouterr().out
    for expected in (
        "passed",
        "failed",
        "stopped",
        "3 not tried",
        "02-bad: cell 3: ZeroDivisionError: division by zero",
        "03-stops: cell 3: LessonStop: Type the code first.",
    ):
        assert expected in output
    assert output.index("02-bad: ") < output.index("03-stops: ") < output.index("04-shows: ")
    assert SECRET not in output
    copies = {path.name: path.read_text() for path in (home / "out").iterdir()}
    assert set(copies) == {lesson.name for lesson in lessons}
    good = json.loads(copies["01-good.ipynb"])
    assert "widgets" not in good["metadata"]
    assert good["metadata"]["papermill"]["input_path"] == "01-good.ipynb"
    assert "typed-by-somebody" not in json.dumps([c["outputs"] for c in good["cells"]])
    assert not (home / "state").exists()  # neither the learner's state …
    assert not (home / "config").exists()  # … nor their credentials


class NoPool:
    """Stands in for the pool of processes: every job ends as `done` says, at once."""

    made: ClassVar[list[bool]] = []
    jobs: ClassVar[list[Job]] = []
    done = Done("passed")

    def __init__(self, *, own_service: bool) -> None:
        self.made.append(own_service)

    def prepare(self, jobs: int) -> None:
        pass

    def submit(self, job: Job) -> Future[Done]:
        self.jobs.append(job)
        future: Future[Done] = Future()
        future.set_result(self.done)
        return future

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        function(print, *arguments)

    def close(self) -> None:
        pass


@pytest.fixture
def no_pool(monkeypatch: pytest.MonkeyPatch) -> type[NoPool]:
    monkeypatch.setattr(run_lessons, "Pool", NoPool)
    monkeypatch.setattr(NoPool, "made", [])
    monkeypatch.setattr(NoPool, "jobs", [])
    return NoPool


def test_when_all_pass_the_exit_code_is_0(
    home: Path, capsys: pytest.CaptureFixture[str], no_pool: type[NoPool]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--solutions", "--lesson", "3", "--output", str(home / "out")])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert "03-dpop-token" in output
    assert "04-" not in output
    assert (home / "out" / "solutions").is_dir()


@pytest.mark.parametrize(("base_url", "own"), [("mock", True), ("https://id.example.com", False)])
def test_only_the_mock_is_started_for_a_run(
    home: Path, no_pool: type[NoPool], base_url: str, own: bool
) -> None:
    lesson = notebook(home, "01-x.ipynb")
    [result] = run_lessons.run([lesson], home / "out", Parameters(base_url), print)
    assert result.outcome == "passed"
    assert no_pool.made == [own]


def test_an_executed_copy_that_cant_be_written_fails_its_lesson_alone(
    home: Path, no_pool: type[NoPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_pool, "done", Done("passed", notebook="{}"))
    lessons = [notebook(home, "01-x.ipynb"), notebook(home, "02-y.ipynb")]
    (home / "out" / "01-x.ipynb").mkdir(parents=True)
    results = run_lessons.run(lessons, home / "out", Parameters(), print)
    assert [one.outcome for one in results] == ["failed", "passed"]
    assert "can't be written" in results[0].reason


def test_a_lesson_that_looks_back_runs_last_and_sees_what_the_others_did(
    home: Path, no_pool: type[NoPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_pool, "done", Done("passed", events="{}\n"))
    lessons = [notebook(home, f"0{number}-x.ipynb") for number in (1, 2, 3)]
    book = nbformat.read(lessons[1], 4)
    book.metadata["dialtone"] = {"looks_back": True}
    nbformat.write(book, lessons[1])
    results = run_lessons.run(lessons, home / "out", Parameters(), print)
    assert [one.lesson for one in results] == ["01-x", "02-x", "03-x"]
    assert [(job.lesson, job.events) for job in no_pool.jobs] == [
        ("01", ""),
        ("03", ""),
        ("02", "{}\n{}\n"),
    ]


@pytest.mark.parametrize("name", ["client_secret", "no_such_parameter"])
def test_a_refused_parameter_is_a_line_and_nothing_runs(
    home: Path, capsys: pytest.CaptureFixture[str], no_pool: type[NoPool], name: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--lesson", "3", "-p", name, "x", "--output", str(home / "out")])
    assert ended.value.code == 2
    assert name in capsys.readouterr().err
    assert not (home / "out").exists()


def test_a_base_url_given_as_a_parameter_is_the_service_to_talk_to(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Parameters] = []
    monkeypatch.setattr(
        "dialtone_kit.commands.run_table.run_and_show", lambda _all, _to, given: taken.append(given)
    )
    url = "https://id.example.com"
    with pytest.raises(SystemExit):
        main(["run", "--lesson", "3", "-p", "base_url", url, "--output", str(home)])
    assert taken == [Parameters(url, {})]


def test_lessons_are_taken_in_order_and_by_number(tmp_path: Path) -> None:
    for name in ("02-b.ipynb", "00-a.ipynb", "notes.ipynb"):
        (tmp_path / name).write_text("{}")
    assert [path.name for path in select(tmp_path, [])] == ["00-a.ipynb", "02-b.ipynb"]
    assert [path.name for path in select(tmp_path, ["2"])] == ["02-b.ipynb"]
    with pytest.raises(BadParameters, match="No lesson 07; available: 00, 02"):
        select(tmp_path, ["7"])


def test_an_output_that_is_not_a_folder_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        main(["run", "--lesson", "0", "--output", str(home / "file" / "below")])
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_values_take_the_type_of_the_lessons_own_default(tmp_path: Path) -> None:
    lesson = notebook(tmp_path, "01-x.ipynb")
    given = {"verification_code": "000123", "interactive": "false", "count": "7", "email": "None"}
    values = Parameters("mock", given).for_notebook(lesson)
    assert values == {
        "base_url": "mock",
        "verification_code": "000123",
        "interactive": False,
        "count": 7,
        "email": "None",
    }


def test_a_verification_code_is_not_refused_as_a_secret(tmp_path: Path) -> None:
    lesson = notebook(tmp_path, "01-x.ipynb")
    Parameters("mock", {"verification_code": "ABCD-2345"}).check([lesson])


@pytest.mark.parametrize("value", ["dc-east-agent", "pt_BR-agent", "sec_team-agent", "sec_1"])
def test_a_name_that_begins_like_a_secret_is_none(tmp_path: Path, value: str) -> None:
    lesson = notebook(tmp_path, "01-x.ipynb")
    Parameters("mock", {"verification_code": value}).check([lesson])
