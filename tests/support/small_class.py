"""A class in a folder, and notebooks that are not lessons: for tests of what runs them."""

from __future__ import annotations

from pathlib import Path

import nbformat

from dialtone_kit.base.private_files import PrivateFolder

PARAMETERS = 'base_url = "mock"\nemail = ""\ninteractive = None\nverification_code = ""\ncount = 1'


def make_class(folder: Path, learners: int, lessons: str = '["01", "02"]') -> Path:
    """The folder of a class of that many, as `dialtone class new` makes it."""
    private = PrivateFolder(folder)
    private.write("class.toml", f'name = "Agents"\nlessons = {lessons}\n')
    rows = [f"{seat},Learner {seat},learner{seat}@example.com" for seat in range(1, learners + 1)]
    private.write("learners.csv", "\n".join(["seat,name,email", *rows]) + "\n")
    return folder


def notebook(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
    """A notebook with those cells after its parameters."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    made.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    path = folder / name
    nbformat.write(made, path)
    return path
