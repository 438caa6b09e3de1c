"""What the sandbox's side tells the judge about files."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from dialtone_kit.classroom.grading.child import Hands, LessonHere


def test_a_file_is_found_where_it_was_moved_and_python_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment below /tmp has thousands of files."""
    config = tmp_path / "own" / "config"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(config))
    hands = Hands(cast("LessonHere", None))
    hands.put({"cli_a/client.json": "a", "cli_b/client.json": "b"})
    (config / "cli_a" / "client.json").rename(config.parent / "elsewhere.json")
    (tmp_path / "in-the-home.json").write_text("c")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "module.py").write_text("d")
    assert sorted(hands.left().values()) == ["a", "b", "c"]
    assert hands.left()["cli_b/client.json"] == "b"
