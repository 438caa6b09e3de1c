"""The stripper: outputs only where they are compared, ids that stay, and a check that says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit import nbstrip


def code(text: str, *tags: str, **more: Any) -> dict[str, Any]:
    """A code cell as a run leaves it."""
    output = {
        "output_type": "execute_result",
        "execution_count": 7,
        "metadata": {},
        "data": {"text/plain": "42\n43"},
    }
    cell = {
        "cell_type": "code",
        "id": "a",
        "execution_count": 7,
        "source": text,
        "metadata": {"tags": list(tags), "execution": {"started": "…"}},
        "outputs": [output],
    }
    return cell | more


def book(*cells: dict[str, Any]) -> dict[str, Any]:
    metadata = {"dialtone": {"number": "01", "minutes": 8}, "widgets": {"state": {}}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def test_a_plain_cell_loses_output_count_and_what_the_run_noted() -> None:
    (cell,) = nbstrip.stripped(book(code("6 * 7")))["cells"]
    assert (cell["outputs"], cell["execution_count"], cell["metadata"]) == ([], None, {})


def test_a_compared_cell_keeps_output_and_count() -> None:
    (cell,) = nbstrip.stripped(book(code("6 * 7", "nbval-check")))["cells"]
    assert cell["execution_count"] == cell["outputs"][0]["execution_count"] == 7
    assert cell["outputs"][0]["data"]["text/plain"] == ["42\n", "43"]


def test_widget_state_goes_and_the_lesson_stays() -> None:
    metadata = nbstrip.stripped(book())["metadata"]
    assert metadata["dialtone"] == {"number": "01", "minutes": 8}
    assert "widgets" not in metadata


def test_ids_stay_and_missing_or_double_ones_are_made_from_the_text() -> None:
    cells = [code("1", id="first"), code("2", id="first"), code("3", id="no good!"), code("3")]
    del cells[3]["id"]
    ids = [cell["id"] for cell in nbstrip.stripped(book(*cells))["cells"]]
    assert ids[0] == "first"
    assert len(set(ids)) == 4
    assert ids == [cell["id"] for cell in nbstrip.stripped(book(*cells))["cells"]]


def test_stripping_twice_is_stripping_once() -> None:
    once = nbstrip.stripped(book(code("1"), code("2", "nbval-check", id="b")))
    assert nbstrip.stripped(json.loads(nbstrip.text_of(once))) == once


def test_the_command_rewrites_and_its_check_only_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "01-x.ipynb"
    path.write_text(json.dumps(book(code("1"))))
    before = path.read_text()
    assert nbstrip.main(["--check", str(path)]) == 1
    assert "not stripped" in capsys.readouterr().err
    assert path.read_text() == before
    assert nbstrip.main([str(path)]) == 0
    assert nbstrip.main(["--check", str(path)]) == 0


def test_a_compared_cell_without_output_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "01-x.ipynb"
    path.write_text(json.dumps(book(code("1", "nbval-check", outputs=[], execution_count=None))))
    assert nbstrip.main([str(path)]) == 1
    assert "no stored output" in capsys.readouterr().err


def test_a_file_that_is_no_notebook_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text("{")
    assert nbstrip.main([str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
