"""No notebook has an output; what nbval compares is in the references, one for each notebook."""

from __future__ import annotations

import copy
import json
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from tests.support import references
from tests.support.books import (
    BOOKS,
    FOLDER,
    LESSONS,
    REFERENCES,
    ROOT,
    Book,
    is_compared,
    read,
    reference_of,
    text_of,
)

every_book = pytest.mark.parametrize(
    "book", BOOKS, ids=lambda path: f"{path.parent.name}/{path.name}"
)


def without_outputs(book: Book) -> Book:
    bare = copy.deepcopy(book)
    for cell in bare["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return bare


def hook() -> tuple[list[str], str]:
    """The stripper as pre-commit calls it, and the pattern of the files that it is given."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    entry = next(h for repo in config["repos"] for h in repo["hooks"] if h["id"] == "nbstripout")
    command = shlex.split(entry["entry"])
    return [str(Path(sys.executable).with_name(Path(command[0]).name)), *command[1:]], entry[
        "files"
    ]


@every_book
def test_a_notebook_has_no_outputs_and_no_counts(book: Path) -> None:
    notebook = read(book)
    assert notebook == without_outputs(notebook)
    assert book.read_text(encoding="utf-8") == text_of(notebook)
    assert notebook["metadata"].keys() == {"dialtone", "kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    nbformat.validate(notebook)


@every_book
def test_a_reference_has_the_cells_of_its_notebook(book: Path) -> None:
    """Sources, ids and tags alike; outputs and counts where nbval compares, nowhere else."""
    reference = read(reference_of(book))
    assert without_outputs(reference) == read(book)
    code = [cell for cell in reference["cells"] if cell["cell_type"] == "code"]
    compared = [cell for cell in code if is_compared(cell)]
    assert len(compared) >= 3
    for cell in code:
        has_both = bool(cell["outputs"]) and cell["execution_count"] is not None
        has_neither = not cell["outputs"] and cell["execution_count"] is None
        assert has_both if is_compared(cell) else has_neither, cell["id"]
    outputs = json.dumps([cell["outputs"] for cell in compared])
    assert references.MACHINE.search(outputs) is None


def test_there_is_no_reference_without_a_notebook() -> None:
    assert sorted(REFERENCES.rglob("*.ipynb")) == sorted(reference_of(book) for book in BOOKS)


def test_the_stripper_leaves_a_notebook_that_was_run_as_it_is_committed(tmp_path: Path) -> None:
    command, files = hook()
    assert files == r"^notebooks/.*\.ipynb$"  # the references keep their outputs
    for name in LESSONS:
        book = read(reference_of(FOLDER / name))
        book["metadata"]["language_info"] |= {"version": "3.11.2", "mimetype": "text/x-python"}
        book["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
        for cell in book["cells"]:
            cell["metadata"]["execution"] = {"iopub.status.busy": "2026-11-24T10:00:00Z"}
        (tmp_path / name).write_text(text_of(book), encoding="utf-8")
    subprocess.run([*command, *LESSONS], cwd=tmp_path, check=True)
    for name in LESSONS:
        assert read(tmp_path / name) == read(FOLDER / name)


def test_the_command_shows_what_changed_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    book = FOLDER / LESSONS[1]
    committed = reference_of(book).read_text(encoding="utf-8")
    stale = read(reference_of(book))
    next(cell for cell in stale["cells"] if is_compared(cell))["outputs"] = [
        {"name": "stdout", "output_type": "stream", "text": ["something else\n"]}
    ]
    path = tmp_path / book.name
    path.write_text(text_of(stale), encoding="utf-8")
    monkeypatch.setattr(references, "BOOKS", [book])
    monkeypatch.setattr(references, "REFERENCES", tmp_path)
    monkeypatch.setattr(references, "reference_of", lambda _: path)
    assert references.main(["--check"]) == 1
    assert path.read_text(encoding="utf-8") == text_of(stale)
    assert "] something else\n" in capsys.readouterr().out
    assert references.main([]) == 0
    assert path.read_text(encoding="utf-8") == committed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ([], "shows nothing"),
        (["http://127.0.0.1:8787/\n"], r"shows 127\.0\.0\.1:8787"),
        (["/home/ada/x"], "shows /home/ada"),
    ],
)
def test_a_cell_that_can_not_be_compared_is_refused(
    text: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FOLDER / LESSONS[1]
    executed = read(reference_of(book))
    first = next(cell for cell in executed["cells"] if is_compared(cell))
    first["outputs"] = [{"name": "stdout", "output_type": "stream", "text": text}] if text else []
    monkeypatch.setattr(references, "run", lambda _: executed)
    with pytest.raises(SystemExit, match=complaint):
        references.reference(book)


def test_a_stream_that_came_in_two_pieces_is_kept_in_one() -> None:
    def stream(name: str, *lines: str) -> dict[str, object]:
        return {"output_type": "stream", "name": name, "text": list(lines)}

    value = {"output_type": "execute_result", "data": {"text/plain": ["200"]}}
    parts = [stream("stdout", "a\n", "401"), stream("stdout", " no\n"), stream("stderr", "x")]
    whole = [stream("stdout", "a\n", "401 no\n"), stream("stderr", "x")]
    assert references.joined([*parts, value]) == [*whole, value]
    assert references.joined([parts[0], value, parts[1]]) == [parts[0], value, parts[1]]
