"""`dialtone class pack`: what it says, and targets that it refuses before it begins."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.classroom import pip
from dialtone_kit.commands import class_pack
from tests.support.command_line import dialtone


def pack(*arguments: str) -> int:
    return dialtone("class", "pack", *arguments)


def test_it_says_for_which_machines_and_how_learners_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def made(notebooks: Path, output: Path, targets: object, **more: Any) -> int:
        asked.update(output=output, **more)
        return 80_000_000

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(class_pack, "pack", made)
    assert pack("--solutions", "--platform", "macosx_12_0_arm64", "--python-version", "3.12") == 0
    shown = capsys.readouterr().out
    assert "Python 3.12 on Darwin arm64" in shown
    assert "dialtone-pack.zip: 80 MB." in shown
    assert "sh dialtone-pack/install.sh" in shown
    assert (asked["output"], asked["solutions"]) == (tmp_path / "dialtone-pack.zip", True)


def test_a_target_that_can_not_be_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert pack("--platform", "win_amd64") == 1
    assert "WSL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stderr", "why"),
    [
        ("WARNING: x\nERROR: No matching one\n", r"^pip download failed: No matching one\. "),
        ("/usr/bin/python3: No module named pip\n", "python -m ensurepip"),
        ("", "it ended"),
    ],
)
def test_what_pip_says_last_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, stderr: str, why: str
) -> None:
    done = subprocess.CompletedProcess([], 1, "", stderr)
    monkeypatch.setattr(pip.subprocess, "run", lambda line, **options: done)
    with pytest.raises(pip.PipFailed, match=why):
        pip.run_pip(["download", "x"])
