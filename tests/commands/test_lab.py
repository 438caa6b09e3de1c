"""dialtone lab: JupyterLab at lesson 00, apart from the learner's own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dialtone_kit.commands import lab
from dialtone_kit.commands.cli import main
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.local.state_folder import progress_file


@pytest.fixture
def launched(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """What would have been started."""
    seen: list[tuple[list[str], dict[str, str]]] = []

    def execve(path: str, line: list[str], env: Mapping[str, str]) -> None:
        assert path == line[0] == sys.executable
        seen.append((line, dict(env)))

    monkeypatch.setattr(os, "execve", execve)
    return seen


def test_the_lab_opens_lesson_00_and_hands_on_what_it_does_not_know(
    launched: list[tuple[list[str], dict[str, str]]],
) -> None:
    with pytest.raises(SystemExit):
        main(["lab", "--no-browser", "--port", "18765", "--ServerApp.log_level=DEBUG"])
    [(line, _)] = launched
    assert line[1:3] == ["-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/00-start-here.ipynb" in line
    assert {"--no-browser", "--ServerApp.port=18765", "--ServerApp.port_retries=0"} <= set(line)
    assert line[-1] == "--ServerApp.log_level=DEBUG"


def test_the_learners_own_settings_are_not_touched_and_the_news_are_off(
    launched: list[tuple[list[str], dict[str, str]]], home: Path
) -> None:
    lab.open_lab(home, port=None, browser=True)
    [(line, env)] = launched
    assert Path(env["JUPYTERLAB_SETTINGS_DIR"]).is_relative_to(home)
    assert Path(env["JUPYTERLAB_WORKSPACES_DIR"]).is_relative_to(home)
    assert env["JUPYTER_PREFER_ENV_PATH"] == "1"
    [settings] = [o.partition("=")[2] for o in line if "app_settings_dir" in o]
    overrides = json.loads((Path(settings) / "overrides.json").read_text())
    news = overrides["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}
    assert "--no-browser" not in line


def opened(launched: list[tuple[list[str], dict[str, str]]], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        main(["lab", "--no-browser", *arguments])
    line, _ = launched.pop()
    [url] = [one for one in line if one.startswith("--LabApp.default_url=")]
    return url.removeprefix("--LabApp.default_url=/lab/tree/")


def test_the_lab_opens_where_the_learner_stopped(
    launched: list[tuple[list[str], dict[str, str]]],
) -> None:
    seconds = iter(range(1_800_000_000, 1_900_000_000, 60))
    progress = Progress(progress_file(), now=lambda: next(seconds))
    assert opened(launched).startswith("00-")
    for lesson in ("00", "02", "01"):
        progress.opened(lesson)
    assert opened(launched).startswith("01-")
    progress.done("01")
    assert opened(launched).startswith("02-")
    progress.reset_lesson("02")
    progress.done("00")
    assert opened(launched).startswith("00-")
    progress.opened("03")
    assert opened(launched).startswith("03-")
    assert opened(launched, "--lesson", "05").startswith("05-")
    progress.opened("99")  # of another version, say: there is no such notebook here
    assert opened(launched).startswith("00-")


@pytest.mark.parametrize("lesson", ["77", "3", "../x", "*", "٠٣", ""])
def test_a_lesson_that_is_none_is_one_line(
    launched: list[tuple[list[str], dict[str, str]]],
    lesson: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lab", "--lesson", lesson])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert launched == []


def test_progress_that_can_not_be_read_keeps_nobody_from_lesson_00(
    launched: list[tuple[list[str], dict[str, str]]],
) -> None:
    progress_file().mkdir()
    assert opened(launched).startswith("00-")
