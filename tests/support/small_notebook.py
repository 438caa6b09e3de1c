"""Notebooks that are not lessons, for tests of what runs them."""

from __future__ import annotations

from pathlib import Path

import nbformat

PARAMETERS = 'base_url = "mock"\nemail = ""\ninteractive = None\nverification_code = ""\ncount = 1'


def notebook(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
    """A notebook with those cells after its parameters."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    made.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    path = folder / name
    nbformat.write(made, path)
    return path
