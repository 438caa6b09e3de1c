"""dialtone lab: JupyterLab at lesson 00, apart from the learner's own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.commands import lab
from dialtone_kit.commands.cli import main


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
    lab.open_lab(port=None, browser=True)
    [(line, env)] = launched
    assert Path(env["JUPYTERLAB_SETTINGS_DIR"]).is_relative_to(home)
    assert Path(env["JUPYTERLAB_WORKSPACES_DIR"]).is_relative_to(home)
    assert env["JUPYTER_PREFER_ENV_PATH"] == "1"
    [settings] = [o.partition("=")[2] for o in line if "app_settings_dir" in o]
    overrides = json.loads((Path(settings) / "overrides.json").read_text())
    news = overrides["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}
    assert "--no-browser" not in line


def test_without_the_lessons_it_says_where_to_run_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lab, "FIRST", "no-such-lesson.ipynb")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DialtoneError, match="clone"):
        lab.notebooks_dir()
