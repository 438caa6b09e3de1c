"""dialtone run: lessons without a person, each result shown, nothing of the learner's own used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from dialtone_kit.commands import run_lessons
from dialtone_kit.commands.cli import main
from dialtone_kit.commands.run_lessons import Result, select
from dialtone_kit.commands.run_parameters import BadParameters, Parameters
from dialtone_kit.commands.run_table import run_and_show

DEFAULTS = 'base_url = "mock"\nemail = ""\ninteractive = None\nverification_code = ""\ncount = 1'


def notebook(folder: Path, name: str, *cells: str) -> Path:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(DEFAULTS, metadata={"tags": ["parameters"]})]
    made.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    path = folder / name
    nbformat.write(made, path)
    return path


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
STOPS = "from dialtone_kit.base.errors import LessonStop\nraise LessonStop('Type the code first.')"


def test_every_lesson_is_run_and_its_result_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lessons = [
        notebook(home, "01-good.ipynb", USES_THE_SERVICE, WIDGET),
        notebook(home, "02-bad.ipynb", "1 / 0"),
        notebook(home, "03-stops.ipynb", STOPS),
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
    copies = {path.name: path.read_text() for path in (home / "out").iterdir()}
    assert set(copies) == {lesson.name for lesson in lessons}
    good = json.loads(copies["01-good.ipynb"])
    assert "widgets" not in good["metadata"]
    assert good["metadata"]["papermill"]["input_path"] == "01-good.ipynb"
    assert "typed-by-somebody" not in json.dumps([c["outputs"] for c in good["cells"]])
    assert not (home / "state").exists()  # neither the learner's state …
    assert not (home / "config").exists()  # … nor their credentials


def test_when_all_pass_the_exit_code_is_0(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lessons, "_execute", lambda *_: ("passed", ""))
    monkeypatch.setattr("dialtone_kit.local.service.ensure", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main(["run", "--solutions", "--lesson", "3", "--output", str(home / "out")])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert "03-dpop-token" in output
    assert "04-" not in output
    assert (home / "out" / "solutions").is_dir()


def test_the_real_service_keeps_the_persons_credentials_and_starts_no_mock(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str | None, str | None]] = []

    def note(*_: object) -> tuple[str, str]:
        seen.append((os.environ["DIALTONE_CONFIG_DIR"], os.environ["DIALTONE_INTERACTIVE"]))
        return "passed", ""

    monkeypatch.setattr(run_lessons, "_execute", note)
    monkeypatch.setattr("dialtone_kit.local.service.ensure", lambda *_: pytest.fail("a mock"))
    lesson = notebook(home, "01-x.ipynb")
    results: list[Result] = []
    run_lessons.run(
        [lesson], home / "out", Parameters("https://id.example.com"), results.append, print
    )
    assert seen == [(str(home / "config"), "0")]
    assert [result.outcome for result in results] == ["passed"]


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


def test_a_secret_in_an_error_is_masked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sec_" + "q" * 43
    monkeypatch.setattr(run_lessons, "_execute", lambda *_: ("failed", f"cell 1: got {secret}"))
    lesson = notebook(home, "01-x.ipynb")
    [result] = run_lessons.run(
        [lesson], home / "out", Parameters("https://x.example"), print, print
    )
    assert secret not in result.reason


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
